"""ChangeFeed: the declaration that the changes of a model's objects are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.exceptions import DeclarationError, shorten

if TYPE_CHECKING:
    from limpyd.changes.asynchronous import AsyncChanges
    from limpyd.changes.sync import Changes

MAX_LENGTH = 100_000
"""The entries that a feed keeps, if it does not say how many."""


class ChangeFeed:
    """Declares that each write to objects of the model adds an entry to a stream, in the same step (XADD).

    On the class it is the feed, which reads the entries: `for change in Order.changes()`.

    Args:
        fields: the names of the fields whose changes are recorded; of all by default. Creations and deletions always
            are. A dynamic field stands for all its versions.
        max_length: about how many entries are kept; the oldest are removed by later writes (MAXLEN ~).

    Raises:
        DeclarationError: an argument is not of its type, or no positive number.
    """

    is_feed = True

    def __init__(self, fields: Sequence[str] | None = None, *, max_length: int = MAX_LENGTH) -> None:
        if isinstance(max_length, bool) or not isinstance(max_length, int) or max_length < 1:
            msg = f"ChangeFeed: max_length={shorten(max_length)} is not a positive integer"
            raise DeclarationError(msg)
        if fields is not None and (isinstance(fields, str) or not all(isinstance(name, str) for name in fields)):
            msg = f"ChangeFeed: fields={shorten(fields)} is not a list of names of fields"
            raise DeclarationError(msg)
        if fields is not None and not fields:
            msg = "ChangeFeed: fields is empty; name the fields whose changes are recorded, or leave it out for all"
            raise DeclarationError(msg)
        self.fields = None if fields is None else tuple(dict.fromkeys(fields))
        self.max_length = max_length
        self.name = ""

    def records(self, field: str) -> bool:
        """Returns whether changes of a field are recorded."""
        return self.fields is None or field in self.fields

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: Faced[Sync] | None, owner: type[Faced[Sync]]) -> Changes: ...
    @overload
    def __get__(self, instance: Faced[Async] | None, owner: type[Faced[Async]]) -> AsyncChanges: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        if owner.abstract:
            return self
        if owner._awaits:
            from limpyd.changes.asynchronous import AsyncChanges  # noqa: PLC0415 - most writers read no changes

            return AsyncChanges(owner)
        from limpyd.changes.sync import Changes  # noqa: PLC0415 - as above

        return Changes(owner)
