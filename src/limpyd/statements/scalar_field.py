"""A field of one value, as statements know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.indexes.field_index import FieldIndex


class ScalarField(NamedTuple):
    """A field of one value.

    Attributes:
        name: its name.
        encode: makes the stored value of a value.
        prefix: what its keys begin with, or stands around the primary key in them.
        sub: its sub-key, if it is an entry of the hash.
        indexes: its indexes.
        checks: what its values must meet, each a kind, a form and a key.
        computed: those of its indexes that do not keep the value itself: a call has the texts that they keep.
        encode_unchecked: makes the same of a value that fits; for others it raises an error that names no field.
    """

    name: str
    encode: Callable[[Any], bytes]
    prefix: bytes
    sub: bytes | None
    indexes: Sequence[FieldIndex]
    checks: Sequence[tuple[bytes, bytes, bytes]]
    computed: Sequence[FieldIndex]
    encode_unchecked: Callable[[Any], bytes]

    @property
    def value_names(self) -> list[str]:
        """The names of its values, for people."""
        return [f"the value of {self.name}", *(f"what {index} keeps of it" for index in self.computed)]
