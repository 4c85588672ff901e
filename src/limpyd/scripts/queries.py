"""The requests of queries: one function for each short script, and one for the scripts of whole queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.exceptions import DoesNotExist
from limpyd.keys import Partition
from limpyd.lua.arguments import NumberRange, PageOfRange, PlainQuery, packed
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Arguments, known_key

R = TypeVar("R")

FIND = Script("find")
FIND_PLAIN = Script("find_plain").without_promises
EXISTING = Script("existing")
LIVING = Script("living")
OWNER = Script("owner").without_promises
SORTED_ROWS = Script("sorted_rows").without_promises
PAGE_OF_RANGE = Script("page_of_range").without_promises
PKS_IN_ORDER = Script("pks_in_order").without_promises
PAGE = Script("page")
CHUNK = Script("chunk")
EXPLAIN = Script("explain")
STORE = Script("store")
GONE = b"GONE"
"""The reply of scripts if a stored collection does not exist any more."""
NONE = b"NONE"
"""The reply of `find` if exactly one object must match, and none does; MANY if several do."""


class Search(NamedTuple):
    """A query on one partition.

    Attributes:
        partition: the partition.
        node: the condition.
        elsewhere: the other keys that the query reads.
        order: the sort keys, each as arguments of the script.
    """

    partition: Partition
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
    tail: Sequence[Argument] = (),
    script: Script = FIND,
) -> Request[R]:
    """Runs a query.

    Args:
        model: the model.
        search: the query.
        wanted: the kind of result (see scripts/find.lua).
        decode: turns the reply into the result.
        offset: the number of objects to pass over.
        limit: the most objects to return; 0 for all.
        columns: for each value to read, the prefix, how it is stored, and the sub-key.
        extra: further arguments of the script.
        tail: its arguments after the query.
        script: the script.

    Raises (from the reply):
        DoesNotExist: a stored collection in the query does not exist any more.
    """
    readonly = script is not STORE
    linked = script.without_promises.of(model)
    body = _body(search, columns)
    head = (wanted, b"%d" % offset, b"%d" % limit, b"%d" % len(extra), *extra)
    keys = (search.partition.pks, *search.elsewhere) if search.elsewhere else (search.partition.pks,)
    keys = tuple(dict.fromkeys(keys))
    sent = evalsha(linked, keys, (*with_references(head, body), *tail))

    def decode_answer(reply: Any) -> R:
        if reply == GONE:
            raise stored_gone(model)
        return decode(reply)

    may_be_stale = readonly and model.overdue is None  # a replica cannot remove what is over
    return Request(sent, decode_answer, readonly=readonly, may_be_stale=may_be_stale, script=linked, subject=model)


def _body(search: Search, columns: Sequence[tuple[Argument, ...]]) -> Arguments:
    """Returns the arguments for the order, the columns and the conditions."""
    body = Arguments()
    args = body.args
    args.append(b"%d" % len(search.order))
    for key in search.order:
        args += key
    args.append(b"%d" % len(columns))
    for column in columns:
        args += column
    search.node.add_to(body)
    return body


def find_plain(
    model: Model,
    partition: Partition,
    wanted: bytes,
    decode: Callable[[Any], R],
    sets: Sequence[bytes],
    ranges: Sequence[NumberRange],
    columns: Sequence[bytes] = (),
) -> Request[R]:
    """Finds the objects in some sets, and within some ranges of numbers.

    Args:
        model: the model.
        partition: the partition.
        wanted: `pks`, `rows` or `count`.
        decode: turns the reply into the result.
        sets: the keys of the sets.
        ranges: the ranges.
        columns: for rows the prefix of the hashes, and the sub-keys to read.
    """
    query = PlainQuery(wanted, sets, tuple(ranges), columns)
    sent = evalsha(FIND_PLAIN, (partition.pks,), packed(query))
    return Request(sent, decode, readonly=True, may_be_stale=True, script=FIND_PLAIN, subject=model)


def existing(
    model: Model, search: Search, command: Sequence[Argument], decode: Callable[[Any], R], limit: int = 0
) -> Request[R]:
    """Runs a query by a native command; if an object that it finds does not exist, by the script.

    Args:
        model: the model.
        search: the query.
        command: the command.
        decode: turns the reply into the result.
        limit: the most objects to return; 0 for all.
    """
    return find(model, search, b"pks", decode, limit=limit, tail=(*command, len(command)), script=EXISTING)


def living(
    model: Model,
    search: Search,
    wanted: bytes,
    command: Sequence[Argument],
    decode: Callable[[Any], R],
    limit: int = 0,
) -> Request[R]:
    """Runs a query by a native command, and leaves out objects whose deadline is over.

    Args:
        model: the model.
        search: the query, without a condition on deadlines.
        wanted: the kind of result (see scripts/living.lua).
        command: the command.
        decode: turns the reply into the result.
        limit: the most objects to return; 0 for all.
    """
    return find(model, search, wanted, decode, limit=limit, tail=(*command, len(command)), script=LIVING)


def owner(
    model: Model, partition: Partition, entry: Sequence[Argument], decode: Callable[[bytes | None], R]
) -> Request[R]:
    """Returns the request for the primary key of the object that owns a unique value, if it exists.

    Args:
        model: the model.
        partition: the partition.
        entry: the key of the index, and the text of the value.
        decode: turns the reply into the result.
    """
    sent = evalsha(OWNER, (partition.pks, entry[0]), entry[1:])
    return Request(sent, decode, readonly=True, may_be_stale=True, script=OWNER, subject=model)


def sorted_rows(
    model: Model, keys: Sequence[bytes], args: Sequence[Argument], decode: Callable[[Any], R]
) -> Request[R]:
    """Returns the request for values of the objects of a set, each row after its primary key.

    Args:
        model: the model.
        keys: the set; and the set of primary keys, if other members have to be left out.
        args: LIMIT with a page, if one is wanted, and the columns; the first is the primary key.
        decode: turns the reply into the result.
    """
    sent = evalsha(SORTED_ROWS, keys, args)
    return Request(sent, decode, readonly=True, may_be_stale=True, script=SORTED_ROWS, subject=model)


def pks_in_order(
    model: Model,
    keys: Sequence[bytes],
    offset: int,
    limit: int,
    decode: Callable[[Any], R],
    *,
    desc: bool,
) -> Request[R]:
    """Returns the request for a page of the automatic primary keys in a set, in the order of their numbers.

    Args:
        model: the model.
        keys: the set; the counter; and the set of primary keys, if other members have to be left out.
        offset: the number of primary keys to pass over.
        limit: the most to return.
        decode: turns the reply into the result.
        desc: true for descending order.
    """
    sent = evalsha(PKS_IN_ORDER, keys, (b"%d" % offset, b"%d" % limit, b"1" if desc else b"0"))
    return Request(sent, decode, readonly=True, may_be_stale=True, script=PKS_IN_ORDER, subject=model)


def page_of_range(
    model: Model,
    index: bytes,
    page: PageOfRange,
    gets: Sequence[Argument],
    decode: Callable[[Any], R],
) -> Request[R]:
    """Returns the request for the rows of a page of a range of an index, in its order."""
    sent = evalsha(PAGE_OF_RANGE, (index,), (*packed(page), *gets))
    return Request(sent, decode, readonly=True, may_be_stale=True, script=PAGE_OF_RANGE, subject=model)


def stored_gone(model: Model) -> DoesNotExist:
    """Returns the error for a stored collection that does not exist any more."""
    return DoesNotExist(
        f"a stored collection of {model.name} objects does not exist any more: it expired, or was deleted"
    )


def with_references(head: Sequence[Argument], body: Arguments) -> list[Argument]:
    """Returns the arguments of a query: the first ones, then the values to read first, then the others."""
    if not body.references:
        return [*head, b"0", *body.args]
    args: list[Argument] = [*head, len(body.references)]
    before = len(args) + 6 * len(body.references) + 1
    for at, reference in body.references:
        args += (before + at, known_key(reference.key), *reference[1:])
    args += body.args
    return args
