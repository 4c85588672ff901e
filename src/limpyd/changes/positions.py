"""The position of a reader: the last entry that it has read, in each partition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.keys import to_bytes

BEGINNING, NOW = "0", "$"
EVERYTHING = b"0"
"""The position of a reader who has not asked for entries yet, and will get all that there are then."""
NOTHING = b"0-0"
"""The position of a reader who knows that there was no entry yet."""
ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
LARGEST = 2**64 - 1
"""The largest of the two numbers of an id."""


def parsed(feed: str, last_id: Any, partitions: int) -> list[bytes] | None:
    """Returns the last entry that was read in each partition; None if only what is new from now on is read.

    Args:
        feed: the feed, for messages.
        last_id: "0" for nothing, "$" for all that there is, or the position of a reader.
        partitions: the number of partitions. Those that a position does not name are newer: they had no entry.

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
    if len(ids) > partitions:
        msg = (
            f"{feed}: last_id={shorten(last_id)} is a position in {len(ids)} partitions, and the model has {partitions}"
        )
        raise InvalidValue(msg)
    if last_id == BEGINNING:
        return [EVERYTHING] * partitions
    known = [to_bytes(one if "-" in one or one == BEGINNING else f"{one}-0") for one in ids]
    return known + [NOTHING] * (partitions - len(known))


def _is_id(text: str) -> bool:
    return ID.fullmatch(text) is not None and max(map(int, text.split("-"))) <= LARGEST


def text_of(last: Sequence[bytes]) -> str:
    """Returns the position as text."""
    return ",".join(one.decode() for one in last)
