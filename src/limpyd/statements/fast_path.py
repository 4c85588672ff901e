"""Calls that differ only in the primary key and at most one value: the first call shows how to pack the others.

What is learned holds for calls of a command on a field by any object; the others are listed, and
those are described as requests: without a primary key, under a catalog that is not known, with a value that is no plain
one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from limpyd.keys import ModelKeys, Partition
from limpyd.requests.request import Request
from limpyd.statements.fast_call import PLAIN_TYPES, FastCall, Form, Packer, ReadHome, Settle, trust_in
from limpyd.statements.prepared_requests import PreparedWrite
from limpyd.statements.read import Read

if TYPE_CHECKING:
    from limpyd.statements.fast_call import Trust

Call = Callable[[Any, Any], Any]


class PartitionedCall:
    """The calls of a command on a field of a model of several partitions: each partition has its own.

    Args:
        keys: the keys of the model.
        learn: makes a call in a partition whose calls are not known yet.

    Attributes:
        learned: the function that makes the calls in a partition.
    """

    __slots__ = ("_learn", "_partition", "learned")

    def __init__(self, keys: ModelKeys, learn: Call) -> None:
        self.learned: dict[Partition, Call] = {}
        self._partition = keys.partition
        self._learn = learn

    def __call__(self, bound: Any, value: Any) -> Any:
        pk = bound._instance._pk_bytes
        known = None if pk is None else self.learned.get(self._partition(pk))
        return (known or self._learn)(bound, value)


def fast_call(request: Request[Any], bound: Any, given: tuple[Any, ...]) -> FastCall | None:
    """Returns the common part of the calls like a request; None if other calls may differ in more.

    Args:
        request: the request.
        bound: its field, bound to an instance.
        given: the arguments of the command: none, a value, or a sub-key or score and a value.
    """
    iterable = hasattr(type(bound), "_unread")  # a command has it forget how much of an iterator is left
    if type(request) is Read:
        decode = _decoding(request.decode, bound)
        home, trust = ReadHome(request.slot), trust_in(request.model, _partition(request.model, bound))
        packed = _reading(request, trust, iterable)
        return decode and FastCall(packed, decode, request.model, home, trust=trust)
    if type(request) is not PreparedWrite or _knows_more(request.convert):
        return None
    packer = PACKERS[len(given)](request, given, iterable)
    statement = request.statement
    settle = _settling(statement.model, request.convert)
    return packer and FastCall(packer, settle, statement.model, statement.partition, statement)


def _partition(model: Any, bound: Any) -> Partition:
    partition: Partition = model.keys.partition(bound._instance._pk_bytes)
    return partition


def _decoding(decode: Any, bound: Any) -> Settle | None:
    """Returns the function that decodes replies for any bound field; None if it depends on more than the reply."""
    if getattr(decode, "__self__", None) is bound:
        method: Settle = decode.__func__
        return method
    return None if _knows_more(decode) else lambda _, reply: decode(reply)


def _settling(model: Any, convert: Callable[[Any], Any]) -> Settle:
    """Returns the function that decodes replies to writes, which show that the object exists."""

    def settle(bound: Any, reply: Any) -> Any:
        instance = bound._instance
        if instance._seen is not model.era:
            instance._mark_existing()
        return convert(reply)

    return settle


def _knows_more(decode: Any) -> bool:
    """Returns whether a function depends on more than its argument."""
    return bool(getattr(decode, "__self__", None) or getattr(decode, "__closure__", None))


def _reading(first: Read[Any], trust: Trust | None, iterable: bool) -> Packer:
    """Returns the function that packs reads without arguments."""
    form, length = first.form()
    model = first.model

    def packed(bound: Any, _: Any) -> bytes | None:
        instance = bound._instance
        pk = instance._pk_bytes
        if pk is None or instance._seen is not model.era or (trust is not None and not trust.is_trusted):
            return None
        if iterable:
            bound._unread = None
        return form % (length + len(pk), pk)

    return packed


def _writing(first: PreparedWrite[Any], _: tuple[()], iterable: bool) -> Packer:
    """Returns the function that packs writes without arguments."""
    requests, maintenance = Form(first.statement, first.values, 0), first.statement.maintenance

    def packed(bound: Any, _: Any) -> bytes | None:
        catalog, form = requests.known
        if catalog is not maintenance.catalog:
            form = requests.renewed()
        pk = bound._instance._pk_bytes
        if form is None or pk is None:
            return None
        if iterable:
            bound._unread = None
        return form % (len(pk), pk)  # type: ignore[no-any-return]

    return packed


def _writing_value(first: PreparedWrite[Any], given: tuple[Any], iterable: bool) -> Packer | None:
    """Returns the function that packs writes of one value; None if the value and its index texts are not sent last."""
    computed, maintenance, field = first.statement.computed, first.statement.maintenance, first.field
    *before, stored = first.values[: len(first.values) - len(computed)]
    encode = field.unchecked_encode
    if stored != encode(*given):
        return None
    requests = Form(first.statement, before, 1 + len(computed))

    def packed(bound: Any, value: Any) -> bytes | None:
        catalog, form = requests.known
        if catalog is not maintenance.catalog:
            form = requests.renewed()
        pk = bound._instance._pk_bytes
        if form is None or pk is None or type(value) not in PLAIN_TYPES:
            return None
        if iterable:
            bound._unread = None
        try:
            stored = encode(value)
        except (TypeError, ValueError, OverflowError):
            return None
        if not computed:
            return form % (len(pk), pk, len(stored), stored)  # type: ignore[no-any-return]
        sent: list[int | bytes] = [len(pk), pk, len(stored), stored]
        for index in computed:
            for text in index.indexed_texts(stored):
                sent += (len(text), text)
        return form % tuple(sent)  # type: ignore[no-any-return]

    return packed


def _writing_entry(first: PreparedWrite[Any], given: tuple[Any, Any], iterable: bool) -> Packer | None:
    """Returns the function that packs writes of a sub-key or score, and a value; None if these are not sent last."""
    field, maintenance = first.field, first.statement.maintenance
    encode_first, encode = field.encode_first, field.encode_new
    *before, stored_key, stored = first.values
    if first.statement.computed or (stored_key, stored) != (encode_first(given[0]), encode(given[1])):
        return None
    requests = Form(first.statement, before, 2)

    def packed(bound: Any, entry: tuple[Any, Any]) -> bytes | None:
        key, value = entry
        catalog, form = requests.known
        if catalog is not maintenance.catalog:
            form = requests.renewed()
        pk = bound._instance._pk_bytes
        if form is None or pk is None or type(value) not in PLAIN_TYPES or type(key) not in PLAIN_TYPES:
            return None
        if iterable:
            bound._unread = None
        stored_key, stored = encode_first(key), encode(value)
        if stored_key is None:
            return None
        return form % (len(pk), pk, len(stored_key), stored_key, len(stored), stored)  # type: ignore[no-any-return]

    return packed


PACKERS: Sequence[Callable[[PreparedWrite[Any], Any, bool], Packer | None]] = (
    _writing,
    _writing_value,
    _writing_entry,
)
"""The packers of writes without arguments, of a value, and of a key or score and a value."""
