"""The instances of models: their creation, and their state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from limpyd.exceptions import NotExecuted
from limpyd.keys import to_text
from limpyd.model.limpyd2_names import Limpyd2ModelNames
from limpyd.pipelines.pending_result import Pending
from limpyd.relations.reverse_annotations import missing_reverse
from limpyd.requests.request import Request, Walk
from limpyd.schema.field_lookup import WithFields
from limpyd.schema.schema import Schema
from limpyd.utils.conversion import holds_no_values
from limpyd.utils.suggestions import did_you_mean


class Instance(Limpyd2ModelNames, WithFields):
    """An object in Redis. The instance itself holds only the primary key."""

    _schema: ClassVar[Schema]
    _is_hooked: ClassVar[bool] = False

    _pk_bytes: bytes | None
    _seen: object = None
    _making: Any  # a lock of the face's kind, on an instance without a primary key
    _prefetched: Mapping[str, Any] = {}
    _pk_source: Pending[Any] | None = None  # what gives it its primary key, in a pipeline

    def __post_init__(self) -> None:
        """Runs for each new instance of the class; subclasses can define it.

        By a constructor, `create`, `get`, a collection, `lazy_connect`, a reference or anything else, where `__init__`
        runs for `Person(…)` only. It gets no values, and must send nothing. Of an instance that a pipeline creates,
        the primary key is not known yet. Copies and unpickled instances have the attributes of the original instead.
        """

    @classmethod
    def _connected(cls, pk: bytes) -> Self:
        """An instance of an object known to exist."""
        instance = object.__new__(cls)
        instance._pk_bytes = pk
        instance._seen = cls._schema.era
        return instance

    @classmethod
    def _lazy(cls, pk: bytes) -> Self:
        """An instance of an object whose existence its first operation checks."""
        instance = object.__new__(cls)
        instance._pk_bytes = pk
        instance._seen = cls._schema.unseen
        return instance

    @classmethod
    def _empty(cls) -> Self:
        """An instance without a primary key, which comes with the first field."""
        instance = object.__new__(cls)
        instance._pk_bytes = None
        instance._seen = cls._schema.era
        return instance

    def _await_pk(self, pending: Pending[Any]) -> None:
        """Waits for the primary key, which is not known until the request in the pipeline is executed."""
        vars(self).pop("_pk_bytes", None)
        self._pk_source = pending
        pending.when_settled(self._end_of_wait)

    def _end_of_wait(self) -> None:
        if "_pk_bytes" not in vars(self):  # it was refused, or nothing was stored
            self._pk_bytes = None
        vars(self).pop("_pk_source", None)  # the pipeline may have done so already

    if not TYPE_CHECKING:

        def __iter__(self) -> Any:
            raise TypeError(holds_no_values(self, type(self).__name__))

        def __getattr__(self, name: str) -> Any:
            # Only asked for what is not there: the primary key of an object that a pipeline is to create or look up.
            pending = vars(self).get("_pk_source")
            if name == "_pk_bytes" and pending is not None:
                if pending.error is not None:
                    raise pending.error
                msg = f"{self!r} gets its primary key when its pipeline is executed; pass its values when you create it"
                raise NotExecuted(msg)
            if not name.startswith("_") and type(self)._schema.dynamic:
                version = type(self)._schema.dynamic.version(name)
                if version is not None:
                    return version.__get__(self)
            meant = "" if name.startswith("_") else missing_reverse(type(self), name)
            meant = meant or ("" if name.startswith("_") else did_you_mean(name, dir(type(self))))
            msg = f"{type(self).__name__!r} object has no attribute {name!r}{meant}"
            raise AttributeError(msg, name=name, obj=self)

    def _set_pk(self, pk: bytes) -> None:
        self._pk_bytes = pk
        self._mark_existing()

    def _mark_existing(self) -> None:
        self._seen = self._schema.era

    @property
    def _pk(self) -> str | None:
        """The primary key as text, or None without one, where `pk.get()` raises an error. limpyd 2's name."""
        pk = self._pk_bytes
        return None if pk is None else to_text(pk)

    @property
    def _checked(self) -> bool:
        """True if the object existed, and this process has not deleted any object of the model since."""
        return self._seen is self._schema.era

    def _run(self, request: Request[Any], again: Callable[[], Request[Any]] | None = None) -> Any:
        return self.database._run(request, again)  # type: ignore[attr-defined]

    @classmethod
    def _asked(cls, describe: Callable[[], Request[Any]]) -> Any:
        """The result of a request, which is described again if the objects have been moved meanwhile."""
        return cls.database._described(describe)  # type: ignore[attr-defined]

    def _walk(self, step: Walk[Any]) -> Any:
        return self.database._walk(step)  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Instance):
            return NotImplemented
        if type(self) is not type(other) and not self._schema.is_same_model(other._schema):
            return NotImplemented
        return self._pk_bytes is not None and self._pk_bytes == other._pk_bytes

    def __hash__(self) -> int:
        if self._pk_bytes is None:
            msg = f"{self!r} cannot be hashed before it has a primary key"
            raise TypeError(msg)
        return hash((self._schema.keys.tag, self._pk_bytes))

    def __repr__(self) -> str:
        if "_pk_bytes" not in vars(self):
            return f"<{type(self).__name__} of a pipeline>"
        if self._pk_bytes is None:
            return f"<{type(self).__name__} without pk>"
        return f"<{type(self).__name__} {to_text(self._pk_bytes)!r}>"

    @property
    def prefetched(self) -> Mapping[str, Any]:
        """The values that a collection has read together with this instance (`instances(prefetch=[…])`), by name.

        They are the values of that moment; the fields themselves read from Redis.
        """
        return self._prefetched
