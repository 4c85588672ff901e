"""The async face: the same models, whose calls are awaited."""

from typing import TYPE_CHECKING

from limpyd.database.asynchronous import AsyncRedisDatabase
from limpyd.model.asynchronous import AsyncRedisModel
from limpyd.query.asynchronous import AsyncCollection
from limpyd.utils.lazy_imports import imported_on_use

if TYPE_CHECKING:
    from limpyd.model.async_typed import AsyncTypedModel

__all__ = ["AsyncCollection", "AsyncRedisDatabase", "AsyncRedisModel", "AsyncTypedModel"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = imported_on_use(__name__, {"limpyd.model.async_typed": ("AsyncTypedModel",)})
