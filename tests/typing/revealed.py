"""What type checkers must say of each line; `make check` reads the comments (tools/type_checks.py). Not run."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar, Literal, NamedTuple, Self, TypeVar, reveal_type
from uuid import UUID

from limpyd import (
    SORTED_SCORE,
    ChangeFeed,
    Collection,
    CollectionCore,
    DynamicFKInstanceHashField,
    DynamicFKStringField,
    DynamicHashField,
    DynamicInstanceHashField,
    DynamicListField,
    DynamicM2MListField,
    DynamicM2MSetField,
    DynamicM2MSortedSetField,
    DynamicSetField,
    DynamicSortedSetField,
    DynamicStringField,
    EqualIndex,
    FKInstanceHashField,
    FKStringField,
    GeoField,
    GeoIndex,
    GeoPoint,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    M2MSetField,
    PKField,
    RedisDatabase,
    RedisModel,
    Reverse,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
    TypedModel,
    VersionField,
)
from limpyd.asyncio import AsyncCollection, AsyncRedisDatabase, AsyncRedisModel, AsyncTypedModel
from limpyd.fields.string import Get, IncrBy
from limpyd.otel import trace_requests
from limpyd.testing import AssertRequests, LimpydUse, assert_requests
from limpyd.tracing import RequestEvent, log_request, on_request

Item = TypeVar("Item")
M = TypeVar("M")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int


class Life(NamedTuple):
    name: str
    age: int | None


class Fields:
    name = StringField()
    age = StringField(type=int, indexable=True)
    raw = StringField(type=bytes, indexable=True)
    uid = InstanceHashField(type=UUID, unique=True)
    at = InstanceHashField(type=datetime)
    price = StringField(type=Decimal, default=Decimal(1))
    colour = InstanceHashField(type=Colour, default=lambda: Colour.RED)
    note = InstanceHashField()
    strict = StringField(type=str)
    words = SetField(type=str, indexable=True)
    given = InstanceHashField(default=5, indexable=True)
    made = StringField(default=lambda: 5)
    tags = SetField()
    numbers = SetField(type=int, indexable=True)
    queue = ListField(type=UUID)
    lines = ListField()
    board = SortedSetField(type=Colour)
    names = SortedSetField()
    headers = HashField()
    rates = HashField(type=float, unique=True)
    places = GeoField(type=int)
    log = StreamField()
    levels = StreamField(type=int)
    visitors = HyperLogLogField(type=date)
    crowd = HyperLogLogField()
    spots = GeoField()
    place = InstanceHashField(type=GeoPoint, indexes=[GeoIndex])
    title = StringField(indexes=[TextRangeIndex(prefix="ci", case_sensitive=False), EqualIndex])
    point = JSONField(type=Point, default=lambda: Point(1))
    scores = JSONField(type=list[int])
    either: JSONField[int | str] = JSONField(type=int | str)
    data = JSONField()


class Person(Fields, RedisModel):
    database = RedisDatabase()
    code = PKField()


class AsyncPerson(Fields, AsyncRedisModel):
    database = AsyncRedisDatabase()
    code = PKField()


person = Person(code="x", name="y")
reveal_type(person)  # Person
reveal_type(person.name.get())  # str | None
reveal_type(person.age.get())  # int | None
reveal_type(person.raw.get())  # bytes | None
reveal_type(person.uid.hget())  # UUID | None
reveal_type(person.at.get())  # datetime | None
reveal_type(person.price.get())  # Decimal | None
reveal_type(person.colour.hget())  # Colour | None
reveal_type(person.note.hget())  # str | None
reveal_type(person.strict.get())  # str | None
reveal_type(person.given.get())  # str | None
reveal_type(Person.strict)  # StringField[str]
reveal_type(Person.given)  # InstanceHashField[Untyped]
reveal_type(person.strict.set("x", get=True))  # str | None
reveal_type(person.name.set(5))  # bool
reveal_type(person.name.set(b"x", ex=5, get=True))  # str | None
reveal_type(person.name.set(1.5, ifeq=Decimal(1)))  # bool
reveal_type(person.name.getset(5))  # str | None
reveal_type(person.name.append(5))  # int
reveal_type(person.note.hset(Decimal("1.5")))  # bool
reveal_type(person.tags.sadd(1, "a", b"c", 1.5, Decimal(1)))  # int
reveal_type(person.tags.smembers())  # set[str]
reveal_type(person.tags.smismember(list(person.tags)))  # list[bool]
reveal_type(person.tags.sinter(person.words))  # set[str]
reveal_type(person.words.sinter(person.tags))  # set[str]
reveal_type(5 in person.tags)  # bool
reveal_type(person.lines.rpush(1, "a"))  # int
reveal_type(person.lines.lpop())  # str | None
reveal_type(person.lines.linsert("BEFORE", 5, b"x"))  # int
reveal_type(person.names.zadd({5: 1, "a": 2.5}))  # int
reveal_type(person.names.zadd(dict.fromkeys(person.tags.smembers(), 1)))  # int
reveal_type(person.names.zscore(5))  # float | None
reveal_type(person.headers.hset("a", 5))  # int
reveal_type(person.headers.hset(5, b"a"))  # int
reveal_type(person.headers.hmset(dict.fromkeys(person.tags.smembers(), 1), b=1.5))  # bool
reveal_type(person.headers.hmget(5, "a"))  # list[str | None]
reveal_type(person.headers.hgetall())  # dict[str, str]
reveal_type(person.log.xadd({"a": 5, "b": b"x"}))  # str
reveal_type(person.log.xrange()[0].fields)  # dict[str, str]
reveal_type(person.crowd.pfadd(5, "a"))  # bool
reveal_type(person.spots.geoadd({5: (1, 2)}))  # int
reveal_type(person.spots.geodist(5, b"x"))  # float | None
reveal_type(person.spots.geosearch("5", radius=5))  # list[str]
reveal_type(person._pk)  # str | None
reveal_type(person.age.set(3))  # bool
reveal_type(person.age.set(3, ex=5, get=True))  # int | None
reveal_type(person.age.getset(3))  # int | None
reveal_type(person.age.incr(2))  # int
reveal_type(person.price.incrbyfloat(2))  # float
reveal_type(person.name.getrange(0, 1))  # str
reveal_type(person.name.delete())  # bool
reveal_type(person.name.ttl())  # int
reveal_type(person.code.get())  # str
reveal_type(person.pk.get())  # str
reveal_type(person.hmget("note"))  # list[Any]
reveal_type(person.hmset(note="x"))  # bool
reveal_type(person.hgetall())  # dict[str, Any]
reveal_type(person.values())  # dict[str, Any]
reveal_type(person.values("note", "age"))  # dict[str, Any]
reveal_type(person.row(Point))  # Point
reveal_type(person.row(Life))  # Life
reveal_type(person.delete())  # None
reveal_type(Person.name)  # StringField[Untyped]
reveal_type(Person.age)  # StringField[int]
reveal_type(Person.uid)  # InstanceHashField[UUID]
reveal_type(Person.get(1))  # Person
reveal_type(Person.get(1.5))  # Person
reveal_type(Person.create(name="x"))  # Person
reveal_type(Person.get_or_connect(name="x"))  # Person
reveal_type(Person.get_or_create(name="x"))  # tuple[Person, bool]
reveal_type(Person.lazy_connect(1))  # Person
reveal_type(Person.from_pks([1]))  # list[Person]
reveal_type(Person.exists(1))  # bool
reveal_type(list(Person.collection()))  # list[str]
reveal_type(list(Person.instances()))  # list[Person]
reveal_type(Person.collection(name="x").instances()[0])  # Person
reveal_type(Person.collection()[1:2])  # list[str]
reveal_type(Person.instances().filter(name="x").primary_keys()[0])  # str
reveal_type(Person.collection().count())  # int

reveal_type(Person.age >= 3)  # Expression
reveal_type(Person.age + 1)  # Computed[int]
reveal_type(2 * Person.age - Person.age)  # Computed[int]
reveal_type(Person.age * 0.5)  # Computed[float]
reveal_type(Person.price - Person.age)  # Computed[Decimal]
reveal_type(Person.strict + "x")  # Computed[str]
reveal_type("x" + Person.name)  # Computed[str]
reveal_type(Person.at - Person.at)  # Computed[timedelta]
reveal_type(Person.age + 1 < Person.age)  # Expression
reveal_type(person.update(age=Person.age + 1, if_=Person.age < 10))  # int | None
reveal_type(Person.collection().update(age=-Person.age, if_=Person.age + 1 > 3))  # int
reveal_type(Person.name == "x")  # Expression
reveal_type((Person.name == "x") & ~(Person.age != 3) | Person.tags.contains("a"))  # Expression
reveal_type(Person.headers["from"].startswith("a"))  # Expression
reveal_type(Person.at.part("year").between(2000, 2010))  # Expression
reveal_type(Person.pk.in_([1, 2]))  # Expression
reveal_type(Person.collection(Person.age >= 3, name="x"))  # Collection[str, Person]
reveal_type(Person.collection().filter(Person.age >= 3).exclude(name="x"))  # Collection[str, Person]
reveal_type(Person.collection().sort(by="-age", alpha=True).intersect(["1"])[0])  # str
reveal_type(Person.collection().instances(prefetch=["name"])[0].prefetched)  # Mapping[str, Any]
reveal_type(Person.collection().instances(lazy=True)[1:])  # list[Person]
reveal_type(Person.collection().values("name", "age")[0])  # dict[str, Any]
reveal_type(Person.collection().values_list("name", SORTED_SCORE)[0])  # tuple[Any, ...]
reveal_type(Person.collection().values_list("name", flat=True))  # Collection[Any, Person]
reveal_type(Person.collection().rows(Point))  # Collection[Point, Person]
reveal_type(Person.instances().rows(Life)[0])  # Life
reveal_type(Person.instances().first())  # Person | None
reveal_type(Person.collection().last())  # str | None
reveal_type(Person.collection().rows(Point).get())  # Point
reveal_type(Person.instances().page(size=2))  # Page[Person]
reveal_type(Person.collection().page().cursor)  # str | None
reveal_type(Person.collection().rows(Life).page(after="x").items)  # list[Life]
reveal_type(list(Person.instances().iterate(chunk=10)))  # list[Person]
reveal_type(Person.collection().max("age"))  # Any
reveal_type(Person.collection().count_by("age"))  # dict[Any, int]
reveal_type(Person.collection().delete())  # int
reveal_type(Person.collection().update(age=3))  # int
reveal_type(Person.instances().store(ttl=None))  # Collection[Person, Person]
reveal_type(Person.collection().from_stored("x"))  # Collection[str, Person]
reveal_type(Person.collection().stored_key)  # str | None
reveal_type(Person.collection().explain().warnings)  # list[str]
reveal_type(Person.rebuild_indexes())  # None
reveal_type(Person.check(repair="all"))  # Report
reveal_type(Person.database.check(repair=["stale"]).of("half"))  # list[Finding]
Person.check(repair=["nonsense"])  # refused
reveal_type(Person.clear_indexes())  # None
reveal_type(person.place.hget())  # GeoPoint | None
reveal_type(person.places.geopos(1))  # list[GeoPoint | None]
reveal_type(Person.place)  # InstanceHashField[GeoPoint]

reveal_type(person.numbers.sadd(1, 2))  # int
reveal_type(person.numbers.smembers())  # set[int]
reveal_type(person.tags.spop())  # str | None
reveal_type(person.tags.spop_many(2))  # set[str]
reveal_type(person.numbers.sinter(person.numbers))  # set[int]
reveal_type(list(person.numbers.sscan()))  # list[int]
reveal_type(list(person.numbers))  # list[int]
reveal_type(len(person.numbers))  # int
reveal_type(1 in person.numbers)  # bool
reveal_type(person.numbers.sort_get("#", "x_*"))  # list[tuple[str | None, ...]]
reveal_type(Person.numbers)  # SetField[int]
reveal_type(person.queue.lrange(0, -1))  # list[UUID]
reveal_type(person.queue[0])  # UUID
reveal_type(person.queue[1:])  # list[UUID]
reveal_type(person.queue.blpop(1))  # UUID | None
reveal_type(person.lines.lmove(person.lines))  # str | None
reveal_type(person.lines.lpos("x"))  # int | None
reveal_type(person.board.zadd({Colour.RED: 1}))  # int
reveal_type(person.names.zadd({"a": 1}, b=2))  # int
reveal_type(person.board.zrange(0, -1))  # list[Colour]
reveal_type(person.board.zpopmin())  # list[tuple[Colour, float]]
reveal_type(person.board.zscore(Colour.RED))  # float | None
reveal_type(list(person.board.zscan()))  # list[tuple[Colour, float]]
reveal_type(person.board.zunionstore(person.board))  # int
reveal_type(person.rates.hget("a"))  # float | None
reveal_type(person.rates.hgetall())  # dict[str, float]
reveal_type(list(person.headers.hscan()))  # list[tuple[str, str]]
reveal_type(person.headers.hexpire(60, "a"))  # list[int]
reveal_type(person.places.geosearch(1, radius=5))  # list[int]
reveal_type(person.places.geodist(1, 2, "km"))  # float | None
reveal_type(person.log.xadd({"a": "b"}))  # str
reveal_type(person.log.xadd_nomkstream({"a": "b"}))  # str | None
reveal_type(person.levels.xrange()[0].fields)  # dict[str, int]
reveal_type(next(iter(person.levels)).fields)  # dict[str, int]
reveal_type(person.levels.xreadgroup("g", "c", block=1)[0].id)  # str
reveal_type(person.levels.xautoclaim("g", "c", 0).entries[0].fields["a"])  # int
reveal_type(person.log.xclaim_justid("g", "c", 0, ["1-1"]))  # list[str]
reveal_type(Person.levels)  # StreamField[int]
reveal_type(person.name.copy(person.name))  # bool
reveal_type(person.name.dump())  # bytes | None
reveal_type(person.name.lcs(person.name))  # str
reveal_type(person.raw.substr(1))  # bytes
reveal_type(person.raw.bitfield(Get("u8", 0), IncrBy("i5", "#1", 1, overflow="SAT")))  # list[int | None]
reveal_type(person.raw.bitop("AND", person.raw))  # int
reveal_type(person.name.set("x", ifeq="y", get=True))  # str | None
reveal_type(person.uid.hexpire(10))  # bool
reveal_type(person.uid.hgetex(ex=1))  # UUID | None
reveal_type(person.visitors.pfcount(person.visitors))  # int
reveal_type(person.data.get())  # Any | None
reveal_type(person.point.get())  # Point | None
reveal_type(person.point.set(Point(1), get=True))  # Point | None
reveal_type(person.scores.getdel())  # list[int] | None
reveal_type(person.either.get())  # int | str | None
reveal_type(Person.point)  # JSONField[Point]


async def main() -> None:  # noqa: PLR0915 - a line for each type
    person = await AsyncPerson.create(name="y")
    reveal_type(person)  # AsyncPerson
    _waiting: object = reveal_type(person.age.get())  # Coroutine[Any, Any, int | None]
    reveal_type(await person.name.get())  # str | None
    reveal_type(await person.uid.hget())  # UUID | None
    reveal_type(await person.age.set(3))  # bool
    reveal_type(await person.age.set(3, get=True))  # int | None
    reveal_type(await person.age.incr())  # int
    reveal_type(await person.pk.get())  # str
    reveal_type(await person.hgetall())  # dict[str, Any]
    reveal_type(await person.delete())  # None
    reveal_type(await AsyncPerson.get(1))  # AsyncPerson
    reveal_type(await AsyncPerson.get_or_create(name="x"))  # tuple[AsyncPerson, bool]
    reveal_type(await AsyncPerson.from_pks([1]))  # list[AsyncPerson]
    reveal_type([pk async for pk in AsyncPerson.collection()])  # list[str]
    reveal_type([one async for one in AsyncPerson.instances()])  # list[AsyncPerson]
    reveal_type(await AsyncPerson.collection()[0])  # str
    reveal_type(await AsyncPerson.instances()[1:])  # list[AsyncPerson]
    reveal_type(await AsyncPerson.collection().all())  # list[str]
    reveal_type(AsyncPerson.age >= 3)  # Expression
    reveal_type(AsyncPerson.collection(AsyncPerson.age >= 3))  # AsyncCollection[str, AsyncPerson]
    reveal_type((await AsyncPerson.collection().instances(prefetch=["name"])[0]).prefetched)  # Mapping[str, Any]
    reveal_type(await AsyncPerson.collection().values("name").all())  # list[dict[str, Any]]
    reveal_type(await AsyncPerson.collection().values_list("name")[0])  # tuple[Any, ...]
    reveal_type(AsyncPerson.collection().values_list("name", flat=True))  # AsyncCollection[Any, AsyncPerson]
    reveal_type(await AsyncPerson.collection().rows(Point).all())  # list[Point]
    reveal_type(await (await AsyncPerson.get(1)).values("note"))  # dict[str, Any]
    reveal_type(await (await AsyncPerson.get(1)).row(Point))  # Point
    reveal_type(await AsyncPerson.collection().sort(by="age").first())  # str | None
    reveal_type(await AsyncPerson.instances().get())  # AsyncPerson
    reveal_type(await AsyncPerson.instances().page(size=2))  # Page[AsyncPerson]
    reveal_type([one async for one in AsyncPerson.instances().iterate()])  # list[AsyncPerson]
    reveal_type(await AsyncPerson.collection().count_by("age"))  # dict[Any, int]
    reveal_type(await AsyncPerson.collection().delete())  # int
    reveal_type(await AsyncPerson.collection().update(age=3))  # int
    reveal_type(await AsyncPerson.instances().store())  # AsyncCollection[AsyncPerson, AsyncPerson]
    reveal_type((await AsyncPerson.collection().explain()).round_trips)  # int
    reveal_type(await AsyncPerson.rebuild_indexes())  # None
    _checking: object = reveal_type(AsyncPerson.check())  # Coroutine[Any, Any, Report]
    reveal_type(await AsyncPerson.database.check(True))  # Report
    reveal_type(await person.place.hget())  # GeoPoint | None
    reveal_type(await person.numbers.smembers())  # set[int]
    reveal_type([number async for number in person.numbers.sscan()])  # list[int]
    reveal_type(await person.queue.lpop())  # UUID | None
    reveal_type(await person.board.zrange_withscores(0, -1))  # list[tuple[Colour, float]]
    reveal_type(await person.board.zrange(0, -1, withscores=True))  # list[tuple[Colour, float]]
    reveal_type(await person.board.zrank(Colour.RED, withscore=True))  # tuple[int, float] | None
    reveal_type(await person.board.zadd({Colour.RED: 1}, incr=True))  # float | None
    reveal_type(await person.board.zrandmember(2, withscores=True))  # list[tuple[Colour, float]]
    reveal_type(await person.board.zunion([person.board], withscores=True))  # list[tuple[Colour, float]]
    reveal_type(await person.numbers.spop(2))  # set[int]
    reveal_type(await person.numbers.spop())  # int | None
    reveal_type(await person.queue.lpop(2))  # list[UUID]
    reveal_type(await person.rates.hrandfield(2, withvalues=True))  # list[tuple[str, float]]
    reveal_type(await person.rates.hmget("a"))  # list[float | None]
    reveal_type(await person.places.geohash(1))  # list[str | None]
    reveal_type((await person.levels.xread(0))[0].fields)  # dict[str, int]
    reveal_type((await person.log.xpending("g")).consumers)  # dict[str, int]
    reveal_type(await person.point.get())  # Point | None
    reveal_type(await person.uid.hgetdel())  # UUID | None
    reveal_type(await person.raw.bitfield(Get("u8", 0)))  # list[int | None]


async def without_types(person: AsyncPerson) -> None:
    _setting: object = reveal_type(person.name.set(5))  # Coroutine[Any, Any, bool]
    reveal_type(await person.name.set(5, get=True))  # str | None
    reveal_type(await person.strict.set("x"))  # bool
    reveal_type(await person.note.hset(1.5))  # bool
    reveal_type(await person.tags.sadd(5, b"x"))  # int
    reveal_type(await person.tags.smembers())  # set[str]
    reveal_type(await person.names.zadd({5: 1}))  # int
    reveal_type(await person.headers.hset("a", 5))  # int
    reveal_type(await person.lines.lrange(0, -1))  # list[str]
    reveal_type(await AsyncPerson.exists(Decimal(1)))  # bool


# Arguments that choose another result.
reveal_type(person.board.zrange(0, -1, withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zrange(0, -1, desc=True))  # list[Colour]
reveal_type(person.board.zrange(0, -1, withscores=False))  # list[Colour]
reveal_type(person.board.zrevrange(0, -1, withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zrangebyscore(0, "+inf", 0, 1, withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zrevrangebyscore(9, 0, withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zrank(Colour.RED))  # int | None
reveal_type(person.board.zrevrank(Colour.RED, withscore=True))  # tuple[int, float] | None
reveal_type(person.board.zinter(person.board))  # list[Colour]
reveal_type(person.board.zinter([person.board], weights=[1, 2], withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zdiff(person.board, withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zrandmember())  # Colour | None
reveal_type(person.board.zrandmember(2))  # list[Colour]
reveal_type(person.board.zrandmember(2, withscores=True))  # list[tuple[Colour, float]]
reveal_type(person.board.zadd({Colour.RED: "1.5"}))  # int
reveal_type(person.board.zadd({Colour.RED: 1}, incr=True))  # float | None
reveal_type(person.numbers.spop())  # int | None
reveal_type(person.numbers.spop(3))  # set[int]
reveal_type(person.numbers.srandmember(3))  # list[int]
reveal_type(person.queue.lpop())  # UUID | None
reveal_type(person.queue.rpop(count=3))  # list[UUID]
reveal_type(person.lines.lpos("x"))  # int | None
reveal_type(person.lines.lpos("x", count=0))  # list[int]
reveal_type(person.numbers.sort())  # list[int]
reveal_type(person.numbers.sort(get="#"))  # list[str | None]
reveal_type(person.numbers.sort(get=["#", "a:*"], groups=True))  # list[tuple[str | None, ...]]
reveal_type(person.lines.sort(alpha=True, store=person.lines))  # int
reveal_type(person.rates.hrandfield())  # str | None
reveal_type(person.rates.hrandfield(2))  # list[str]
reveal_type(person.rates.hrandfield(2, withvalues=True))  # list[tuple[str, float]]
reveal_type(person.name.lcs(person.name))  # str
reveal_type(person.name.lcs(person.name, len=True))  # int
reveal_type(person.name.lcs(person.name, idx=True).length)  # int
reveal_type(person.places.geosearch(member=1, radius=2))  # list[int]
reveal_type(person.places.geosearch(member=1, radius=2, withdist=True))  # list[list[Any]]
reveal_type(person.log.xadd({"a": "b"}))  # str
reveal_type(person.log.xadd({"a": "b"}, nomkstream=True))  # str | None
reveal_type(person.log.xclaim("g", "c", 0, ["1-1"], justid=True))  # list[str]
reveal_type(person.log.xautoclaim("g", "c", 0, justid=True))  # ClaimedIds
reveal_type(person.log.xinfo_stream(full=True))  # dict[str, Any]

# Mistakes: each line must be refused.
person.age.set("x")  # refused
person.strict.set(b"x")  # refused
person.strict.set(5)  # refused
person.strict.append(3)  # refused
Person.strict + 1  # refused
Person.age + "x"  # refused
Person.at + Person.at  # refused
Person.collection().update(age=1, if_=3)  # refused
person.name.set(None)  # refused
person.name.set(["x"])  # refused
person.name.set(date(2020, 1, 1))  # refused
person.name.append(None)  # refused
person.name = "x"  # refused
person.nmae = "x"  # refused
person.name.set("x", nope=True)  # refused
person.name.get(1)  # refused
person.colour.hset("red")  # refused
person.name = "x"  # refused
StringField(type=int, default="x")  # refused by mypy
StringField(default=None)
StringField(default=["x"])  # refused
person.tags.sadd(None)  # refused
person.words.sadd(1)  # refused
person.tags.sinter(person.numbers)  # refused
person.tags.sinter(person.lines)  # refused
person.queue.rpush("x")  # refused
person.lines.linsert("BESIDE", "a", "b")  # refused
person.board.zadd({"red": 1})  # refused
person.board.zadd({Colour.RED: 1}, True)  # refused
person.board.zadd({"red": 1}, incr=True)  # refused
person.board.zrange(0, -1, True)  # refused
person.board.zrange("[a", "[b", bylex=True, withscores=True)  # refused
person.board.zrangebyscore(0, 1, withscore=True)  # refused
person.board.zrank("red", withscore=True)  # refused
person.board.zrandmember(withscores=True)  # refused
person.tags.spop("x")  # refused
person.queue.lpos("x", count=0)  # refused
person.name.set("x", 1, None, True)  # refused
person.name.expire(1, True)  # refused
person.lines.sort(store=person.tags)  # refused
person.age.incr("x")  # refused
person.board.zadd({Colour.RED: b"1"})  # refused
person.rates.hset("a", "b")  # refused
person.places.geodist(1, 2, "parsec")  # refused
SetField(default={"a"})  # refused
person.levels.xadd({"a": "x"})  # refused
person.log.xadd({"a": None})  # refused
person.log.xadd({"a": None}, nomkstream=True)  # refused
StreamField(type=int, indexable=True)  # refused
person.point.set({"x": 1})  # refused
person.visitors.pfadd("x")  # refused
person.raw.bitfield_ro("GET u8 0")  # refused
person.raw.bitfield_ro(IncrBy("u8", 0, 1))  # refused
person.raw.bitop("NAND", person.raw)  # refused
person.name.lcs(person.raw)  # refused
person.strict.set("x", ifeq=3)  # refused
person.name.set("x", ifeq=None, nope=3)  # refused
HyperLogLogField(indexable=True)  # refused
JSONField(type=Point, default=3)  # refused by mypy
Person.get([1])  # refused
Person.collection("x")  # refused
Person.collection().filter(1)  # refused
Person.collection().page(size="x")  # refused
Person.collection().values(1)  # refused
(Person.age >= 3) & True  # refused
Person.age.between(3)  # refused
StringField(indexes=[int])  # refused
Person.lazy_connect(None)  # refused


with Person.database.pipeline() as pipe:
    reveal_type(pipe.add(person.age.get))  # Pending[int | None]
    reveal_type(pipe.add(person.delete))  # Pending[None]
    reveal_type(pipe.add(Person.get, 1))  # Pending[Person]
    reveal_type(pipe.add(Person.collection().count))  # Pending[int]
    reveal_type(pipe.add(person.age.incr, 3).value)  # int
    pipe.add(person.age.incr, "x")  # refused
    added = pipe.add(person.age.incr, 3)
    person.age.incr(added)
    person.age.incrbyfloat(-added)
    person.age.incr(pipe.add(person.name.get))  # refused
    reveal_type(pipe.execute())  # list[Any]
    reveal_type(pipe.set("key", 1).get("key"))  # Pipeline
    reveal_type(Person.database.pipeline(transaction=True, autoexecute=False))  # Pipeline
    Person.database.pipeline(autoexecute="no")  # refused


async def collected(person: AsyncPerson) -> None:
    async with AsyncPerson.database.pipeline() as pipe:
        reveal_type(pipe.add(person.age.get))  # Pending[int | None]
        reveal_type(pipe.add(AsyncPerson.create, name="x"))  # Pending[AsyncPerson]
        pipe.add(person.age.get, 3)  # refused
    async with AsyncPerson.database.transaction() as transaction:
        reveal_type(transaction.add(AsyncPerson.collection().all))  # Pending[list[str]]


async def forgotten(person: AsyncPerson) -> None:
    person.age.get()  # refused
    person.delete()  # refused
    AsyncPerson.collection().delete()  # refused
    AsyncPerson.collection().count()  # refused
    person.tags.sadd("x")  # refused


class Versioned(RedisModel):
    database = RedisDatabase()
    note = StringField()
    version = VersionField()


class AsyncVersioned(AsyncRedisModel):
    database = AsyncRedisDatabase()
    note = StringField()
    version = VersionField()


versioned = Versioned(note="x")
reveal_type(versioned.version.get())  # int | None
versioned.version.hset(3)  # refused
reveal_type(versioned.update(note="y", if_version=1))  # int | None
reveal_type(Versioned.update(1, note="y", if_version=1))  # int | None
versioned.update(1, note="y")  # refused
Versioned.update(note="y")  # refused
versioned.update(note="y", if_version="1")  # refused
reveal_type(Versioned.bulk_create([{"note": "x"}], on_conflict="skip"))  # BulkCreated
reveal_type(Versioned.bulk_update([(1, {"note": "x"}), {"pk": 2, "note": "y"}]))  # BulkUpdated
reveal_type(Versioned.bulk_delete([1, "2", versioned]))  # BulkDeleted
Versioned.bulk_create([{"note": "x"}], on_conflict="ignore")  # refused


async def several(versioned: AsyncVersioned) -> None:
    reveal_type(await versioned.version.get())  # int | None
    _waiting: object = reveal_type(versioned.update(note="y", if_version=1))  # Coroutine[Any, Any, int | None]
    reveal_type(await AsyncVersioned.update(1, note="y"))  # int | None
    await versioned.update(1, note="y")  # refused
    await AsyncVersioned.update(note="y")  # refused
    versioned.update(note="y")  # refused
    reveal_type(await AsyncVersioned.bulk_create([{"note": "x"}]))  # BulkCreated
    reveal_type(await AsyncVersioned.bulk_delete([1]))  # BulkDeleted


class Dynamic:
    texts = DynamicStringField()
    ages = DynamicStringField(int, indexable=True)
    entries = DynamicInstanceHashField()
    marks = DynamicInstanceHashField(type=UUID, unique=True)
    heads = DynamicHashField()
    rows = DynamicListField(pattern=r"row_(\w+)")
    tags = DynamicSetField()
    ids = DynamicSetField(type=UUID)
    boards = DynamicSortedSetField()
    rivals = DynamicM2MSetField("Game", related_name="rivals_of")
    winner = DynamicFKInstanceHashField(Person)
    loser = DynamicFKStringField(Person, "lost", pattern=r"(\w+)_loser")
    order = DynamicM2MListField(Person, "ordered")
    points = DynamicM2MSortedSetField(Person, "pointed", unique=True)


class Game(Dynamic, RedisModel):
    database = RedisDatabase()


class AsyncGame(Dynamic, AsyncRedisModel):
    database = AsyncRedisDatabase()


game = Game()
reveal_type(Game.texts)  # DynamicStringField[Untyped]
reveal_type(Game.ages("x"))  # ValueField[int]
reveal_type(game.texts("x").get())  # str | None
reveal_type(game.texts.get_for(5).set(5, get=True))  # str | None
reveal_type(game.texts.versions())  # set[str]
reveal_type(game.texts.delete())  # int
reveal_type(game.texts.get_name_for("x"))  # str
reveal_type(game.ages("x").get())  # int | None
reveal_type(game.entries("x").hget())  # str | None
reveal_type(game.marks("x").hget())  # UUID | None
reveal_type(game.heads("x").hgetall())  # dict[str, str]
reveal_type(game.rows("x").lpop(2))  # list[str]
reveal_type(game.tags("x").smembers())  # set[str]
reveal_type(game.ids("x").smembers())  # set[UUID]
reveal_type(game.boards("x").zrange(0, -1, withscores=True))  # list[tuple[str, float]]
reveal_type(game.winner(person).instance())  # Person | None
reveal_type(game.loser("x").instance())  # Person | None
reveal_type(game.order("x")().instances()[0])  # Person
reveal_type(game.order("x").lrange(0, -1))  # list[str]
reveal_type(game.points("x").zscore(person))  # float | None
reveal_type(game.rivals("x").smembers())  # set[str]
game.ages("x").set("y")  # refused
DynamicM2MSetField(Person, on_delete="clear")  # refused
game.texts.get_for(b"x")  # refused
DynamicStringField(int, default=5)  # refused
DynamicSetField(patern="x")  # refused


async def dynamic(game: AsyncGame) -> None:
    reveal_type(await game.texts("x").get())  # str | None
    reveal_type(await game.ages("x").get())  # int | None
    reveal_type(await game.entries("x").hget())  # str | None
    reveal_type(await game.ids("x").smembers())  # set[UUID]
    reveal_type(await game.winner("x").instance())  # Person | None
    reveal_type(await game.texts.versions())  # set[str]
    reveal_type([part async for part in game.texts.scan_versions("x*", 5)])  # list[str]


def seen(event: RequestEvent) -> None:
    reveal_type(event.name)  # str
    reveal_type(event.model)  # str | None
    reveal_type(event.operations)  # tuple[Operation, ...]
    batch: Literal["pipeline", "transaction"] | None = event.batch
    retry: Literal["noscript", "stale", "reconnect", "redirected"] | None = event.retry
    print(batch, retry)
    reveal_type(event.batch_size)  # int
    reveal_type(event.duration)  # float
    reveal_type(event.error)  # BaseException | None
    reveal_type(event.database.address.port)  # int | None
    reveal_type(event.database.slow_request)  # float | None


async def awaited(event: RequestEvent) -> None: ...


def named(event: str) -> None: ...


with Person.database.on_request(seen) as registration:
    reveal_type(registration)  # Registration
reveal_type(AsyncPerson.database.on_request(seen))  # Registration
reveal_type(on_request(seen).remove())  # None
reveal_type(trace_requests(Person.database))  # Registration
reveal_type(RedisDatabase(slow_request=0.5).address)  # Address
Person.database.on_request(log_request)
Person.database.on_request(named)  # refused
Person.database.on_request(awaited)  # refused
RedisDatabase(slow_request="1")  # refused
Person.database.slow_request = "1"  # refused


class Live(CollectionCore[Item, M]):
    def live(self) -> Self:
        return self.filter(name="x").sort(by="-age")


class Games(Live[str, "Game"], Collection[str, "Game"]):
    def default_scope(self) -> Self:
        return self.filter(age__gt=1)


class Shared(Collection[str, M]):
    def aged(self, age: int) -> Self:
        return self.filter(age=age)


class Match(RedisModel):
    collection_manager = Games


class Final(Match):
    pass


class Draw(RedisModel):
    collection_manager = Shared["Draw"]


class AsyncShared(AsyncCollection[str, M]):
    def aged(self, age: int) -> Self:
        return self.filter(age=age)


class AsyncDraw(AsyncRedisModel):
    collection_manager = AsyncShared["AsyncDraw"]


reveal_type(Match.collection.live().unscoped())  # Games
reveal_type(Match.collection(age=3).live().instances()[0])  # Game
reveal_type(Final.collection)  # Games
reveal_type(Draw.collection.aged(3))  # Shared[Draw]
reveal_type(Draw.collection.aged(3).instances().first())  # Draw | None
reveal_type(AsyncDraw.collection(age=2).aged(3))  # AsyncShared[AsyncDraw]
reveal_type(Person.collection)  # Collection[str, Person]
reveal_type(AsyncPerson.collection(age=1).instances())  # AsyncCollection[AsyncPerson, AsyncPerson]
Match.collection.dead()  # refused


# Models whose constructors are known, and references whose type argument names the model.
class Tracked(TypedModel):
    abstract = True
    made_at: InstanceHashField[datetime] = InstanceHashField(type=datetime)


class Author(Tracked):
    database = RedisDatabase()
    name: InstanceHashField[str] = InstanceHashField(type=str, unique=True)
    age: StringField[int] = StringField(type=int, default=18)
    tags: SetField[str] = SetField(type=str)
    scores: SortedSetField[str] = SortedSetField(type=str)
    limits: HashField[int] = HashField(type=int)
    books: ClassVar[Reverse[Book]]
    read: ClassVar[Reverse[Book]]


class Book(TypedModel):
    database = RedisDatabase()
    author: FKInstanceHashField[Author] = FKInstanceHashField(to=Author, related_name="books")
    editor: FKStringField[Author] = FKStringField["Author"]("library:Author")
    readers: M2MSetField[Author] = M2MSetField["Author"](related_name="read")


class AsyncBook(AsyncTypedModel):
    database = AsyncRedisDatabase()
    title: InstanceHashField[str] = InstanceHashField(type=str)
    sequel: FKInstanceHashField[AsyncBook] = FKInstanceHashField["AsyncBook"](on_delete="cascade")
    asyncbook_set: ClassVar[Reverse[AsyncBook]]


author = Author(name="Ada", age=None, tags=["a"], scores={"a": 1}, limits={"x": 3}, made_at=datetime.now(UTC))
reveal_type(author)  # Author
reveal_type(Author.create(name="Ada"))  # Author
reveal_type(author.age.get())  # int | None
reveal_type(author.tags.smembers())  # set[str]
book = Book(author=author, editor="1", readers=[author, 2])
reveal_type(book.author.instance())  # Author | None
reveal_type(book.editor.instance())  # Author | None
reveal_type(book.readers().instances()[0])  # Author
reveal_type(author.books().instances()[0])  # Book
reveal_type(author.books.sadd(book))  # int
reveal_type(author.read())  # Collection[str, Book]
reveal_type(FKStringField["Author"]())  # FKStringField[Author]
FKStringField[Author](on_delet="x")  # refused
Author(nme="Ada")  # refused
Author(name=3)  # refused
Author(tags=[3])  # refused
Author(scores=["a"])  # refused
Author.create(age="x")  # refused
Book(author=book)  # refused
Author(1)  # refused
author.name = "x"  # refused


async def typed(book: AsyncBook) -> None:
    reveal_type(await AsyncBook.create(title="x", sequel=book))  # AsyncBook
    reveal_type(await book.sequel.instance())  # AsyncBook | None
    reveal_type(await book.asyncbook_set().instances().first())  # AsyncBook | None
    await AsyncBook.create(title=3)  # refused
    await AsyncBook.create(titel="x")  # refused


async def awaited_in_a_block(person: AsyncPerson) -> None:
    async with AsyncPerson.database.pipeline():
        await person.age.set(3)
        age = person.age.get()
    reveal_type(await age)  # int | None


reveal_type(Match.update_or_create(name="x", defaults={"age": 3}))  # tuple[Match, bool]
reveal_type(Draw.collection.page(before="x").previous)  # str | None
Draw.collection.count_by("age", order="name")  # refused
Match.name / 2  # refused


def typed_test(limpyd_use: LimpydUse, requests_are: AssertRequests) -> None:
    reveal_type(limpyd_use(Match.database))  # Any
    with requests_are(1) as requests:
        reveal_type(requests)  # Requests


typed_test(assert_requests, assert_requests)  # refused


class Fed(RedisModel):
    database = RedisDatabase()
    changes = ChangeFeed(["name"])
    name = InstanceHashField()


class AsyncFed(AsyncRedisModel):
    database = AsyncRedisDatabase()
    changes = ChangeFeed()


reveal_type(Fed.changes("0"))  # ChangeReader
reveal_type([change.fields for change in Fed.changes(block=0)])  # list[tuple[str, ...]]
reveal_type(Fed.changes(group="g"))  # GroupReader
Fed.changes(consumer="a")  # refused


async def followed() -> None:
    async for change in AsyncFed.changes(group="g"):
        reveal_type(change.version)  # int | None
    reveal_type(await AsyncFed.changes.delete_group("g"))  # bool
