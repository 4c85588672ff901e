"""The hash in which an instance has the values of its InstanceHashFields."""

from __future__ import annotations


class InstanceHash:
    """The hash of an instance, as the subject of a request."""

    def __init__(self, model: str) -> None:
        self._model = model

    def type_of(self, _key: bytes) -> str:
        return "hash"

    def __str__(self) -> str:
        return f"the hash fields of {self._model}"
