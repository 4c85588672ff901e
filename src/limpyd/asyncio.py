"""The async face: the same models, whose calls are awaited."""

from limpyd.database.asynchronous import AsyncRedisDatabase
from limpyd.model.asynchronous import AsyncRedisModel
from limpyd.query.asynchronous import AsyncCollection

__all__ = ["AsyncCollection", "AsyncRedisDatabase", "AsyncRedisModel"]
