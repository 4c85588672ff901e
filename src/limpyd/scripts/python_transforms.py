"""Forms that only Python can compute: a script replies with the values, and is sent again with their texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

from limpyd.requests.request import Request

Transformed = Mapping[bytes, list[bytes] | str]
"""For each value its texts, or the reason why it cannot be indexed."""


class TransformingIndex(Protocol):
    """The attributes that a PythonTransform uses of an index, a `FieldIndex`."""

    def texts(self, stored: bytes) -> list[bytes]:
        """Returns the texts for a stored value."""
        ...

    def is_asked_of(self, key: bytes) -> bool:
        """Returns whether the outcome 'transform' with a key is about this index."""
        ...


class PythonTransform(bytes):
    """The argument for a form that a script cannot compute: the texts that Python computed for some values.

    The argument is `?FORM?`, where FORM is a form that the script tries first, or empty. An item follows for each value
    whose texts are known: the length of the value, `:`, the value, the number of its texts, `:`, and each text in the
    same way (its length, `:`, the text). If the value cannot be indexed, the number is -1, and the reason is the only
    text. A script that meets any other value changes nothing, and replies 'transform'.
    """

    field_index: TransformingIndex
    base: bytes
    known: Transformed

    def __new__(cls, field_index: TransformingIndex, base: bytes = b"", known: Transformed | None = None) -> Self:
        known = known or {}
        parts = [b"?%s?" % base]
        for value, texts in known.items():
            parts.append(b"%s%d:" % (_counted(value), -1 if isinstance(texts, str) else len(texts)))
            parts += map(_counted, [texts.encode("utf-8", "replace")] if isinstance(texts, str) else texts)
        asked = super().__new__(cls, b"".join(parts))
        asked.field_index = field_index
        asked.base = base
        asked.known = known
        return asked

    def extended(self, values: list[bytes]) -> PythonTransform:
        """Returns the argument with the texts of more values."""
        return PythonTransform(
            self.field_index, self.base, {**self.known, **{value: self._made_of(value) for value in values}}
        )

    def _made_of(self, value: bytes) -> list[bytes] | str:
        try:
            return self.field_index.texts(value)
        except Exception as error:  # noqa: BLE001 - a transform may raise anything
            return str(error) or type(error).__name__


def _counted(text: bytes) -> bytes:
    return b"%d:%s" % (len(text), text)


def answer(request: Request[Any], reply: Any) -> Request[Any] | None:
    """Returns the request with the texts, or the promises, that its script asked for; None if it did not ask."""
    if not isinstance(reply, list):
        return None
    if reply[0] == b"promise":
        from limpyd.claims.promised import with_promises  # noqa: PLC0415 - few models have several partitions

        return with_promises(request, reply)
    if reply[0] != b"transform":
        return None
    asked: dict[bytes, list[bytes]] = {}
    for key, value in zip(reply[1::2], reply[2::2], strict=True):
        asked.setdefault(key, []).append(value)

    def extended(arg: PythonTransform) -> PythonTransform:
        values = [value for key, some in asked.items() if arg.field_index.is_asked_of(key) for value in some]
        return arg.extended(values) if values else arg

    return request.with_args(tuple(extended(arg) if isinstance(arg, PythonTransform) else arg for arg in request.args))
