"""Random commands on indexed fields: for each kind of field all that can change it, and with which arguments."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from limpyd.fields.string import Get, IncrBy, Set
from limpyd.types import GeoPoint

TEXTS = st.sampled_from(["a", "a", "a", "b", "b", "1", "1", "", "2", "10", "a b", ":", "*", "é", "\0"])
FLOATS = st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 1.5, 2.0, -2.0, 1e20, 123456.1])
DECIMALS = st.sampled_from([Decimal("1.5"), Decimal("1.50"), Decimal(0), Decimal("-0.0"), Decimal(2)])
INTS = st.sampled_from([0, 1, 1, 2, -1, 10, 2**53, 2**60])  # the last one is more than a number index keeps
NUMERIC = st.sampled_from(["1", "1.0", "01", "1e0", "2", "-0", "0", "x", ""])
FOLDED = st.sampled_from(["a", "A", "é", "É", "ß", "SS", "ss", "\0A", "Ⅷ"])
BYTEWISE = st.sampled_from(["", "a", "a\0", "a\0b", "\0", "\0\0", "ab", "é"])
MOMENTS = st.sampled_from([
    datetime(2015, 6, 7, 8, 9, 10, tzinfo=UTC), datetime(2015, 6, 7, 8, 9, 10, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
])  # fmt: skip
POINTS = st.sampled_from([GeoPoint(0.0, 0.0), GeoPoint(13.36, 38.1), GeoPoint(-122.4, -41.2)])
SMALL = st.integers(-3, 3)
FEW = st.integers(0, 3)
FLAG = st.booleans()
SCORES = st.sampled_from([0, 1, 1.5, -2, float("inf")])
END = st.sampled_from(["LEFT", "RIGHT"])
SCORE_BOUNDS = st.sampled_from(["-inf", "+inf", 1, "(1", 1.5])
LEX_BOUNDS = st.sampled_from(["-", "+", "[a", "(b", "[1"])
IDS = st.sampled_from(["1-1", "2-1", "3-1", "9-9"])
PKS = st.sampled_from([1, 1, 2, 2, 3])  # 3 is of nobody, unless it is made


class Other(NamedTuple):
    """Another field, perhaps of another object, as an argument."""

    pk: int
    field: str


def call(*args: Any, **kwargs: Any) -> Any:
    """Arguments of a command."""
    return st.tuples(st.tuples(*args), st.fixed_dictionaries({}, optional=kwargs))


def several(*args: Any, each: Any, **kwargs: Any) -> Any:
    """Arguments of which the last ones are any number of one sort."""
    lists = st.lists(each, min_size=1, max_size=4)
    return st.tuples(
        st.tuples(st.tuples(*args), lists).map(lambda both: (*both[0], *both[1])),
        st.fixed_dictionaries({}, optional=kwargs),
    )


def other(*fields: str) -> Any:
    return st.builds(Other, PKS, st.sampled_from(fields))


NOTHING = call()
KEY = {"delete": NOTHING, "unlink": NOTHING}


def strings(values: Any, others: Any) -> dict[str, Any]:
    """What every string can do."""
    return {
        **KEY,
        "copy": call(others, replace=FLAG),
        "delifeq": call(values),
        "getdel": NOTHING,
        "getex": NOTHING,
        "getset": call(values),
        "set": call(values, nx=FLAG, get=FLAG),
        "setnx": call(values),
    }


def texts(values: Any, others: Any) -> dict[str, Any]:
    """What every string of text can do."""
    return {
        **strings(values, others),
        "append": call(values),
        "bitfield": several(each=st.sampled_from([Set("u8", 0, 97), IncrBy("u8", 8, 1), Get("u8", 0)])),
        "bitop": st.one_of(
            call(st.sampled_from(["AND", "OR", "XOR", "DIFF"]), others, others),
            call(st.just("NOT"), other("note")),
        ),
        "decr": call(SMALL),
        "decrby": call(SMALL),
        "incr": call(SMALL),
        "incrby": call(SMALL),
        "incrbyfloat": call(FLOATS),
        "setbit": call(st.integers(0, 20), st.integers(0, 1)),
        "setrange": call(FEW, TEXTS),
    }


TEXT = texts(TEXTS, other("text", "one", "note"))
NUMBER = {**strings(FLOATS, other("ratio", "rate")), "incrbyfloat": call(FLOATS)}
JSON_VALUES = st.sampled_from([None, 1, "a", [1, {"a": 2, "b": 3}], {"b": 3, "a": 2}])
JSON = {
    name: arguments for name, arguments in strings(JSON_VALUES, other("json")).items() if name not in {"delifeq", "set"}
} | {"set": call(JSON_VALUES, nx=FLAG)}


def entries(values: Any) -> dict[str, Any]:
    """What every entry of the instance's hash can do."""
    return {
        "delete": NOTHING,
        "hdel": NOTHING,
        "hgetdel": NOTHING,
        "hgetex": NOTHING,
        "hset": call(values),
        "hsetex": call(values, fnx=FLAG),
        "hsetnx": call(values),
        "set": call(values),
    }


ENTRY = {**entries(TEXTS), "hincrby": call(SMALL), "hincrbyfloat": call(FLOATS)}
COUNT = {**entries(INTS), "hincrby": call(SMALL)}
MONEY = {**entries(DECIMALS), "hincrbyfloat": call(st.sampled_from([0.5, -0.5, 1.0]))}


def sets(values: Any, others: Any, lists: Any) -> dict[str, Any]:
    return {
        **KEY,
        "copy": call(others, replace=FLAG),
        "sadd": several(each=values),
        "sdiffstore": several(each=others),
        "sinterstore": several(each=others),
        "smove": call(others, values),
        "sort_store": call(lists, alpha=st.just(True), desc=FLAG),
        "spop": st.one_of(NOTHING, call(FEW)),
        "spop_many": call(FEW),
        "srem": several(each=values),
        "sunionstore": several(each=others),
    }


def lists(values: Any, others: Any) -> dict[str, Any]:
    return {
        **KEY,
        "copy": call(others, replace=FLAG),
        "linsert": call(st.sampled_from(["BEFORE", "AFTER"]), values, values),
        "lmove": call(others, src=END, dest=END),
        "lmpop": call(END, FEW),
        "lpop": st.one_of(NOTHING, call(FEW)),
        "lpop_many": call(FEW),
        "lpush": several(each=values),
        "lpushx": several(each=values),
        "lrem": call(SMALL, values),
        "lset": call(SMALL, values),
        "ltrim": call(SMALL, SMALL),
        "rpop": st.one_of(NOTHING, call(count=FEW)),
        "rpop_many": call(FEW),
        "rpoplpush": call(others),
        "rpush": several(each=values),
        "rpushx": several(each=values),
        "sort_store": st.one_of(call(others, st.just(0), FEW), call(others, alpha=st.just(True), desc=FLAG)),
    }


def scored(values: Any, others: Any, sources: Any, lists: Any) -> dict[str, Any]:
    conditions = {"nx": FLAG, "xx": FLAG, "gt": FLAG, "lt": FLAG}
    return {
        **KEY,
        "copy": call(others, replace=FLAG),
        "sort_store": call(lists, alpha=st.just(True)),
        "zadd": st.one_of(
            call(st.dictionaries(values, SCORES, min_size=1, max_size=4), ch=FLAG, **conditions),
            call(st.dictionaries(values, SCORES, min_size=1, max_size=1), incr=st.just(True), **conditions),
        ),
        "zadd_incr": call(values, SCORES, **conditions),
        "zdiffstore": several(each=sources),
        "zincrby": call(SCORES, values),
        "zinterstore": several(each=sources, aggregate=st.sampled_from(["SUM", "MIN", "MAX"])),
        "zmpop": st.one_of(call(min=st.just(True), count=FEW), call(max=st.just(True), count=FEW)),
        "zpopmax": call(FEW),
        "zpopmin": call(FEW),
        "zrangestore": st.one_of(
            call(others, SMALL, SMALL, desc=FLAG),
            call(others, SCORE_BOUNDS, SCORE_BOUNDS, byscore=st.just(True)),
        ),
        "zrem": several(each=values),
        "zremrangebylex": call(LEX_BOUNDS, LEX_BOUNDS),
        "zremrangebyrank": call(SMALL, SMALL),
        "zremrangebyscore": call(SCORE_BOUNDS, SCORE_BOUNDS),
        "zunionstore": several(each=sources),
    }


def hashes(values: Any, others: Any) -> dict[str, Any]:
    return {
        **KEY,
        "copy": call(others, replace=FLAG),
        "hdel": several(each=TEXTS),
        "hgetdel": several(each=TEXTS),
        "hgetex": several(each=TEXTS),
        "hincrby": call(TEXTS, SMALL),
        "hincrbyfloat": call(TEXTS, FLOATS),
        "hmset": call(st.dictionaries(TEXTS, values, max_size=4)),
        "hset": st.one_of(call(TEXTS, values), call(mapping=st.dictionaries(TEXTS, values, max_size=4))),
        "hsetex": call(mapping=st.dictionaries(TEXTS, values, max_size=4), fnx=FLAG, fxx=FLAG),
        "hsetnx": call(TEXTS, values),
    }


PLACES = st.tuples(st.sampled_from([0, 13.36, -122.4]), st.sampled_from([0, 38.1, -41.2]))
GEO = {
    **scored(TEXTS, other("places", "spots"), other("places", "spots", "tags"), other("queue", "bag")),
    "geoadd": call(st.dictionaries(TEXTS, PLACES, min_size=1, max_size=3), nx=FLAG, ch=FLAG),
    "geosearchstore": call(
        other("places", "spots"), longitude=st.just(13), latitude=st.just(38), radius=st.sampled_from([1, 900, 30000]),
        unit=st.just("km"), count=st.integers(1, 2),
    ),
}  # fmt: skip

FIELDS = {
    "text": TEXT,
    "one": TEXT,
    "ratio": NUMBER,
    "rate": NUMBER,
    "json": JSON,
    "price": MONEY,
    "entry": ENTRY,
    "only": ENTRY,
    "plain": ENTRY,
    "tags": sets(TEXTS, other("tags", "own_tags", "loose"), other("queue", "bag")),
    "own_tags": sets(TEXTS, other("tags", "own_tags", "loose"), other("queue", "bag")),
    "prices": sets(DECIMALS, other("prices"), other("coins")),
    "queue": lists(TEXTS, other("queue", "own_queue", "bag")),
    "own_queue": lists(TEXTS, other("queue", "own_queue", "bag")),
    "coins": lists(DECIMALS, other("coins")),
    "board": scored(TEXTS, other("board", "own_board"), other("board", "own_board", "tags"), other("queue", "bag")),
    "own_board": scored(TEXTS, other("board", "own_board"), other("board", "own_board", "tags"), other("own_queue")),
    "ratios": scored(FLOATS, other("ratios"), other("ratios"), other("floats")),
    "heads": hashes(TEXTS, other("heads", "own_heads", "loose_heads")),
    "own_heads": hashes(TEXTS, other("heads", "own_heads", "loose_heads")),
    "rates": {name: args for name, args in hashes(FLOATS, other("rates")).items() if name != "hincrby"},
    "places": GEO,
    "age": COUNT,
    "levels": lists(INTS, other("levels")),
    "sizes": {name: args for name, args in hashes(INTS, other("sizes")).items() if name != "hincrbyfloat"},
    "marks": sets(NUMERIC, other("marks", "loose"), other("bag")),
    "bytewise": texts(BYTEWISE, other("bytewise", "note")),
    "names": sets(FOLDED, other("names", "loose"), other("bag", "labels")),
    "handles": sets(FOLDED, other("handles", "names", "loose"), other("bag", "labels")),
    "ranks": scored(FOLDED, other("ranks"), other("ranks", "names"), other("labels")),
    "title": texts(FOLDED, other("title", "note")),
    "words": texts(TEXTS, other("words", "note")),
    "labels": lists(FOLDED, other("labels", "bag")),
    "first": ENTRY,
    "second": texts(TEXTS, other("second", "note")),
    "team": ENTRY,
    "created": entries(MOMENTS),
    "where": entries(POINTS),
    "spots": GEO,
    "loose": {"sadd": several(each=TEXTS)},
    "bag": {"rpush": several(each=TEXTS)},
    "loose_heads": {"hset": call(TEXTS, TEXTS)},
    "note": {"set": call(TEXTS)},
    "visitors": {"pfadd": several(each=TEXTS), "pfmerge": several(each=other("visitors"))},
    "log": {
        "xadd": call(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=2), IDS, maxlen=st.just(1)),
        "xtrim": call(FEW, approximate=st.just(False)),
        "xsetid": call(IDS),
        "copy": call(other("log"), replace=FLAG),
    },
}
VALUES = {
    "text": TEXTS,
    "one": TEXTS,
    "entry": TEXTS,
    "only": TEXTS,
    "tags": st.lists(TEXTS, max_size=3),
    "own_tags": st.lists(TEXTS, max_size=2),
    "own_queue": st.lists(TEXTS, max_size=2),
    "own_board": st.dictionaries(TEXTS, SCORES, max_size=2),
    "own_heads": st.dictionaries(TEXTS, TEXTS, max_size=2),
    "ratios": st.dictionaries(FLOATS, SCORES, max_size=2),
    "coins": st.lists(DECIMALS, max_size=3),
    "age": INTS,
    "levels": st.lists(INTS, max_size=2),
    "sizes": st.dictionaries(TEXTS, INTS, max_size=2),
    "marks": st.lists(NUMERIC, max_size=3),
    "bytewise": BYTEWISE,
    "names": st.lists(FOLDED, max_size=3),
    "handles": st.lists(FOLDED, max_size=2),
    "ranks": st.dictionaries(FOLDED, SCORES, max_size=2),
    "title": FOLDED,
    "words": TEXTS,
    "labels": st.lists(FOLDED, max_size=3),
    "first": TEXTS,
    "second": TEXTS,
    "team": TEXTS,
    "created": MOMENTS,
    "where": POINTS,
    "spots": st.dictionaries(TEXTS, PLACES, max_size=2),
}
ON_MODEL = {
    "hmset": call(entry=TEXTS, only=TEXTS, plain=TEXTS, first=TEXTS, age=INTS, team=TEXTS, created=MOMENTS),
    "hdel": several(each=st.sampled_from(["entry", "only", "plain", "first", "age", "team", "where"])),
    "delete": NOTHING,
    "create": call(**VALUES),
    "get_or_create": call(text=TEXTS, defaults=st.fixed_dictionaries({}, optional=VALUES)),
}


PAIRS = [(name, command) for name, commands in {**FIELDS, None: ON_MODEL}.items() for command in commands]
random.Random(5).shuffle(PAIRS)
LENGTH = 15


STRETCHES = [PAIRS[start : start + LENGTH] for start in range(0, len(PAIRS), LENGTH)]
"""Left to itself hypothesis prefers some commands, and leaves others out; so each stretch is tried on its own."""
INSTANCES = st.sampled_from([1, 1, 1, 1, 2, 2, 3, 0])  # some are of nobody; 0 is one that has no primary key yet


def steps_of(stretch: list[Any]) -> Any:
    """The commands of a stretch in any order, with random arguments."""
    return st.permutations(stretch).flatmap(
        lambda pairs: st.tuples(
            *(
                st.tuples(
                    INSTANCES, st.tuples(st.just(name), st.just(command), (FIELDS.get(name) or ON_MODEL)[command])
                )
                for name, command in pairs
            )
        )
    )
