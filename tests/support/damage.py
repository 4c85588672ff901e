"""Two models of every kind of field and index, and every way to damage their data past limpyd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

from limpyd import (
    DynamicInstanceHashField,
    DynamicListField,
    DynamicStringField,
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoIndex,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    PKField,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
)
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField
from limpyd.types import GeoPoint

ODD = ["", "a b", "*", "a?[x]", "{}", "{thing}:", "a:b", "a\0b", "\0\0", "\xff", "\n", "🙂"]
Expected = set[tuple[str, str, str | None]]
"""What a check is to find: kind, key, primary key."""


def declare(base: Any, database: Any) -> tuple[Any, Any]:
    """The models."""
    first = EqualIndex.configure(prefix="first", transform=lambda value: value[:1])
    words = EqualIndex.configure(prefix="word", transform=str.split)
    town = type("Town", (base,), {"database": database, "code": PKField(), "name": StringField()})
    fields = {
        "name": StringField(
            type=str,
            indexes=[
                EqualIndex,
                TextRangeIndex(prefix="ci", case_sensitive=False),
                first,
                words,
                EqualIndexWith(other_fields=["age"]),
                EqualIndexWith(other_fields=["email"], unique=True),
                ScoredEqualIndex(score_field="age"),
            ],
        ),
        "age": InstanceHashField(type=int, indexable=True),
        "place": InstanceHashField(type=GeoPoint, indexable=True),
        "email": InstanceHashField(unique=True),
        "tags": SetField(type=str, indexes=[EqualIndex, TextRangeIndex]),
        "numbers": SetField(type=float, indexable=True),
        "queue": ListField(indexes=[TextRangeIndex(case_sensitive=False)]),
        "board": SortedSetField(type=int, indexable=True),
        "heads": HashField(indexes=[EqualIndex, TextRangeIndex]),
        "counts": HashField(type=int, indexable=True),
        "spots": GeoField(indexes=[GeoIndex, EqualIndex]),
        "keys": SetField(unique=True),
        "note": StringField(type=str, max_length=9),
        "log": StreamField(type=str),
        "doc": JSONField(type=dict),
        "seen": HyperLogLogField(),
        "home": FKInstanceHashField(town, related_name="inhabitants", on_delete="cascade"),
        "work": FKStringField(town, related_name="workers"),
        "towns": M2MSetField(town, related_name="visitors"),
        "route": M2MListField(town, related_name="travellers"),
        "ranks": M2MSortedSetField(town, related_name="critics", on_delete="restrict"),
        "texts": DynamicStringField(indexable=True),
        "marks": DynamicInstanceHashField(unique=True),
        "lists": DynamicListField(),
        "wish": FKInstanceHashField(town, related_name="dreamers", check=False),
    }
    return town, type("Thing", (base,), {"database": database, **fields})


def values(number: int) -> dict[str, Any]:
    """Those of a thing."""
    text = ODD[number % len(ODD)]
    return {
        "name": f"{text} É{number}",
        "age": number,
        "place": GeoPoint(number * 7 % 180, number % 45),
        "email": f"{number}@x",
        "tags": {text, f"t{number}"},
        "numbers": [number, 0.5],
        "queue": [text, text, f"X{number}"],
        "board": {number: 1.5, 70: number},
        "heads": {text: "v", f"h{number}": text},
        "counts": {"*": number, text + "!": 3},
        "spots": {text: (number, 1), f"s{number}": (2, 2)},
        "keys": [f"{number} a", f"{number} b"],
        "note": "n",
        "doc": {"a": number},
        "home": "t1",
        "work": "t2",
        "towns": ["t1", "t2"],
        "route": ["t2", "t1", "t2"],
        "ranks": {"t1": 3, "t2": 1},
        "wish": "nowhere",
        "texts_x:*": text,
        "marks_a b": f"{number}",
        "lists_2:a": ["1"],
    }


def _gone_town(client: redis.Redis) -> Expected:
    client.srem("{town}:pks", "t1")
    fields = ("field:towns", "field:route", "field:ranks", "hash")
    dangling: Expected = {("dangling", f"{{thing}}:{field}:{pk}", str(pk)) for pk in range(1, 7) for field in fields}
    return dangling | {("half", "{town}:field:name:t1", "t1")}


def _two_owners(client: redis.Redis) -> Expected:
    client.hset("{thing}:hash:3", "email", "4@x")
    return {
        ("conflict", "{thing}:uniq:email", "3"),
        ("stale", "{thing}:uniq:email", "3"),
        ("stale", "{thing}:uniq:name+email", "3"),
        ("missing", "{thing}:uniq:name+email", "3"),
    }


def _doing(*commands: tuple[Any, ...], finds: Expected) -> Callable[[redis.Redis], Expected]:
    """A damage done by some commands."""

    def damage(client: redis.Redis) -> Expected:
        for command in commands:
            client.execute_command(*command)
        return finds

    return damage


NAME = "{thing}:field:name:3"
UNSOUND = ("numbers", "tags", "board", "counts", "note", "doc", "log")
NAME_ENTRIES = (
    "eq:name:* É2",
    "eq:name.first:*",
    "eq:name.word:*",
    "eq:name.word:É2",
    "lex:name.ci",
    "eq:name+age:5:* É21:2",
    "uniq:name+email",
    "scored:name:* É2",
)
DAMAGES: dict[str, Callable[[redis.Redis], Expected]] = {
    "eq, of somebody else": _doing(("SADD", "{thing}:eq:name:zz", "3"), finds={("stale", "{thing}:eq:name:zz", "3")}),
    "eq, of nobody": _doing(
        ("SADD", "{thing}:eq:tags:t1", "nobody", "\xff:"),
        finds={("stale", "{thing}:eq:tags:t1", "nobody"), ("stale", "{thing}:eq:tags:t1", "\xff:")},
    ),
    "eq of a transform": _doing(
        ("SADD", "{thing}:eq:name.first:q", "3"), finds={("stale", "{thing}:eq:name.first:q", "3")}
    ),
    "eq of a sub-key": _doing(
        ("SADD", "{thing}:eq:heads:2:h1:zz", "2"),
        ("SADD", "{thing}:eq:heads:9:h1", "2"),
        finds={("stale", "{thing}:eq:heads:2:h1:zz", "2"), ("stale", "{thing}:eq:heads:9:h1", "2")},
    ),
    "uniq, of somebody else": _doing(
        ("HSET", "{thing}:uniq:email", "zz", "3"), finds={("stale", "{thing}:uniq:email", "3")}
    ),
    "uniq, taken by nobody": _doing(
        ("HSET", "{thing}:uniq:email", "4@x", "nobody"),
        finds={("stale", "{thing}:uniq:email", "nobody"), ("missing", "{thing}:uniq:email", "5")},
    ),
    "uniq, of two objects": _two_owners,
    "num, of nobody": _doing(("ZADD", "{thing}:num:age", 1, "nobody"), finds={("stale", "{thing}:num:age", "nobody")}),
    "num, of another score": _doing(("ZADD", "{thing}:num:age", 77, "4"), finds={("stale", "{thing}:num:age", "4")}),
    "num of a sub-key": _doing(
        ("ZADD", "{thing}:num:counts:*", 77, "4"),
        ("ZADD", "{thing}:num:counts:gone", 7, "4"),
        finds={("stale", "{thing}:num:counts:*", "4"), ("stale", "{thing}:num:counts:gone", "4")},
    ),
    "nums": _doing(
        ("ZADD", "{thing}:num:numbers", 1, "0.5:3", 9, "9:3", 9, "junk"),
        finds={("stale", "{thing}:num:numbers", "3"), ("stale", "{thing}:num:numbers", None)},
    ),
    "lex": _doing(
        ("ZADD", "{thing}:lex:tags", 0, "zz\0\x003", 0, "junk", 4, "t1\0\x002"),
        finds={
            ("stale", "{thing}:lex:tags", "3"),
            ("stale", "{thing}:lex:tags", None),
            ("stale", "{thing}:lex:tags", "2"),
        },
    ),
    "geo": _doing(
        ("GEOADD", "{thing}:geo:place", 1, 1, "4", 1, 1, "nobody"),
        finds={("stale", "{thing}:geo:place", "4"), ("stale", "{thing}:geo:place", "nobody")},
    ),
    "geos": _doing(("ZADD", "{thing}:geo:spots", 5, "5:4"), finds={("stale", "{thing}:geo:spots", "4")}),
    "scored": _doing(
        ("ZADD", "{thing}:scored:name:a b É1", 7, "2", 1, "4"),
        finds={("stale", "{thing}:scored:name:a b É1", "2"), ("stale", "{thing}:scored:name:a b É1", "4")},
    ),
    "eq of several fields": _doing(
        ("SADD", "{thing}:eq:name+age:junk", "2"), finds={("stale", "{thing}:eq:name+age:junk", "2")}
    ),
    "uniq of several fields": _doing(
        ("HSET", "{thing}:uniq:name+email", "junk", "2"), finds={("stale", "{thing}:uniq:name+email", "2")}
    ),
    "an index nobody declared": _doing(
        ("SADD", "{thing}:eq:gone:x", "2"),
        ("ZADD", "{thing}:num:age.old", 1, "2"),
        ("ZADD", "{thing}:scored:age:x", 1, "2"),
        ("SADD", "{thing}:eq:name", "2"),
        ("ZADD", "{thing}:num:age:x", 1, "2"),
        finds={
            ("orphan", f"{{thing}}:{key}", None)
            for key in ("eq:gone:x", "num:age.old", "scored:age:x", "eq:name", "num:age:x")
        },
    ),
    "an index that is not built": _doing(
        ("HSET", "{thing}:meta", "eq:name", "-"), finds={("unbuilt", "{thing}:meta", None)}
    ),
    "an index in another form": _doing(
        ("HSET", "{thing}:meta", "num:age", "old"),
        ("ZREM", "{thing}:num:age", "1", "2"),
        ("ZADD", "{thing}:num:age", 5, "nobody"),
        finds={("unbuilt", "{thing}:meta", None)},
    ),
    "an index declared once": _doing(
        ("HSET", "{thing}:meta", "eq:gone", "old"), finds={("undeclared", "{thing}:meta", None)}
    ),
    "data of nobody": _doing(
        ("SET", "{thing}:field:name:ghost", "x"),
        ("HSET", "{thing}:hash:a:b", "age", "1"),
        ("XADD", "{thing}:field:log:", "*", "a", "b"),
        finds={
            ("half", "{thing}:field:name:ghost", "ghost"),
            ("half", "{thing}:hash:a:b", "a:b"),
            ("half", "{thing}:field:log:", ""),
        },
    ),
    "nobody's members": _doing(
        ("SADD", "{thing}:pks", "*", "\xff"), finds={("bare", "{thing}:pks", pk) for pk in ("*", "\xff")}
    ),
    "whom one refers to is gone": _gone_town,
    "keys that nothing explains": _doing(
        ("SET", "{thing}:foo", "x"),
        ("SET", "{thing}:", "x"),
        ("SET", "{thing}:nothing", "x"),
        ("SET", "{thing}:field:gone:3", "x"),
        ("SET", "{thing}:field:age:3", "x"),
        ("SET", "{thing}:field:name", "x"),
        ("SET", "{thing}:pks:x", "x"),
        ("SET", "{town}:seq", "7"),
        ("HSET", "{thing}:hash:3", "gone", "x"),
        finds={
            *(("unexplained", f"{{thing}}:{key}", None) for key in ("foo", "", "nothing", "field:name", "pks:x")),
            *(("unexplained", f"{{thing}}:field:{name}:3", None) for name in ("gone", "age")),
            ("unexplained", "{thing}:hash:3", "3"),
            ("unexplained", "{town}:seq", None),
        },
    ),
    "keys of another type": _doing(
        ("DEL", "{thing}:field:note:3", "{thing}:field:log:4"),
        ("RPUSH", "{thing}:field:note:3", "x"),
        ("SET", "{thing}:field:log:4", "x"),
        ("SET", "{thing}:eq:name:new", "x"),
        ("SADD", "{thing}:stored:x", "x"),
        finds={
            ("mistyped", "{thing}:field:note:3", "3"),
            ("mistyped", "{thing}:field:log:4", "4"),
            ("mistyped", "{thing}:eq:name:new", None),
            ("mistyped", "{thing}:stored:x", None),
        },
    ),
    "an indexed value of another type": _doing(
        ("DEL", "{thing}:field:numbers:3"),
        ("SET", "{thing}:field:numbers:3", "x"),
        finds={("mistyped", "{thing}:field:numbers:3", "3"), ("stale", "{thing}:num:numbers", "3")},
    ),
    "an index of another type": _doing(
        ("DEL", "{thing}:num:age"),
        ("SET", "{thing}:num:age", "x"),
        finds={("mistyped", "{thing}:num:age", None)},
    ),
    "what should not expire": _doing(
        ("EXPIRE", NAME, 1000),
        ("EXPIRE", "{thing}:hash:4", 1000),
        ("EXPIRE", "{thing}:lex:tags", 1000),
        ("EXPIRE", "{thing}:pks", 1000),
        ("EXPIRE", "{thing}:field:note:4", 1000),
        finds={
            ("expiring", NAME, "3"),
            ("expiring", "{thing}:hash:4", "4"),
            ("expiring", "{thing}:lex:tags", None),
            ("expiring", "{thing}:pks", None),
        },
    ),
    "what has expired": _doing(
        ("PEXPIREAT", "{thing}:field:keys:3", 1),
        finds={("stale", "{thing}:uniq:keys", "3")},
    ),
    "a collection that stays": _doing(
        ("RPUSH", "{thing}:stored:a:b", "1"),
        ("RPUSH", "{thing}:stored:c", "1"),
        ("EXPIRE", "{thing}:stored:c", 100),
        finds={("lasting", "{thing}:stored:a:b", None)},
    ),
    "inventories of dynamic fields": _doing(
        ("SREM", "{thing}:field:texts:3", "x:*"),
        ("SREM", "{thing}:field:marks:3", "a b"),
        ("SADD", "{thing}:field:marks:4", "a"),
        ("SADD", "{thing}:field:lists:4", "a"),
        finds={
            ("missing", "{thing}:field:texts:3", "3"),
            ("missing", "{thing}:field:marks:3", "3"),
            ("expired", "{thing}:field:marks:4", "4"),
            ("expired", "{thing}:field:lists:4", "4"),
        },
    ),
    "a counter that is behind": _doing(("SET", "{thing}:seq", 2), finds={("counter", "{thing}:seq", None)}),
    "no counter": _doing(("DEL", "{thing}:seq"), finds={("counter", "{thing}:seq", None)}),
    "a value that cannot be indexed": _doing(
        ("HSET", "{thing}:hash:3", "age", "junk"),
        finds={
            ("undecodable", "{thing}:hash:3", "3"),
            ("unindexable", "{thing}:hash:3", "3"),
            ("stale", "{thing}:num:age", "3"),
            ("unindexable", "{thing}:field:name:3", "3"),
            ("stale", "{thing}:eq:name+age:5:* É21:2", "3"),
            ("stale", "{thing}:scored:name:* É2", "3"),
        },
    ),
    "a value that breaks a constraint": _doing(
        ("SET", "{thing}:field:note:2", "much too long"),
        finds={("constraint", "{thing}:field:note:2", "2")},
    ),
    "values that are not of their type": _doing(
        ("SET", NAME, b"\xff"),
        ("HSET", "{thing}:hash:4", "place", "somewhere"),
        ("SADD", "{thing}:field:numbers:2", "many"),
        ("SADD", "{thing}:field:tags:2", b"\xfe"),
        ("ZADD", "{thing}:field:board:2", 1, "x"),
        ("HSET", "{thing}:field:counts:2", "*", "x"),
        ("SET", "{thing}:field:note:2", b"\xff"),
        ("SET", "{thing}:field:doc:2", "{"),
        ("XADD", "{thing}:field:log:2", "*", "a", b"\xff"),
        finds={
            *(
                ("undecodable", f"{{thing}}:{key}", key[-1])
                for key in ("field:name:3", "hash:4", *(f"field:{name}:2" for name in UNSOUND))
            ),
            *(("stale", f"{{thing}}:{key}", "3") for key in NAME_ENTRIES),
            ("unindexable", "{thing}:field:name:3", "3"),
            ("stale", "{thing}:geo:place", "4"),
            ("unindexable", "{thing}:hash:4", "4"),
            ("unindexable", "{thing}:field:numbers:2", "2"),
            ("unindexable", "{thing}:field:board:2", "2"),
            ("stale", "{thing}:num:counts:*", "2"),
            ("unindexable", "{thing}:field:counts:2", "2"),
        },
    ),
}
"""Each way: does it, and tells what is to be found, and nothing else."""

LOSING = {"half", "unexplained", "mistyped", "bare", "lasting"}
"""What takes data away to repair."""
UNREPAIRABLE = {"conflict", "unindexable", "undecodable", "constraint"}


def some_missing(client: redis.Redis, key: bytes) -> Expected:
    """Takes an entry out of an index by its key, past limpyd."""
    name, kind = key.decode(), key.split(b":")[1]
    if kind == b"eq":
        member = client.srandmember(key)
        client.srem(key, member)
        pk = member
    elif kind == b"uniq":
        entry, pk = next(iter(client.hgetall(key).items()))
        client.hdel(key, entry)
    else:
        member = client.zrange(key, 0, 0)[0]
        client.zrem(key, member)
        pk = member.rpartition(b"\0\0" if kind == b"lex" else b":")[2]
    return {("missing", name, pk.decode())}
