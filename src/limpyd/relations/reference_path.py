"""Fields of the models that references lead to, to be compared with."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import shorten
from limpyd.expressions import SEPARATOR, Comparison, Expression
from limpyd.operands import Operand
from limpyd.utils.pickling import ByAttributes


class ReferencePath(ByAttributes, Operand[Any]):
    """A field of what a reference is to, or of what that one refers to, and so on; to be compared with."""

    __slots__ = ("_field", "_model", "_path")

    def __init__(self, field: Any, path: tuple[str | bytes, ...], model: Any) -> None:
        self._field = field
        self._path = path
        self._model = model

    def _to(self, name: str | bytes) -> ReferencePath:
        model = self._model
        if not isinstance(name, str | bytes):
            msg = f"{self!r} has fields, or sub-keys, by name, not by {shorten(name)}"
            raise TypeError(msg)
        if model is None:  # it is no reference: a sub-key, or the prefix of an index
            return ReferencePath(self._field, (*self._path, name), None)
        if name != "pk" and name not in model.fields:
            msg = f"{model.name} has no field {name!r}; it has {', '.join(model.fields)}"
            raise AttributeError(msg)
        reached = model.field(name)
        refers = getattr(reached, "refers", False) and not reached.dynamic
        return ReferencePath(self._field, (*self._path, name), reached.target if refers else None)

    def __getattr__(self, name: str) -> ReferencePath:
        if name.startswith("_") or self._model is None:
            msg = f"{type(self).__name__} has no attribute {name!r}"
            raise AttributeError(msg)
        return self._to(name)

    def __getitem__(self, name: str | bytes) -> ReferencePath:
        """A field of what it refers to; or a sub-key, if it is a field that has such."""
        return self._to(name)

    __iter__ = None  # or `__getitem__` would be taken for that of a sequence
    __contains__ = None

    def part(self, name: str) -> ReferencePath:
        """The part of the value that the index with this prefix keeps."""
        return ReferencePath(self._field, (*self._path, name), None)

    def __repr__(self) -> str:
        return SEPARATOR.join(map(str, (self._field.name, *self._path)))

    def _compare(self, operator: str, value: Any) -> Expression:
        return Comparison(self._field, self._path, operator, value)
