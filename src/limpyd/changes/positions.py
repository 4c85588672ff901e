"""The position of a reader: the last entry that it has read, in each partition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.keys import to_bytes
from limpyd.keys.names import MAX_PARTITIONS

BEGINNING, NOW = "0", "$"
EVERYTHING = b"0"
"""The position of a reader who has not asked for entries yet, and will get all that there are then."""
NOTHING = b"0-0"
"""The position of a reader who knows that there was no entry yet."""
ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
LARGEST = 2**64 - 1
"""The largest of the two numbers of an id."""


def parsed(feed: str, last_id: Any, partitions: int) -> dict[int, bytes] | None:
    """Returns the last entry that was read in partitions, by number; None if only what is new from now on is read.

    Args:
        feed: the feed, for messages.
        last_id: "0" for nothing, "$" for all that there is, or the position of a reader.
        partitions: the number of partitions. Several may have become more, which this process finds out when it reads.

    Raises:
        InvalidValue: it is something else.
    """
    if last_id == NOW:
        return None
    ids = last_id.split(",") if isinstance(last_id, str) else []
    if not ids or not all(map(_is_id, ids)):
        msg = (
            f"{feed}: last_id={shorten(last_id)} is not a position: pass '0' for all changes, '$' for new ones, the "
            "position of a reader, or, with one partition, the id of a change"
        )
        raise InvalidValue(msg)
    if len(ids) > (1 if partitions == 1 else MAX_PARTITIONS):
        raise too_long(feed, last_id, partitions)
    if last_id == BEGINNING:
        return dict.fromkeys(range(partitions), EVERYTHING)
    return {at: to_bytes(one if "-" in one or one == BEGINNING else f"{one}-0") for at, one in enumerate(ids)}


def too_long(feed: str, last_id: str, partitions: int) -> InvalidValue:
    """Returns the error for a position in more partitions than there are."""
    several = len(last_id.split(","))
    msg = (
        f"{feed}: last_id={shorten(last_id)} is a position in {several} partitions, and the model has {partitions}; "
        "pass a position of a reader of this model"
    )
    return InvalidValue(msg)


def _is_id(text: str) -> bool:
    return ID.fullmatch(text) is not None and max(map(int, text.split("-"))) <= LARGEST


def text_of(last: Iterable[bytes]) -> str:
    """Returns the position as text."""
    return ",".join(one.decode() for one in last)
