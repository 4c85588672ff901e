"""The argument of a write that refers to an object which may be in another partition."""

from __future__ import annotations

from typing import Any, Self

AWAY = b"away"
"""The kind of the check of a reference to another partition (lua/library/index_kinds/away.lua)."""
BESIDE = b"beside"
"""The kind of the check of a reference to an object of the same slot, which a deletion of several steps may have closed
(lua/library/index_kinds/beside.lua)."""
REFERS = b"refers:"
"""Between the prefix of a partition and the tag of a model: the checks of targets for writes there, as a key."""


class Target(bytes):
    """The primary key of an object that a write is to refer to, as an argument of the write.

    Attributes:
        model: the model of the object.
    """

    model: Any

    def __new__(cls, pk: bytes, model: Any) -> Self:
        target = super().__new__(cls, pk)
        target.model = model
        return target
