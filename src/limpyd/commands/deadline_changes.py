"""The changes that writes make to the deadlines of values that lapse, and the writes without their expiries.

Redis has no part in such deadlines: no expiry is sent to it (see limpyd.fields.bound.lapsing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidValue
from limpyd.requests.resp import Argument
from limpyd.types.moments import LATEST, LONGEST, MILLISECOND, from_now

MILLISECONDS = {"EX": 1000, "EXAT": 1000, "PX": 1, "PXAT": 1}
"""The units of the arguments that set an expiry."""
RELATIVE = frozenset({"EX", "PX"})
CONDITIONS = {"NX": "NX", "FNX": "NX", "XX": "XX", "FXX": "XX"}
KEEPING, DROPPING = "KEEPTTL", "PERSIST"
ENDINGS = frozenset({"HSET", "HDEL", "HGETDEL", "GETSET", "GETDEL", "DEL", "UNLINK"})
"""The commands after which a value has no deadline."""
CONDITIONAL = {"HSETNX": "NX", "SETNX": "NX"}
"""Those after which it has none if they do something, and when they do."""


CHANGING = frozenset({*ENDINGS, *CONDITIONAL, "SET", "SETEX", "PSETEX", "HSETEX"})
"""All commands that change the deadline."""


class Change(NamedTuple):
    """The change of a deadline by a write.

    Attributes:
        deadline: the new one; empty to remove it, None to keep it.
        condition: `NX` if only a new value gets it, `XX` if only one that is there, `IFEQ` if only one that is equal.
        compared: the value that it has to be equal to.
    """

    deadline: bytes | None = b""
    condition: str = ""
    compared: Argument = b""


class Rewritten(NamedTuple):
    """A write without what it says of an expiry.

    Attributes:
        command: the command.
        args: its arguments after the key.
        change: the change of the deadline.
        reply: turns its reply into that of the command as it was.
    """

    command: str
    args: tuple[Argument, ...]
    change: Change
    reply: Callable[[Any], Any] = lambda reply: reply


def rewritten(command: str, args: tuple[Argument, ...]) -> Rewritten | None:
    """Returns a write without what it says of an expiry; None if it keeps the deadline."""
    if command in ENDINGS:
        return Rewritten(command, args, Change())
    if command in CONDITIONAL:
        return Rewritten(command, args, Change(condition=CONDITIONAL[command]))
    if command in {"SETEX", "PSETEX"}:
        unit = 1000 if command == "SETEX" else 1
        return Rewritten("SET", args[1:], Change(_deadline("PX", unit * int(args[0]))))
    if command == "SET":
        change, rest = parsed(args[1:])
        return Rewritten("SET", (args[0], *rest), change)
    if command == "HSETEX":
        at = args.index("FIELDS")
        change, _ = parsed(args[:at])
        conditional = {"NX": "HSETNX", "XX": "HSETXX"}.get(change.condition)
        return Rewritten(conditional or "HSET", args[at + 2 :], change, _same if conditional else _done)
    return None


def _same(reply: Any) -> Any:
    return reply


def _done(_: Any) -> int:
    """HSET replies whether there was none before, and HSETEX that it is done."""
    return 1


def parsed(words: tuple[Argument, ...]) -> tuple[Change, list[Argument]]:
    """Returns the change of the deadline that the words of a command stand for, and the other words."""
    change, others = Change(), []
    each: Iterator[Argument] = iter(words)
    for word in each:
        if word in MILLISECONDS:
            change = change._replace(deadline=_deadline(str(word), int(next(each))))
        elif word == KEEPING:
            change = change._replace(deadline=None)
        else:
            others.append(word)
            if word == "IFEQ":
                others.append(next(each))
                change = change._replace(condition="IFEQ", compared=others[-1])
            elif word in CONDITIONS:
                change = change._replace(condition=CONDITIONS[str(word)])
    return change, others


def deadline_after(command: str, amount: int) -> bytes:
    """Returns the deadline that EXPIRE, HPEXPIREAT and the like set."""
    word = ("PX" if "PEXPIRE" in command else "EX") + ("AT" if command.endswith("AT") else "")
    return _deadline(word, amount)


def _deadline(word: str, amount: int) -> bytes:
    milliseconds = amount * MILLISECONDS[word]
    if abs(milliseconds) > (LONGEST // MILLISECOND if word in RELATIVE else LATEST):
        msg = f"{amount} is no deadline of a value: it is before the year 10000, and at most {LONGEST.days:,} days away"
        raise InvalidValue(msg)
    return from_now(timedelta(milliseconds=milliseconds)) if word in RELATIVE else b"%d" % milliseconds
