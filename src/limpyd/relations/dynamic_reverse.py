"""The reverse side of a dynamic reference: those who refer to an object by one of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from limpyd.commands.faces import Face, Faced
from limpyd.expressions import Expression
from limpyd.fields.dynamic.commands import NoVersion
from limpyd.relations.reverse import BoundReverse


class BoundDynamicReverse(Faced[Face]):
    """Those who refer to one object by a dynamic field. Called with a part, it is the collection of a version."""

    __slots__ = ("_field", "_instance")

    def __init__(self, field: Any, instance: Any) -> None:
        self._field = field
        self._instance = instance

    def __reduce__(self) -> Any:
        return type(self), (self._field, self._instance)

    def get_for(self, part: Any) -> BoundReverse[Any, Face]:
        """Those who refer to the object by the version with a part, which can be written to. Nothing is sent.

        Raises:
            UnknownField: the part cannot be one, or the name would be that of something else.
        """
        return BoundReverse(self._field.get_for(part), self._instance)

    def __call__(self, part: Any, /, *expressions: Expression, **filters: Any) -> Any:
        """The collection of those who refer to the object by the version with a part. Raises as `get_for`."""
        reverse: Any = self.get_for(part)
        return reverse(*expressions, **filters)

    collection = __call__

    def __repr__(self) -> str:
        return f"<{self._field} to {self._instance!r}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if not name.startswith("_") and hasattr(BoundReverse, name):
                msg = f"{self._field} is a dynamic field: name a version of it, such as get_for('…').{name}(…)"
                raise NoVersion(msg)
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg, name=name, obj=self)
