"""Cursors: where a page ended, so that the next one goes on from there whatever came or went in between."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from limpyd.exceptions import InvalidValue, shorten
from limpyd.indexes.normalizers import form
from limpyd.keys import to_text
from limpyd.query.ordering import NUMBER, SortKey
from limpyd.requests.request import Argument
from limpyd.scripts.query_values import known_key

Item = TypeVar("Item")


class Page(NamedTuple, Generic[Item]):
    """Some items of a collection in order.

    Attributes:
        items: the items.
        cursor: the cursor that gives the next page, as `after`; None on the last one. It may be stored, and sent
            elsewhere.
        previous: the cursor that gives the page before, as `before`; None on the first one.
    """

    items: list[Item]
    cursor: str | None
    previous: str | None = None


def cursor_of(order: Sequence[SortKey], position: Sequence[bytes | None]) -> str:
    """The cursor at an object, by its primary key and the values by which it was sorted.

    Without a position it is at the end of the order as `before`, and at its beginning as `after`.
    """
    texts = [None if each is None else each.decode("latin-1") for each in position]
    return base64.urlsafe_b64encode(json.dumps([_signature(order), *texts]).encode()).decode().rstrip("=")


def position_args(order: Sequence[SortKey], cursor: str) -> list[Argument]:
    """Returns the arguments of the script for a cursor; none for that of an end of the order.

    Raises:
        InvalidValue: it is none, or one of a collection in another order.
    """
    try:
        padding = "=" * (-len(cursor) % 4)
        signature, *position = json.loads(base64.urlsafe_b64decode(cursor.encode() + padding.encode()))
        if isinstance(signature, str) and signature != _signature(order):
            position = []  # of another order, which is refused below
        args: list[Argument] = [pk.encode("latin-1") for pk in position[:1]]
        texts = position[1:]
        for key, text in zip(order if position else (), texts, strict=True):
            if text is not None and key.order == NUMBER:
                form("double")(text.encode("latin-1"))
            args += (b"0", b"") if text is None else (b"1", text.encode("latin-1"))
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        msg = f"{shorten(cursor)} is not a cursor of a page"
        raise InvalidValue(msg) from error
    if signature != _signature(order):
        msg = f"the cursor is of a collection sorted by {signature}, this one is sorted by {_signature(order)}"
        raise InvalidValue(msg)
    return args


def at_position(cursor: bytes) -> str | None:
    """The cursor after a part of a stored collection."""
    return base64.urlsafe_b64encode(cursor).decode().rstrip("=") if cursor else None


def position_of(cursor: str | None, key: bytes) -> bytes:
    """Returns where a part of the stored collection with a key begins; at the start without a cursor.

    Raises:
        InvalidValue: it is no cursor of that stored collection.
    """
    if cursor is None:
        return b""
    begins = b"l%d:%s" % (len(key), key)
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
    except (ValueError, AttributeError, TypeError, binascii.Error):
        text = b""
    if not text.startswith(begins) or re.fullmatch(rb"[0-9]{1,15}", text[len(begins) :]) is None:
        msg = f"{shorten(cursor)} is not a cursor of a page of the collection stored as {to_text(key)!r}"
        raise InvalidValue(msg)
    return text


def _signature(order: Sequence[SortKey]) -> str:
    return ",".join(f"{key} as {key.order.decode()}{to_text(known_key(key.scores))}" for key in order)
