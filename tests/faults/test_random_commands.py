"""Any sequence of any commands on indexed fields leaves the indexes as a rebuild would make them.

A command that is refused, whatever the reason, leaves everything as it was.
"""

from __future__ import annotations

import contextlib
import inspect
from collections import Counter
from decimal import Decimal

import pytest

from limpyd import (
    LimpydError,
)
from limpyd.commands.table import Scope
from limpyd.types import GeoPoint
from tests.support.amounts import amount
from tests.support.expected_indexes import inconsistencies, state
from tests.support.random_commands.commands import FIELDS, PAIRS
from tests.support.random_commands.sequences import do, failing, in_all_stretches, resolved, thing
from tests.support.servers import FEW

__all__ = ["failing", "thing"]  # fixtures

pytestmark = pytest.mark.parametrize("server", FEW, indirect=True)

SEQUENCES = amount("LIMPYD_SEQUENCES", 1)  # of each stretch of commands

NO_INDEX = {"note", "log", "visitors", "plain", "loose", "bag", "loose_heads", "floats"}
REFUSED_WHEN_INDEXED = {  # they wait, or let values expire
    *("blpop", "brpop", "blmpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax", "bzmpop"),
    *("expire", "pexpire", "expireat", "pexpireat", "hexpire", "hpexpire", "hexpireat", "hpexpireat"),
    *("setex", "psetex"),
}
CHANGE_NO_VALUE = {"persist", "hpersist"}


def test_indexes_equal_a_rebuild(server, thing, capsys):
    done, refused, sequences = Counter(), Counter(), Counter()

    def run(steps):
        sequences["run"] += 1
        do(steps, server, thing, done, refused)

    in_all_stretches(run, SEQUENCES)
    with capsys.disabled():
        print(
            f"\n{thing.database.server}: {sequences['run']} sequences of {done.total()} commands done and "
            f"{refused.total()} refused; {len({name for _, name in done})} of {len({name for _, name in PAIRS})} "
            f"methods done, {len(done)} of {len(PAIRS)} methods of fields"
        )


def test_whatever_was_done_is_taken_back(server, thing, failing):
    """Each command is first run in a step that fails after it, which must leave no trace; then it is run."""

    def run(steps):
        with server.client() as client:
            client.flushall()
            thing(
                text="a",
                own_queue=["a", "b", "1", "a"],
                queue=["a", "b", "a", "1"],
                bag=["a", "1", "a"],
                own_heads={"a": "a", "b": "1"},
                loose_heads={"a": "a", "1": "2"},
                tags=["a", "b", "1"],
                own_tags=["a", "1"],
                loose=["a", "b"],
                coins=[Decimal(2), Decimal("1.5"), Decimal(2)],
            )
            thing(text="a", one="b", own_board={"a": 1, "b": 2, "1": 3}, places={"a": (1, 2)}, board={"a": 1})
            thing.lazy_connect(1).log.xadd({"a": "b"}, "1-1")
            thing.lazy_connect(1).visitors.pfadd("a")
            client.pexpireat("{thing}:field:loose:1", 4_000_000_000_000)
            client.pexpireat("{thing}:field:log:1", 4_000_000_000_000)
            client.pexpireat("{thing}:field:bag:1", 4_000_000_000_000)
            for pk, (field, command, (args, kwargs)) in steps:
                if field is None:
                    continue
                before = state(client)
                for failing[0] in (True, False):
                    target = getattr(thing.lazy_connect(pk) if pk else thing(), field)
                    given_args = [resolved(thing, arg) for arg in args]
                    if failing[0]:
                        with pytest.raises(LimpydError):
                            getattr(target, command)(*given_args, **kwargs)
                        assert state(client) == before, (pk, field, command, args, kwargs)
                    else:
                        with contextlib.suppress(LimpydError):
                            getattr(target, command)(*given_args, **kwargs)

    in_all_stretches(run, (SEQUENCES + 1) // 2)


def test_every_modifier_is_among_them(server, thing):
    """What can change an indexed field is tried on it."""
    for name, commands in FIELDS.items():
        if name in NO_INDEX:
            continue
        bound = type(getattr(thing.lazy_connect(1), name))
        usable = {
            method
            for method, value in inspect.getmembers(bound)
            if not method.startswith("_")
            and getattr(value, "facts", None) is not None
            and value.facts.scope is not Scope.READ
        }
        usable -= REFUSED_WHEN_INDEXED | CHANGE_NO_VALUE | makes_no_sense(thing._schema.fields[name])
        assert usable == commands.keys(), name


def makes_no_sense(field):
    """What the type of a field refuses, so that nothing can go wrong with it."""
    counting = {"incr", "incrby", "decr", "decrby", "hincrby"}
    cutting = {"append", "setrange", "setbit", "bitfield", "bitop"}
    adding = {"incrbyfloat", "hincrbyfloat"}
    return {
        "float": counting | cutting,
        "Decimal": counting | cutting,
        "int": adding | cutting,
        "datetime": counting | adding | cutting,
        "GeoPoint": counting | adding | cutting,
    }.get(field.codec.name, set())


def test_the_check_finds_what_is_wrong(server, thing):
    """Breaks each kind of entry by hand, so that the test above cannot pass by looking away."""
    with server.client() as client:
        thing(
            text="a", one="a", ratio=1.5, entry="a", only="a", tags=["a"], queue=["a"], board={"a": 1},
            heads={"a": "b"}, age=3, levels=[1], sizes={"a": 1}, bytewise="a\0", names=["É"], words="a b",
            first="a", second="b", team="t", where=GeoPoint(1.0, 2.0), spots={"a": (0, 0)},
        )  # fmt: skip
        assert inconsistencies(client, thing) == []
        for spoil, mend in (
            (["SADD", "{thing}:eq:text:a", "2"], ["SREM", "{thing}:eq:text:a", "2"]),
            (["SREM", "{thing}:eq:entry:a", "1"], ["SADD", "{thing}:eq:entry:a", "1"]),
            (["HSET", "{thing}:uniq:one", "a", "2"], ["HSET", "{thing}:uniq:one", "a", "1"]),
            (["HDEL", "{thing}:uniq:only", "a"], ["HSET", "{thing}:uniq:only", "a", "1"]),
            (["SADD", "{thing}:eq:ratio:2", "1"], ["SREM", "{thing}:eq:ratio:2", "1"]),
            (["ZADD", "{thing}:num:ratio", "2", "1"], ["ZADD", "{thing}:num:ratio", "1.5", "1"]),
            (["ZREM", "{thing}:num:age", "1"], ["ZADD", "{thing}:num:age", "3", "1"]),
            (["ZADD", "{thing}:num:levels", "2", "1:1"], ["ZADD", "{thing}:num:levels", "1", "1:1"]),
            (["ZADD", "{thing}:num:levels", "2", "2:1"], ["ZREM", "{thing}:num:levels", "2:1"]),
            (["ZADD", "{thing}:num:sizes:b", "1", "1"], ["ZREM", "{thing}:num:sizes:b", "1"]),
            (["ZADD", "{thing}:lex:bytewise", "0", "a\0\0001"], ["ZREM", "{thing}:lex:bytewise", "a\0\0001"]),
            (["ZREM", "{thing}:lex:names", "é\0\0001"], ["ZADD", "{thing}:lex:names", "0", "é\0\0001"]),
            (["SREM", "{thing}:eq:words:b", "1"], ["SADD", "{thing}:eq:words:b", "1"]),
            (["HDEL", "{thing}:uniq:first+second", "1:a1:b"], ["HSET", "{thing}:uniq:first+second", "1:a1:b", "1"]),
            (["ZADD", "{thing}:scored:team:t", "4", "1"], ["ZADD", "{thing}:scored:team:t", "3", "1"]),
            (["GEOADD", "{thing}:geo:where", "1", "3", "1"], ["GEOADD", "{thing}:geo:where", "1", "2", "1"]),
            (["ZADD", "{thing}:geo:spots", "5", "5:1"], ["ZREM", "{thing}:geo:spots", "5:1"]),
            (["SET", "{thing}:field:text:1", "b"], ["SET", "{thing}:field:text:1", "a"]),
            (["SET", "{thing}:field:text:2", "b"], ["DEL", "{thing}:field:text:2"]),
            (["SREM", "{thing}:pks", "1"], ["SADD", "{thing}:pks", "1"]),
            (["SADD", "{thing}:field:tags:1", "b"], ["SREM", "{thing}:field:tags:1", "b"]),
            (["RPUSH", "{thing}:field:queue:1", "b"], ["RPOP", "{thing}:field:queue:1"]),
            (["ZADD", "{thing}:field:board:1", "1", "b"], ["ZREM", "{thing}:field:board:1", "b"]),
            (["HSET", "{thing}:field:heads:1", "a", "c"], ["HSET", "{thing}:field:heads:1", "a", "b"]),
            (["SREM", "{thing}:eq:heads:1:a:b", "1"], ["SADD", "{thing}:eq:heads:1:a:b", "1"]),
        ):
            client.execute_command(*spoil)
            assert inconsistencies(client, thing) != [], spoil
            client.execute_command(*mend)
            assert inconsistencies(client, thing) == []
