"""Models: classes whose instances are objects in Redis."""

from limpyd.model.sync import RedisModel

__all__ = ["RedisModel"]
