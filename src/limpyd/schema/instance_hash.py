"""The hash in which an instance has the values of its InstanceHashFields, as messages name it."""

from __future__ import annotations

from typing import Any


class InstanceHash:
    """The hash of an instance, as the subject of a request.

    Attributes:
        model: the model.
        name: its name.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.name: str = model.name

    def type_of(self, _key: bytes) -> str:
        return "hash"

    def __str__(self) -> str:
        return f"the hash fields of {self.name}"
