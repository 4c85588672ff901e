"""The requests that answer queries (scripts/find.lua)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.exceptions import DoesNotExist
from limpyd.keys import Partition
from limpyd.requests import Argument, Request
from limpyd.scripts.leaves import Arguments, Node
from limpyd.scripts.loader import Script
from limpyd.scripts.outcomes import Model

R = TypeVar("R")

FIND = Script("find")
PAGE = Script("page")
CHUNK = Script("chunk")
EXPLAIN = Script("explain")
STORE = Script("store")
GONE = b"GONE"
"""What they reply if a stored collection is not there any more."""


class Search(NamedTuple):
    """A query on one partition.

    Attributes:
        where: the partition.
        node: the condition.
        elsewhere: keys that are read beside those of the model.
        order: the sort keys, each as the script knows it.
    """

    where: Partition
    node: Node
    elsewhere: tuple[bytes, ...] = ()
    order: tuple[tuple[Argument, ...], ...] = ()


def find(
    model: Model,
    search: Search,
    wanted: bytes,
    decode: Callable[[Any], R],
    *,
    offset: int = 0,
    limit: int = 0,
    columns: Sequence[tuple[Argument, ...]] = (),
    extra: Sequence[Argument] = (),
    script: Script = FIND,
) -> Request[R]:
    """Runs a query.

    Args:
        model: the model.
        search: the query.
        wanted: what is wanted of it (see the script).
        decode: turns the reply into the result.
        offset: how many objects to pass over.
        limit: how many to give at the most; 0 for all.
        columns: the prefix, the way of storing and the sub-key of each value that is read.
        extra: what else the script is told.
        script: the script.

    Raises (from the reply):
        DoesNotExist: it is about a stored collection that is not there any more.
    """
    head: list[Argument] = [wanted, offset, limit, len(extra), *extra]
    body = Arguments()
    body.args.append(len(search.order))
    for key in search.order:
        body.args += key
    body.args.append(len(columns))
    for column in columns:
        body.args += column
    search.node.add_to(body)
    keys = dict.fromkeys((search.where.pks, *search.elsewhere))
    args = (b"EVALSHA", script.sha, len(keys), *keys, *with_references(head, body))

    def decode_answer(reply: Any) -> R:
        if reply == GONE:
            raise stored_gone(model)
        return decode(reply)

    return Request(args, decode_answer, readonly=script is not STORE, script=script, subject=model)


def stored_gone(model: Model) -> DoesNotExist:
    """The error for a stored collection that is not there any more."""
    return DoesNotExist(
        f"a stored collection of {model.name} objects is not there any more: it expired, or was deleted"
    )


def with_references(head: Sequence[Argument], body: Arguments) -> list[Argument]:
    """Some arguments, the values that are to be read first, and the others."""
    args: list[Argument] = [*head, len(body.references)]
    before = len(args) + 6 * len(body.references) + 1
    for at, reference in body.references:
        args += (before + at, *reference)
    args += body.args
    return args
