"""The making of objects and instances on the async face, whose constructor cannot await."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Never, Self, TypeVar

from limpyd.commands.faces import Async
from limpyd.commands.foreign_key_values import taking_foreign_keys
from limpyd.database.asynchronous import AsyncRedisDatabase
from limpyd.model import crud
from limpyd.model.core import ModelCore
from limpyd.model.creation_lock import AsyncCreationLock
from limpyd.model.creation_with_results import creation_with_results
from limpyd.requests.request import Request, resolved
from limpyd.requests.step_results import UnknownResult, taking_results

R = TypeVar("R")


class AsyncConstruction(ModelCore[Async]):
    """The part of a model that creates an object when `create` is awaited."""

    abstract = True
    database: ClassVar[AsyncRedisDatabase]
    model_name: ClassVar[str]
    _database_type = AsyncRedisDatabase
    _awaits = True

    def __init__(self, *_: Never, **__: Never) -> None:
        name = type(self).__name__
        msg = (
            f"a constructor cannot await: use `await {name}.create(…)` for a new object, `await {name}.get(pk)` "
            f"for an existing one, or `{name}.lazy_connect(pk)`"
        )
        raise TypeError(msg)

    @classmethod
    def create(cls, **values: Any) -> Coroutine[Any, Any, Self]:
        """Creates an object with these values and the defaults of other fields.

        Raises:
            InvalidPrimaryKey: the primary key is missing, or given though it is automatic.
            UnknownField: a name is no field.
            InvalidValue: a value does not fit its field's type.
            UniquenessError: the primary key, or a unique value, belongs to another object.
        """
        schema = cls._declared()
        create = schema.statements[schema.keys.first].direct_creation if values else None
        created: Coroutine[Any, Any, Self] = cls._created(values) if create is None else create(cls, values)
        return created

    @classmethod
    @taking_foreign_keys
    def _created(cls, values: dict[str, Any]) -> Coroutine[Any, Any, Self]:
        """Creates an object, by a request."""
        try:
            return cls.database._described(lambda: cls._creation(values))
        except UnknownResult as error:
            with taking_results(cls.database, error):
                return cls.database._run(creation_with_results(cls._schema, values, cls._begun))

    @classmethod
    def _creation(cls, values: dict[str, Any]) -> Request[Self]:
        """The request that creates an object."""
        return crud.creation(cls._schema, values, cls._begun)

    @classmethod
    def _begun(cls, pk: bytes | None) -> Self:
        if pk is not None:
            return cls._connected(pk)
        empty = cls._empty()
        empty._making = AsyncCreationLock()
        return empty

    def _repr_html_(self) -> str:
        from limpyd.model.display import awaited_html  # noqa: PLC0415 - only notebooks call this

        return awaited_html(self)

    def _run_making(self, describe: Callable[[], Request[Any]]) -> Any:
        return self._run(describe(), describe) if self.database._pipeline() is not None else self._made_alone(describe)

    async def _made_alone(self, describe: Callable[[], Request[Any]]) -> Any:
        async with self._making:
            return await self._run(describe(), describe)

    @classmethod
    def _answered(cls, result: R) -> Coroutine[Any, Any, R]:
        """Gives a result for which nothing is sent."""
        return cls.database._run(resolved(result))
