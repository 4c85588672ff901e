"""The base of fields that are bound to an instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Never

from limpyd.commands.faces import Face, Faced
from limpyd.fields.bound.limpyd2_names import Limpyd2FieldNames
from limpyd.fields.declaration.protocols import FieldInstance
from limpyd.keys import to_text
from limpyd.requests.request import Request, Walk


class BoundField(Limpyd2FieldNames, Faced[Face]):
    """A field of one instance: its commands. It holds no value."""

    __slots__ = ("_field", "_instance")

    def __init__(self, field: Any, instance: Any) -> None:
        self._field: Any = field  # its class is known, but type checkers would read it as a descriptor
        self._instance: FieldInstance = instance

    def __reduce__(self) -> Any:
        return getattr, (self._instance, self._field.name)

    @property
    def key(self) -> str:
        """The name of the key in Redis that holds the value."""
        return to_text(self._key())

    def __repr__(self) -> str:
        return f"<{type(self._field).__name__} {self._field.name} of {self._instance!r}>"

    if not TYPE_CHECKING:

        def keys(self) -> Never:
            """Refuses `dict(…)`, and so an encoder that would take a field for its value."""
            msg = (
                f"{self!r} is not a mapping, and holds no value: read the value with one of the field's commands, "
                "or with values() or row() of its instance"
            )
            raise TypeError(msg)

    def _run(self, request: Request[Any], again: Callable[[], Request[Any]] | None = None) -> Any:
        return self._instance.database._run(request, again)

    def _asked(self, describe: Callable[[], Request[Any]]) -> Any:
        """The result of a request, which is described again if the objects have been moved meanwhile."""
        return self._run(describe(), describe)

    def _walk(self, step: Walk[Any]) -> Any:
        return self._instance._walk(step)

    def _key(self) -> bytes:
        raise NotImplementedError
