"""Models: classes whose instances are objects in Redis."""

from limpyd.database import RedisDatabase
from limpyd.model.sync import RedisModel

__all__ = ["RedisDatabase", "RedisModel"]
