"""Commands of fields take the arguments of redis-py's but for the key, in its order; each difference has its reason."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import redis

import limpyd.fields
from limpyd.fields.bound.field import BoundField

P = inspect.Parameter
OF_THE_FIELD = "the field stands for the key"
OF_THE_ENTRY = "the field stands for the key and its entry"
BY_FIELDS = "other keys are fields of instances"
FIRST_KEY: dict[str, int] = {
    "bitop": 2,
    "bzmpop": 3,
    "blmpop": 2,
    "zmpop": 2,
    "lmpop": 1,
    "xreadgroup": 0,
    "zintercard": 2,
    "sintercard": 2,
}
"""How many of redis-py's first parameters stand for the key, where it is not one."""

NEWER = "of Redis 8.4 and later, of which no server is at hand to test it on"
SCORES = "scores are floats, which the caller converts: one type for one argument"
WALKS = "a walk is an iterator, as redis-py's *_iter; the cursor is its own"
DEPRECATED = "GEORADIUS is deprecated since Redis 6.2: geosearch has it"
ENTRY = ("hexpire", "hexpireat", "hpexpire", "hpexpireat", "hpersist", "httl", "hpttl", "hexpiretime", "hpexpiretime")

MISSING: dict[tuple[str, str], str] = {
    ("copy", "destination_db"): "the destination is a field of the same database",
    ("memory_usage", "kwargs"): "redis-py uses none of them",
    **{
        (name, "score_cast_func"): SCORES
        for name in (
            *("zrange", "zrevrange", "zrangebyscore", "zrevrangebyscore"),
            *("zrank", "zrevrank", "zunion", "zscan"),
        )
    },
    **{(name, "cursor"): WALKS for name in ("sscan", "hscan", "zscan")},
    ("hscan", "no_values"): "it yields keys alone: hscan_no_values()",
    **{
        (name, option): DEPRECATED
        for name in ("georadius", "georadiusbymember")
        for option in ("withdist", "withcoord", "withhash", "store", "store_dist")
    },
    **{(name, "name"): f"{BY_FIELDS}: source" for name in ("zrangestore", "geosearchstore")},
    **{(name, "dst"): f"{BY_FIELDS}: destination" for name in ("smove", "rpoplpush", "brpoplpush")},
    **{(name, "second_list"): f"{BY_FIELDS}: destination" for name in ("lmove", "blmove")},
    **{(name, "keys"): f"{BY_FIELDS}: *sources" for name in ("zinterstore", "zunionstore", "zdiffstore")},
    **{(name, "keys"): f"{BY_FIELDS}: *sources" for name in ("sinterstore", "sunionstore", "sdiffstore")},
    ("lcs", "key2"): f"{BY_FIELDS}: other",
    **{("xreadgroup", name): NEWER for name in ("claim_min_idle_time", "max_count", "max_size")},
    ("xreadgroup", "streams"): f"{OF_THE_FIELD}; id is what redis-py has as its value",
    **{("xread", name): NEWER for name in ("max_count", "max_size")},
    **{("xadd", name): NEWER for name in ("idmpauto", "idmp")},
    **{("set", name): NEWER for name in ("ifne", "ifdeq", "ifdne")},
    ("bitfield", "default_overflow"): "operations are given, not built: each Set and Incr has its overflow",
    **{("bitfield_ro", name): "the same operations as bitfield" for name in ("encoding", "offset", "items")},
    **{(f"entry {name}", "key"): OF_THE_ENTRY for name in ("hset", "hsetex", "hsetnx", "hincrby", "hincrbyfloat")},
    **{(f"entry {name}", "key"): OF_THE_ENTRY for name in ("hget", "hexists", "hstrlen")},
    **{(f"entry {name}", option): OF_THE_ENTRY for name in ("hset", "hsetex") for option in ("mapping", "items")},
}
"""Parameters of redis-py that ours lack."""

DEFAULTS: dict[tuple[str, str], str] = {
    ("zadd", "mapping"): "limpyd 2 takes name=score, too",
    ("hmset", "mapping"): "limpyd 2 takes name=value, too",
    **{(name, "unit"): "None is metres, too" for name in ("geodist", "georadius", "georadiusbymember")},
    **{(name, "direction"): "LEFT where none is told" for name in ("lmpop", "blmpop")},
    ("lcs", "minmatchlen"): "None is 0",
    ("lcs", "withmatchlen"): "each match has its length as an attribute",
    **{(f"entry {name}", "value"): "there is nothing else to set" for name in ("hset", "hsetex")},
}
"""Parameters whose default differs."""

ORDER: dict[str, str] = {
    **dict.fromkeys(("sscan", "hscan", "zscan"), WALKS),
    **dict.fromkeys(("zrangestore", "geosearchstore"), f"{BY_FIELDS}: source"),
    **dict.fromkeys(("smove", "rpoplpush", "brpoplpush", "lmove", "blmove"), f"{BY_FIELDS}: destination"),
    **dict.fromkeys(("lmpop", "blmpop"), "redis-py takes direction and count by name alone, so by position too"),
    "bzmpop": "timeout is first in redis-py, too",
    "lcs": f"{BY_FIELDS}: other",
    "exists": "limpyd 2 takes a key of a HashField, too",
    "bitop": f"{BY_FIELDS}: the operation is first, too",
    "xreadgroup": OF_THE_FIELD,
    "xread": f"{OF_THE_FIELD}; id is what redis-py has as its value",
    **{f"entry {name}": OF_THE_ENTRY for name in ("hset", "hsetex", "hsetnx", "hincrby", "hincrbyfloat")},
    "entry hgetex": OF_THE_ENTRY,
}
"""Commands whose parameters by position are not the first ones of redis-py's, as these are after the key."""


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Each method of a field that redis-py has, too: its name, as "entry hset" where entries have one of their own."""
    seen = set()
    for name in limpyd.fields.__all__:  # some are imported at their first use
        getattr(limpyd.fields, name)
    kinds = [BoundField]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        for name in dir(kind):
            ours = getattr(kind, name)
            theirs = getattr(redis.Redis, name, None)
            if not hasattr(ours, "facts") or ours.facts is None or theirs is None or (ours, name) in seen:
                continue
            if ours.__name__ == name:  # not get = hget
                seen.add((ours, name))
                entry = ours.__qualname__.startswith(("BoundHashEntry", "BoundVersion.", "BoundDeadline."))
                yield (f"entry {name}" if entry else name), ours, theirs


COMMANDS = list(commands())


def all_parameters(ours):
    """The parameters of a command, those of its overloads included."""
    found: dict[str, P] = {}
    for one in (ours, *getattr(ours, "overloads", ())):
        for parameter in list(inspect.signature(one).parameters.values())[1:]:
            found.setdefault(parameter.name, parameter)
    return found


def by_position(parameters):
    return [each.name for each in parameters if each.kind is P.POSITIONAL_OR_KEYWORD]


def differences() -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = {"missing": set(), "defaults": set(), "order": set()}
    for name, ours, theirs in COMMANDS:
        mine = all_parameters(ours)
        command = name.removeprefix("entry ")
        others = list(inspect.signature(theirs).parameters.values())[1 + FIRST_KEY.get(command, 1) :]
        variadic = any(each.kind is P.VAR_POSITIONAL for each in mine.values()) or name.startswith("entry ")
        for other in others:
            if other.name not in mine:
                if not (variadic and other.kind is P.VAR_POSITIONAL) and other.name not in {"numkeys", "args"}:
                    found["missing"].add((name, other.name))
            elif other.default != mine[other.name].default:
                found["defaults"].add((name, other.name))
        positions = by_position(list(inspect.signature(ours).parameters.values())[1:])
        if positions != by_position(others)[: len(positions)]:
            found["order"].add(name)
    return found


NEWEST_REDIS_PY = tuple(map(int, redis.__version__.split(".")[:2])) >= (8, 1)
"""Whether redis-py has all arguments that are too new for limpyd."""


def test_there_are_commands():
    assert len(COMMANDS) > 150


@pytest.mark.parametrize(("kind", "allowed"), [("missing", MISSING), ("defaults", DEFAULTS), ("order", ORDER)])
def test_each_difference_has_its_reason(kind, allowed):
    found = differences()[kind]
    assert found - set(allowed) == set(), "mend them, or say here why they differ"
    known = {key for key, reason in allowed.items() if reason != NEWER or NEWEST_REDIS_PY}
    assert known - found == set(), "these no longer differ"
    assert all(allowed.values())


def test_flags_are_given_by_name():
    """`zadd(mapping, True)` told nobody what it meant."""
    for name, ours, _ in COMMANDS:
        for one in (ours, *getattr(ours, "overloads", ())):
            for parameter in inspect.signature(one).parameters.values():
                if isinstance(parameter.default, bool) or parameter.annotation == "bool":
                    assert parameter.kind is P.KEYWORD_ONLY, f"{name}: {parameter}"
