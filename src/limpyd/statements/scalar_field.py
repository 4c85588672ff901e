"""A field of one value, as the builders of statements need it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.indexes.field_index import FieldIndex
from limpyd.statements.index_entries import of_kind


class ScalarField(NamedTuple):
    """A field of one value in a partition.

    Attributes:
        name: its name.
        encode: returns the stored form of a value.
        prefix: the prefix of its keys, or their template.
        sub: its sub-key, if it is an entry of the hash of the object.
        indexes: its indexes.
        checks: the checks of its values, each a kind, a form and a key.
        computed: the indexes whose texts differ from the stored value; a call sends their texts, too.
        encode_unchecked: like `encode`, but its errors do not name the field.
        limits: the constraints that the server checks if a command computes the value, each a kind and an argument.
    """

    name: str
    encode: Callable[[Any], bytes]
    prefix: bytes
    sub: bytes | None
    indexes: Sequence[FieldIndex]
    checks: Sequence[tuple[bytes, bytes, bytes]]
    computed: Sequence[FieldIndex]
    encode_unchecked: Callable[[Any], bytes]
    limits: Sequence[tuple[str, bytes]]

    @property
    def can_be_set(self) -> bool:
        """True if statements can check its new values."""
        return all(of_kind(kind) for kind, _, _ in self.checks)

    @property
    def value_names(self) -> list[str]:
        """The names of its arguments, for users."""
        return [f"the value of {self.name}", *(f"the value as {index} stores it" for index in self.computed)]
