"""The partition of a transaction: if one of its operations is on a model of several partitions, all are in its."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import NotInPipeline, shorten
from limpyd.keys import turns
from limpyd.keys.turns import number_of, stay_in, tag_of
from limpyd.requests.request import Request


class OnePartition:
    """Compares the hash tags of the operations of a transaction.

    Attributes:
        number: the number of the partition; None while no operation is on a model of several partitions.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._first: tuple[bytes, str] | None = None

    def add(self, request: Request[Any], described: Request[Any]) -> None:
        """Takes an operation.

        Args:
            request: its request.
            described: the request that names it in errors.

        Raises:
            NotInPipeline: it is not in the partition of the others.
        """
        if turns.partitions_exist:
            key = request.key if request.args else None
            if key is not None:
                self._add(key, _named(described))

    def add_watched(self, key: bytes) -> None:
        """Takes a watched key. Raises as `add`."""
        if turns.partitions_exist:
            self._add(key, f"the watched key {shorten(key)}")

    def _add(self, key: bytes, name: str) -> None:
        tag = tag_of(key)
        first_tag, first_name = self._first = self._first or (tag, name)
        number = number_of(tag)
        if tag != first_tag and (number is not None or number_of(first_tag) is not None):
            msg = (
                f"{first_name} and {name} are not in one partition: their keys begin with {{{first_tag.decode()}}} and "
                f"{{{tag.decode()}}}. A transaction is one step in one partition; use pipeline(), in which each "
                f"operation is a step of its own, or a transaction for each"
            )
            raise NotInPipeline(msg)
        self.number = number
        self.stay()

    def stay(self) -> bool:
        """Has new objects be made in the partition, and returns True, if there is one."""
        if self.number is None:
            return False
        stay_in(self.number)
        return True


def _named(request: Request[Any]) -> str:
    """Returns the text that names an operation and its object."""
    pk = getattr(request, "_pk", None)
    return repr(request) if pk is None else f"{request!r} of {pk.decode('utf-8', 'backslashreplace')!r}"
