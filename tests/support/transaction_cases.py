"""What can change a value: a case, or several, for each command that may be in a transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from limpyd import (
    GeoField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    RedisModel,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
)
from limpyd.fields.string import IncrBy, Set

PAST = datetime(2001, 1, 1, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
LONG = timedelta(days=10)


class Of(NamedTuple):
    """A field of the second object, or of another one, as an argument."""

    field: str
    pk: int = 2


class Case(NamedTuple):
    """A command on a field of the first object, or of the one that has expiries everywhere (`lasting`)."""

    field: str
    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    lasting: bool = False

    def __str__(self) -> str:
        given = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.options.items())]
        return f"{'lasting.' * self.lasting}{self.field}.{self.method}({', '.join(given)})"


def case(name: str, *args: Any, **options: Any) -> Case:
    field, method = name.split(".")
    return Case(field, method, args, options)


def declared(at: Any) -> type[RedisModel]:
    """The model that cases are about."""

    class Thing(RedisModel):
        database = at
        unique = InstanceHashField(unique=True)
        folded = StringField(indexes=[TextRangeIndex(case_sensitive=False)])
        text = StringField()
        number = StringField(type=int)
        ratio = StringField(type=float)
        other_text = StringField()
        json = JSONField()
        entry = InstanceHashField()
        count = InstanceHashField(type=int)
        rate = InstanceHashField(type=float)
        props = HashField()
        numbers = HashField(type=int)
        rates = HashField(type=float)
        queue = ListField()
        tags = SetField()
        board = SortedSetField()
        places = GeoField()
        visitors = HyperLogLogField()
        log = StreamField()
        found_text = StringField(indexable=True)
        found_entry = InstanceHashField(indexable=True)
        found_props = HashField(indexable=True)
        found_queue = ListField(indexable=True)
        found_tags = SetField(unique=True)
        found_board = SortedSetField(indexable=True)
        absent = StringField()
        absent_entry = InstanceHashField()
        absent_props = HashField()
        absent_queue = ListField()
        absent_tags = SetField()
        absent_board = SortedSetField()
        absent_log = StreamField()

    return Thing


KEYS = ("text", "props", "queue", "tags", "board", "places", "visitors", "log")
SINGLES = ("text", "props", "queue", "tags", "board", "log")

FIRST: dict[str, Any] = {
    "unique": "1",
    "folded": "e",
    "text": "abc",
    "number": 5,
    "ratio": 0.5,
    "json": {"a": 1},
    "entry": "abc",
    "count": 5,
    "rate": 0.5,
    "props": {"a": "1", "b": "2"},
    "numbers": {"a": 1},
    "rates": {"a": 0.5},
    "queue": ["a", "b", "a", "c"],
    "tags": ["a", "b"],
    "board": {"a": 1, "b": 2.5},
    "places": {"a": (13.36, 38.1), "b": (2, 48)},
    "visitors": ["a", "b"],
    "found_text": "abc",
    "found_entry": "abc",
    "found_props": {"a": "1", "b": "2"},
    "found_queue": ["a", "b", "a"],
    "found_tags": ["a", "b"],
    "found_board": {"a": 1, "b": 2.5},
}
SECOND: dict[str, Any] = {
    "unique": "2",
    "other_text": "xyz",
    "text": "xyz",
    "props": {"c": "3"},
    "queue": ["x", "c"],
    "tags": ["b", "y"],
    "board": {"b": 7, "x": 1},
    "places": {"c": (2, 49)},
    "visitors": ["x"],
    "found_tags": ["x"],
}


def fill(model: Any, *, field_expiry: bool) -> None:
    """Makes the objects: the first, the second, and the third, which is as the first, with expiries everywhere."""
    model(**FIRST)
    model(**SECOND)
    lasting = {name: value for name, value in FIRST.items() if not name.startswith(("found", "unique"))}
    model(unique="3", **lasting)
    for pk in (1, 2, 3):
        thing = model.lazy_connect(pk)
        for number in range(1, 5 + pk):
            thing.log.xadd({"a": str(number)}, f"{number}-1")
        thing.log.xgroup_create("g", 0)
        thing.log.xreadgroup("g", "one", count=3)
        thing.log.xdel("2-1")
    third = model.lazy_connect(3)
    for field in (*KEYS, "number", "ratio", "json", "numbers", "rates"):
        getattr(third, field).expire(LONG)
    if field_expiry:
        for field in ("entry", "count", "rate"):
            getattr(third, field).hexpire(LONG)
        for field in ("props", "numbers", "rates"):
            getattr(third, field).hexpire(LONG, "a")


def expiring(field: str) -> list[Case]:
    """Each way to let the value of a field with a key of its own expire."""
    return [
        case(f"{field}.expire", LONG),
        case(f"{field}.expire", LONG, nx=True),
        case(f"{field}.expire", 0),
        case(f"{field}.pexpire", LONG),
        case(f"{field}.pexpire", -1),
        case(f"{field}.expireat", LATER),
        case(f"{field}.expireat", PAST),
        case(f"{field}.pexpireat", LATER),
        case(f"{field}.pexpireat", PAST),
    ]


ENTRY_EXPIRY = [
    case("entry.hexpire", LONG),
    case("entry.hexpire", 0),
    case("entry.hpexpire", LONG),
    case("entry.hpexpire", 0),
    case("entry.hexpireat", LATER),
    case("entry.hexpireat", PAST),
    case("entry.hpexpireat", LATER),
    case("entry.hpexpireat", PAST),
    case("entry.hsetex", "abc", ex=LONG),
    case("entry.hsetex", "new", pxat=LATER),
    case("entry.hsetex", "new", exat=PAST),
    case("entry.hsetex", "new"),
    case("absent_entry.hsetex", "new", ex=LONG),
    case("entry.hgetex", ex=LONG),
    case("entry.hgetex", exat=PAST),
    case("entry.hgetdel"),
    case("props.hexpire", LONG, "a"),
    case("props.hexpire", 0, "a", "b"),
    case("props.hpexpire", LONG, "a", "b", "c"),
    case("props.hpexpire", 0, "a"),
    case("props.hexpireat", LATER, "a"),
    case("props.hexpireat", PAST, "a", "b"),
    case("props.hpexpireat", LATER, "a"),
    case("props.hpexpireat", PAST, "b"),
    case("props.hsetex", mapping={"a": "1"}, ex=LONG),
    case("props.hsetex", mapping={"a": "x", "c": "y"}, pxat=LATER),
    case("props.hsetex", mapping={"a": "x"}, exat=PAST),
    case("absent_props.hsetex", mapping={"a": "x"}, ex=LONG),
    case("props.hgetex", "a", ex=LONG),
    case("props.hgetex", "a", "b", pxat=PAST),
    case("props.hgetdel", "a", "b"),
]
ON_LASTING = [
    *(case(f"{field}.persist") for field in KEYS),
    *(case(f"{field}.expire", 1000, lt=True) for field in KEYS),
    case("text.getex", persist=True),
    case("text.set", "new"),
    case("text.set", "new", keepttl=True),
    case("text.getset", "new"),
    case("text.append", "x"),
    case("text.setex", 1000, "x"),
    case("tags.srem", "a", "b"),
    case("queue.lpop_many", 9),
    case("queue.lmove", Of("queue"), src="LEFT", dest="RIGHT"),
    case("tags.smove", Of("tags"), "a"),
    case("tags.sunionstore", Of("tags")),
    case("board.zpopmin", 9),
    case("props.hdel", "a", "b"),
    case("props.hset", "a", "new"),
    case("log.xadd", {"a": "b"}, "9-9"),
]
ON_LASTING_ENTRIES = [
    case("entry.hpersist"),
    case("entry.hgetex", persist=True),
    case("entry.hset", "abc"),
    case("entry.hsetex", "abc"),
    case("entry.hdel"),
    case("count.hincrby", 2),
    case("rate.hincrbyfloat", 0.5),
    case("props.hpersist", "a", "b"),
    case("props.hgetex", "a", persist=True),
    case("props.hset", mapping={"a": "1", "c": "2"}),
    case("props.hsetex", mapping={"a": "1"}),
    case("props.hdel", "a"),
    case("props.delete"),
    case("props.copy", Of("props"), replace=True),
    case("props.expire", 0),
    case("numbers.hincrby", "a", 2),
    case("rates.hincrbyfloat", "a", 2.5),
]

STRINGS = [
    case("text.append", "d"),
    case("text.delete"),
    case("text.unlink"),
    case("text.copy", Of("text"), replace=True),
    case("text.copy", Of("absent")),
    case("text.bitfield", Set("u8", 0, 97), IncrBy("u8", 8, 1)),
    case("text.bitop", "XOR", Of("text"), Of("other_text")),
    case("text.setbit", 3, 1),
    case("text.setrange", 9, "x"),
    case("text.delifeq", "abc"),
    case("text.getdel"),
    case("text.getex", ex=LONG),
    case("text.getex", exat=LATER),
    case("text.getex", pxat=PAST),
    case("text.getset", "new"),
    case("text.set", "new"),
    case("text.set", "abc", ex=LONG),
    case("text.set", "new", pxat=PAST),
    case("absent.set", "new", px=LONG),
    case("text.setex", LONG, "new"),
    case("text.psetex", LONG, "new"),
    case("absent.setnx", "new"),
    case("number.incr"),
    case("number.incrby", 3),
    case("number.decr"),
    case("number.decrby", 3),
    case("number.set", 7, ex=LONG),
    case("ratio.incrbyfloat", 0.25),
    case("json.set", {"b": 2}),
    case("json.delete"),
    case("found_text.set", "new"),
    case("found_text.append", "new"),
]
ENTRIES = [
    case("entry.hset", "new"),
    case("entry.hdel"),
    case("absent_entry.hset", "new"),
    case("absent_entry.hsetnx", "new"),
    case("count.hincrby", 3),
    case("rate.hincrbyfloat", 0.25),
    case("found_entry.hset", "new"),
    case("found_entry.hdel"),
    case("props.hset", mapping={"a": "x", "c": "y"}),
    case("props.hsetnx", "c", "y"),
    case("props.hdel", "a", "b"),
    case("numbers.hincrby", "a", 3),
    case("rates.hincrbyfloat", "b", 0.25),
    case("found_props.hset", "a", "x"),
    case("found_props.hdel", "a", "b"),
    case("found_props.delete"),
]
LISTS = [
    method
    for field in ("queue", "found_queue")
    for method in (
        case(f"{field}.linsert", "AFTER", "a", "x"),
        case(f"{field}.linsert", "BEFORE", "b", "x"),
        case(f"{field}.lmove", Of("queue"), src="LEFT", dest="RIGHT"),
        case(f"{field}.lmove", Of("absent_queue"), src="RIGHT", dest="LEFT"),
        case(f"{field}.lmpop", "RIGHT", count=2),
        case(f"{field}.lpop"),
        case(f"{field}.lpop_many", 9),
        case(f"{field}.rpop"),
        case(f"{field}.rpop_many", 2),
        case(f"{field}.lpush", "x", "a"),
        case(f"{field}.rpush", "x", "a"),
        case(f"{field}.lpushx", "x"),
        case(f"{field}.rpushx", "x"),
        case(f"{field}.lrem", 0, "a"),
        case(f"{field}.lset", 1, "x"),
        case(f"{field}.ltrim", 1, 1),
        case(f"{field}.ltrim", 5, 1),
        case(f"{field}.delete"),
        case(f"{field}.unlink"),
        case(f"{field}.copy", Of("queue"), replace=True),
        case(f"{field}.sort_store", Of("queue"), alpha=True),
        case(f"{field}.sort_store", Of("found_queue"), alpha=True),
    )
]
SETS = [
    case("tags.sadd", "b", "c"),
    case("absent_tags.sadd", "b", "c"),
    case("tags.srem", "a", "x"),
    case("tags.smove", Of("tags"), "a"),
    case("tags.smove", Of("tags"), "b"),
    case("tags.smove", Of("absent_tags"), "b"),
    case("found_tags.smove", Of("tags"), "b"),
    case("found_tags.smove", Of("found_tags"), "b"),
    case("tags.spop_many", 5),
    case("found_tags.spop_many", 5),
    case("tags.sunionstore", Of("tags")),
    case("absent_tags.sunionstore", Of("tags")),
    case("tags.sinterstore", Of("tags"), Of("found_tags")),
    case("tags.sdiffstore", Of("tags")),
    case("found_tags.sadd", "b", "c"),
    case("found_tags.srem", "a", "x"),
    case("found_tags.sdiffstore", Of("tags")),
    case("tags.delete"),
    case("tags.copy", Of("absent_tags")),
]
SORTED_SETS = [
    method
    for field in ("board", "found_board")
    for method in (
        case(f"{field}.zadd", {"a": 5, "c": -0.5}),
        case(f"{field}.zadd", {"a": float("inf"), "b": 9}, xx=True),
        case(f"{field}.zadd_incr", "a", 2),
        case(f"{field}.zincrby", 0.1, "a"),
        case(f"{field}.zrem", "a", "b"),
        case(f"{field}.zpopmin"),
        case(f"{field}.zpopmax"),
        case(f"{field}.zpopmin", 9),
        case(f"{field}.zmpop", min=True, count=2),
        case(f"{field}.zremrangebyrank", 0, 0),
        case(f"{field}.zremrangebyscore", 1, 2),
        case(f"{field}.zremrangebylex", "[a", "[a"),
        case(f"{field}.zrangestore", Of("board"), 0, 0),
        case(f"{field}.zunionstore", Of("board")),
        case(f"{field}.zinterstore", Of("board"), Of("board")),
        case(f"{field}.zdiffstore", Of("board")),
        case(f"{field}.delete"),
        case(f"{field}.copy", Of("board"), replace=True),
        case(f"{field}.sort_store", Of("queue"), alpha=True),
    )
]
OTHERS = [
    case("places.geoadd", {"a": (1, 2), "c": (3, 4)}),
    case("places.geosearchstore", Of("places"), longitude=2, latitude=48, radius=900, unit="km"),
    case("visitors.pfadd", "c"),
    case("visitors.pfcount"),
    case("visitors.pfmerge", Of("visitors")),
    case("visitors.copy", Of("visitors"), replace=True),
]
STREAMS = [
    case("log.xadd", {"a": "b"}, "9-9"),
    case("log.xadd", {"a": "b"}, "9-9", maxlen=1, approximate=False),
    case("log.xadd_nomkstream", {"a": "b"}, "9-9"),
    case("absent_log.xadd", {"a": "b"}, "9-9"),
    case("log.xdel", "1-1", "5-1"),
    case("log.xdelex", "1-1", ref_policy="DELREF"),
    case("log.xtrim", 1, approximate=False),
    case("log.xtrim", minid="4-1", approximate=False),
    case("log.xsetid", "9-9", entries_added=50, max_deleted_id="7-7"),
    case("log.xack", "g", "1-1", "2-1"),
    case("log.xackdel", "g", "1-1", ref_policy="DELREF"),
    case("log.xclaim", "g", "two", 0, ["1-1", "2-1"]),
    case("log.xclaim", "g", "two", 0, ["5-1"], force=True),
    case("log.xclaim_justid", "g", "two", 0, ["1-1"], retrycount=7),
    case("log.xautoclaim", "g", "two", 0),
    case("log.xautoclaim_justid", "g", "two", 0, count=1),
    case("log.xreadgroup", "g", "one"),
    case("log.xreadgroup", "g", "two", count=1),
    case("log.xreadgroup", "g", "two", noack=True),
    case("log.xgroup_create", "h", 0),
    case("absent_log.xgroup_create", "h", 0, mkstream=True),
    case("log.xgroup_createconsumer", "g", "two"),
    case("log.xgroup_delconsumer", "g", "one"),
    case("log.xgroup_destroy", "g"),
    case("log.xgroup_setid", "g", 0, entries_read=2),
    case("log.copy", Of("log"), replace=True),
    case("log.copy", Of("absent_log")),
    case("log.delete"),
]
SOUND = [
    *(each for field in SINGLES for each in expiring(field)),
    *STRINGS,
    *ENTRIES,
    *LISTS,
    *SETS,
    *SORTED_SETS,
    *OTHERS,
    *STREAMS,
    *(each._replace(lasting=True) for each in ON_LASTING),
]
REFUSED = [
    case("tags.smove", Of("found_tags"), "a"),
    case("tags.copy", Of("found_tags"), replace=True),
    case("log.xadd", {"a": "b"}, "1-1"),
    case("log.xgroup_create", "g"),
    case("log.xgroup_setid", "nobody", 0),
]
"""What is refused by itself."""
WITH_FIELD_EXPIRY = [*ENTRY_EXPIRY, *(each._replace(lasting=True) for each in ON_LASTING_ENTRIES)]
CASES = [*SOUND, *WITH_FIELD_EXPIRY]


def method_of(each: Case, model: Any) -> Any:
    """The method that a case calls."""
    return getattr(type(getattr(model.lazy_connect(1), each.field)), each.method)


def action(each: Case, model: Any) -> Callable[[], Any]:
    """A case, ready to be called."""
    target = getattr(model.lazy_connect(3 if each.lasting else 1), each.field)
    args = [getattr(model.lazy_connect(arg.pk), arg.field) if isinstance(arg, Of) else arg for arg in each.args]
    return lambda: getattr(target, each.method)(*args, **each.options)
