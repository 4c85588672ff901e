"""The hash in which an instance has the values of its InstanceHashFields, as messages name it."""

from __future__ import annotations


class InstanceHash:
    """The hash of an instance, as the subject of a request.

    Attributes:
        name: the name of the model.
    """

    def __init__(self, model: str) -> None:
        self.name = model

    def type_of(self, _key: bytes) -> str:
        return "hash"

    def __str__(self) -> str:
        return f"the hash fields of {self.name}"
