"""The commands that write values, and their undo, as Lua."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from limpyd.statements.index_entries import EntryCode
from limpyd.statements.script_source import indented


class Written(NamedTuple):
    """A field that a statement writes to, or reads for a composite index.

    Attributes:
        before: the local with its old value.
        value: the local with its new value; `false` if the value is removed; `before` if it stays.
        key: the local with the key of the value.
        sub: the expression of the sub-key; empty if there is none.
        entries: the entries of its indexes.
        may_expire: true if the value may expire, since it is not indexed.
    """

    before: str
    value: str
    key: str
    sub: str
    entries: list[EntryCode]
    may_expire: bool = False


class StatementOperation(NamedTuple):
    """A command that writes values.

    Attributes:
        write: the lines that run it.
        undo: the lines that undo it; empty if nothing after it can fail.
        locals: the names of its locals.
    """

    write: str
    undo: str = ""
    locals: Sequence[str] = ()


class _Call(NamedTuple):
    """The expressions of a command and its key, and the fields to which it writes."""

    key: str
    call: str
    fields: Sequence[Written]


def operations_of(written: Sequence[Written], *, last: bool) -> list[StatementOperation]:
    """Returns one command for all new hash entries, one for all removed ones, and one for each other value.

    Args:
        written: the fields.
        last: true if nothing after them can fail.
    """
    written = [one for one in written if one.value != one.before]
    sets = [one for one in written if one.sub and one.value != "false"]
    removes = [one for one in written if one.sub and one.value == "false"]
    calls = []
    if sets:
        calls.append(_Call("key", f"call('HSET', key, {', '.join(f'{one.sub}, {one.value}' for one in sets)})", sets))
    if removes:
        calls.append(_Call("key", f"call('HDEL', key, {', '.join(one.sub for one in removes)})", removes))
    for one in written:
        if not one.sub:
            call = f"call('DEL', {one.key})" if one.value == "false" else f"call('SET', {one.key}, {one.value})"
            calls.append(_Call(one.key, call, [one]))
    return [_operation(number, *call, last=last and call is calls[-1]) for number, call in enumerate(calls)]


def _operation(number: int, key: str, call: str, fields: Sequence[Written], *, last: bool) -> StatementOperation:
    failed = "if type(result) == 'table' and result.err then failed = result break end"
    write = f"at = {key}\nresult = {call}\n{failed}\n"
    if last:
        return StatementOperation(write)
    done, names = f"done{number}", [f"done{number}"]
    undo = "".join(restored(key, one.sub, one.before) for one in fields)
    expiring = [one for one in fields if one.may_expire]
    if expiring:
        when = f"expires{number}"
        names.append(when)
        subs = [one.sub for one in expiring if one.sub]
        write = f"{when} = {_expiries(key, subs)}\n" + write
        undo += "".join(_expiring(key, when, place, sub) for place, sub in enumerate(subs or [""], 1))
    return StatementOperation(f"{write}{done} = true\n", f"if {done} then\n{indented(undo, '  ')}end\n", names)


def _expiries(key: str, subs: Sequence[str]) -> str:
    """The expression of the expiries of values; an error on servers without expiries of hash entries."""
    if not subs:
        return f"call('PEXPIRETIME', {key})"
    return f"call('HPEXPIRETIME', {key}, 'FIELDS', {len(subs)}, {', '.join(subs)})"


def _expiring(key: str, when: str, place: int, sub: str) -> str:
    """The line that restores the expiry of a value."""
    if not sub:
        return f"if type({when}) == 'number' and {when} > 0 then undo('PEXPIREAT', {key}, {when}) end\n"
    known = f"type({when}) == 'table' and ({when}[{place}] or 0) > 0"
    return f"if {known} then undo('HPEXPIREAT', {key}, {when}[{place}], 'FIELDS', 1, {sub}) end\n"


def restored(key: str, sub: str, before: str) -> str:
    """The line that restores the old value of a field."""
    if not sub:
        return f"if {before} then undo('SET', {key}, {before}) else undo('DEL', {key}) end\n"
    return f"if {before} then undo('HSET', {key}, {sub}, {before}) else undo('HDEL', {key}, {sub}) end\n"


def restored_as_expiring(key: str, sub: str, before: str) -> str:
    """The lines that restore the old value of a field, after a command that left its expiry as it was."""
    if not sub:
        return f"if {before} then undo('SET', {key}, {before}, 'KEEPTTL') else undo('DEL', {key}) end\n"
    return f"local expires = {_expiries(key, [sub])}\n{restored(key, sub, before)}{_expiring(key, 'expires', 1, sub)}"
