"""Calls on the sync face that are sent without being described as requests.

Such a call is one prepared statement, and its request always the same bytes but for the primary key and at most one
value. A function with these at hand does it: encode, one formatting, send, receive, decode. It is made of the request
of the first call, and leaves to that way whatever else may be the case: a pipeline is open, the object has no primary
key or may not exist, the catalog is not known, the connection was lost, the server refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from limpyd.drivers.sync import FAILURES
from limpyd.requests import Request
from limpyd.resp import Argument, pack_each
from limpyd.statements.read import Read
from limpyd.statements.statement import PreparedWrite, Statement

Call = Callable[..., Any]
Describe = Callable[..., Request[Any]]

PLAIN = frozenset({bool, bytes, date, datetime, Decimal, float, int, str, time, timedelta, UUID})
"""The types of values that stand for themselves only; what others mean, such as fields and lists, is described."""


def direct_call(describe: Describe, otherwise: Call, bound: Any, *given: Any) -> Call | None:
    """Returns what calls a command on a field, or its usual way; None if this call does not show what is sent.

    Args:
        describe: describes the request of the command.
        otherwise: calls it by that request.
        bound: the field, bound to an instance.
        given: the value of this call, if it has one.
    """
    if len(bound._field.model.keys.partitions) > 1:
        return otherwise
    if vars(bound._instance).get("_pk_bytes") is None or (given and type(given[0]) not in PLAIN):
        return None
    request = describe(bound, *given)
    iterable = hasattr(type(bound), "_unread")  # which a command has forget how much it has not yielded yet
    if type(request) is Read:
        decode = _decoding(request.decode, bound)
        return otherwise if decode is None else _read(request, decode, iterable, describe, otherwise)
    if type(request) is not PreparedWrite:
        return None
    if _decoding(request.convert, bound) is None:
        return otherwise
    if not given:
        return _write(request, iterable, describe, otherwise)
    stored = request.values[len(request.values) - 1 - len(request.statement.computed)]
    if stored != request.field.encode(*given):
        return otherwise
    return _write_value(request, iterable, describe, otherwise)


def _decoding(decode: Any, bound: Any) -> Callable[[Any, Any], Any] | None:
    """Returns what decodes replies to any bound field; None if a function knows more than its reply."""
    if getattr(decode, "__self__", None) is bound:
        method: Callable[[Any, Any], Any] = decode.__func__
        return method
    knows_more = getattr(decode, "__self__", None) or getattr(decode, "__closure__", None)
    return None if knows_more else lambda _, reply: decode(reply)


def _read(
    first: Read[Any], decode: Callable[[Any, Any], Any], iterable: bool, describe: Describe, otherwise: Call
) -> Call:
    """Returns what calls a read command that has no arguments."""
    form, length = first.form()
    model = first.model

    def call(bound: Any) -> Any:
        instance = bound._instance
        pk, database = instance._pk_bytes, instance.database
        driver = database._access.driver
        if pk is None or instance._seen is not model.era or driver is None or driver.describes_all:
            return otherwise(bound)
        if database._active.get() is not None:
            return otherwise(bound)
        if iterable:
            bound._unread = None
        packed = form % (length + len(pk), pk)
        try:
            reply = driver.connections.exchange(packed)
        except FAILURES as failure:
            return driver.run_despite(describe(bound), packed, failure)
        return decode(bound, reply)

    return call


class _Form:
    """The form of a statement's requests, made anew when the catalog is another.

    Args:
        statement: the statement.
        before: the values that all of them give.
        count: how many they give behind those.

    Attributes:
        known: a catalog, and the form under it.
    """

    __slots__ = ("_args", "_statement", "known")

    def __init__(self, statement: Statement, before: Sequence[Argument], count: int) -> None:
        self._statement = statement
        self._args = before, count
        self.known: tuple[object, Any] = (self, None)

    def renewed(self) -> bytes | None:
        """Returns the form under the catalog that is known now; None if the server has to be asked."""
        made = self._statement.form(*self._args)
        if made is None:
            return None
        self.known = made
        return made[1]


def _write(first: PreparedWrite[Any], iterable: bool, describe: Describe, otherwise: Call) -> Call:
    """Returns what calls a write command without arguments."""
    statement, convert = first.statement, first.convert
    model, upkeep = statement.model, statement.upkeep
    requests = _Form(statement, first.values, 0)

    def call(bound: Any) -> Any:
        instance = bound._instance
        pk, database = instance._pk_bytes, instance.database
        driver = database._access.driver
        if pk is None or driver is None or driver.describes_all or database._active.get() is not None:
            return otherwise(bound)
        catalog, form = requests.known
        if catalog is not upkeep.catalog and (form := requests.renewed()) is None:
            return otherwise(bound)
        if iterable:
            bound._unread = None
        packed = form % (len(pk), pk)
        try:
            reply = driver.connections.exchange(packed)
        except FAILURES as failure:
            return driver.run_despite(describe(bound), packed, failure)
        if type(reply) is list:
            return driver.decoded(describe(bound), reply)
        if instance._seen is not model.era:
            instance._made(pk)
        return convert(reply)

    return call


def _write_value(first: PreparedWrite[Any], iterable: bool, describe: Describe, otherwise: Call) -> Call:
    """Returns what calls a write command with one value, which is sent last but for what indexes keep of it."""
    statement, convert, encode = first.statement, first.convert, first.field.encode
    model, upkeep, computed = statement.model, statement.upkeep, statement.computed
    given = 1 + len(computed)
    requests = _Form(statement, first.values[: len(first.values) - given], given)

    def call(bound: Any, value: Any) -> Any:
        instance = bound._instance
        pk, database = instance._pk_bytes, instance.database
        driver = database._access.driver
        if type(value) not in PLAIN or pk is None or driver is None or driver.describes_all:
            return otherwise(bound, value)
        catalog, form = requests.known
        if catalog is not upkeep.catalog and (form := requests.renewed()) is None:
            return otherwise(bound, value)
        if database._active.get() is not None:
            return otherwise(bound, value)
        if iterable:
            bound._unread = None
        stored = encode(value)
        packed = form % (len(pk), pk, len(stored), stored)
        for index in computed:
            packed += pack_each(index.kept(stored))
        try:
            reply = driver.connections.exchange(packed)
        except FAILURES as failure:
            return driver.run_despite(describe(bound, value), packed, failure)
        if type(reply) is list:
            return driver.decoded(describe(bound, value), reply)
        if instance._seen is not model.era:
            instance._made(pk)
        return convert(reply)

    return call
