"""Models as separate processes see them, each in a database of its own that has sent nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, StringField

FIELDS = {
    "key": PKField(),
    "title": InstanceHashField(indexable=True),
    "count": InstanceHashField(int, indexable=True),
    "email": InstanceHashField(unique=True),
    "note": StringField(),
}


class Processes:
    """Declares models for processes that use them, or that move their objects.

    Args:
        face: the face of the processes that use them; movers are of the sync face.
        name: the name of the model.
        fields: its fields.
    """

    def __init__(self, face: Any, name: str, fields: Mapping[str, Any]) -> None:
        self._face = face
        self._name = name
        self._fields = fields
        self._databases: list[Any] = []

    def another(self, count: int, *, moves: bool = False, patience: float = 20, **more: Any) -> Any:
        """Returns the model with so many partitions, and maybe more fields."""
        database_of, model = (RedisDatabase, RedisModel) if moves else (self._face.Database, self._face.Model)
        database = database_of(port=self._face.server.port, patience=patience)
        self._databases.append(database)
        settings = {"database": database, "partitions": count, "__module__": __name__}
        return type(self._name, (model,), {**settings, **self._fields, **more})

    async def close(self) -> None:
        """Closes their databases."""
        for database in self._databases:
            closed = database.close()
            if closed is not None:
                await closed
