"""The first key of a command as redis-py sends it, by which a cluster routes it.

See https://redis.io/docs/latest/develop/reference/key-specs/.
"""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.keys import to_bytes, to_text
from limpyd.requests.request import Argument, Request

WITHOUT_KEYS = frozenset(
    {
        *("ACL", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "COMMANDLOG", "CONFIG", "DBSIZE", "DEBUG"),
        *("ECHO", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION", "INFO", "KEYS", "LASTSAVE", "LATENCY", "LOLWUT"),
        *("MODULE", "PING", "PUBLISH", "PUBSUB", "RANDOMKEY", "REPLICAOF", "ROLE", "SAVE", "SCAN", "SCRIPT"),
        *("SHUTDOWN", "SLAVEOF", "SLOWLOG", "SWAPDB", "TIME"),
    }
)
POSITIONS = {"BITOP": 2, "MEMORY": 2, "OBJECT": 2, "PFDEBUG": 2, "XGROUP": 2, "XINFO": 2, "MIGRATE": 3}
"""The positions of keys that are not first among the arguments."""
COUNTED = {
    **dict.fromkeys(("EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"), 2),
    **dict.fromkeys(("LMPOP", "ZMPOP", "SINTERCARD", "ZINTERCARD", "ZDIFF", "ZINTER", "ZUNION", "MSETEX"), 1),
}
"""The positions of the numbers of keys, where they come before the keys."""


class RawRequest(Request[object]):
    """A command with redis-py's arguments, whose keys may have any names."""

    __slots__ = ()

    @property
    def key(self) -> bytes | None:
        return first_key(self.args)


def first_key(args: Sequence[Argument]) -> bytes | None:
    """Returns the first key in the words and arguments of a command; None if there is none."""
    sent = [_bytes(arg) for arg in args]
    name = to_text(sent[0])
    if name in WITHOUT_KEYS:
        return None
    position = POSITIONS.get(name, 1)
    if name in COUNTED:
        position = COUNTED[name] + 1
        if sent[position - 1 : position] in ([], [b"0"]):
            return None
    elif name in {"XREAD", "XREADGROUP"}:
        words = [arg.upper() for arg in sent]
        position = words.index(b"STREAMS") + 1 if b"STREAMS" in words else len(sent)
    return sent[position] if position < len(sent) else None


def _bytes(arg: Argument) -> bytes:
    return arg if isinstance(arg, bytes) else to_bytes(str(arg))
