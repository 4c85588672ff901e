"""Ambiguous replies of queries: whose a value is, and whether a key is of another type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from limpyd.exceptions import StoredValueError
from limpyd.lua.script import Script, evalsha
from limpyd.query.results.row_factories import as_stored
from limpyd.requests.request import Argument, IncompleteReply, Request

MISTYPED = Script("mistyped")
NAMED = b"named"
"""The word that makes scripts give the primary key with each row."""
BEFORE_COLUMNS = 5
"""The number of arguments of scripts/page_of_range.lua before the columns."""


def undecodable(columns: Sequence[Any], error: StoredValueError) -> IncompleteReply:
    """Repeats the query with primary keys, to name the object whose value does not fit its field's type."""

    def refuse_row(pk: bytes, values: Sequence[Any]) -> None:
        for column, value in zip(columns, values, strict=True):
            if column.decode is not as_stored:
                column.refuse(value, pk)

    return refused(columns, error, refuse_row)


def refused(
    columns: Sequence[Any], error: Exception, refuse_row: Callable[[bytes, Sequence[Any]], None]
) -> IncompleteReply:
    """Repeats the query with primary keys, to name the object whose row was refused.

    Args:
        columns: the columns of the query.
        error: the refusal, which is raised if no row is refused any more.
        refuse_row: raises the refusal of a row, from its primary key and the stored values of the columns.
    """

    def refuse() -> NoReturn:
        raise error

    def ask(request: Request[Any]) -> Request[Any]:
        own = getattr(columns[0], "name", "") == "pk" and columns[0].decode is as_stored
        width = len(columns) + 1

        def decode(reply: Any) -> NoReturn:
            rows = _rows(request, reply)
            for row in range(0, len(rows), width):
                refuse_row(rows[row], rows[row + 1 : row + width])
            raise error  # it has been put right meanwhile

        named = _named(request, own=own)
        return Request(named, decode, readonly=True, script=request.script, subject=request.subject, name=request.name)

    return IncompleteReply(ask, refuse)


def mistyped(items: list[Any]) -> IncompleteReply:
    """Asks whether a value that SORT did not return is in a key of another type; if not, the items are correct."""

    def ask(request: Request[Any]) -> Request[Any]:
        command = _named(request)
        columns = command.index("#") + 2  # counted from 1, as Lua does
        args = evalsha(MISTYPED, (command[1],), (columns + 1, *command))
        return Request(args, lambda _: items, readonly=True, script=MISTYPED, subject=request.subject)

    return IncompleteReply(ask, lambda: items)


def any_missing(groups: Sequence[str], replies: Sequence[Any]) -> bool:
    """Returns whether a key may have another type, because nothing was read from it.

    Args:
        groups: of each column the text of its key; columns of one key are in one hash.
        replies: the values, row by row.
    """
    width = len(groups)
    for group in dict.fromkeys(groups):
        columns = [replies[number::width] for number, other in enumerate(groups) if other == group]
        if group and any(row.count(None) == len(row) for row in zip(*columns, strict=True)):
            return True
    return False


def _named(request: Request[Any], *, own: bool = False) -> tuple[Argument, ...]:
    """The arguments that ask the same, with the primary key before each row, also if that is its first value itself."""
    args = request.args
    if request.script is None or (request.script.name == "sorted_rows" and own):
        at = args.index("GET")
    elif request.script.name == "sorted_rows":
        return args
    elif request.script.name == "page_of_range":
        at = 3 + int(args[2]) + BEFORE_COLUMNS
    else:
        at = 3 + int(args[2])
        return (*args[:at], NAMED, *args[at + 1 :])
    return (*args[:at], "GET", "#", *args[at:])


def _rows(request: Request[Any], reply: Any) -> list[Any]:
    """The rows in a reply."""
    name = request.script.name if request.script is not None else ""
    rows: list[Any] = reply[{"page": 0, "chunk": 1}[name]] if name in {"page", "chunk"} else reply
    return rows
