"""JSONField: every command on both faces and all servers; which values and types it takes needs no server."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest

from limpyd import StringField
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    InvalidValue,
    StoredValueError,
    UniquenessError,
    UnsupportedCommand,
)
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.json import BoundJSON, JSONField
from tests.support import command_calls as calls
from tests.support.expected_indexes import inconsistencies, state
from tests.support.listing import public

MOMENT = dt.datetime(2020, 2, 29, 12, tzinfo=dt.UTC)

ANY = [
    None,
    True,
    0,
    1.5,
    -(2**63),
    2**80,
    "",
    "a\0b",
    "\N{PILE OF POO}",
    [],
    {},
    [1, [None, {"a": "*"}]],
    {"{x}:y": 1},
]


@dataclass
class Point:
    x: int
    y: float = 0.0
    tags: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Bare:
    x: int


class Tree(msgspec.Struct):
    name: str
    children: list[Tree] = []


class Pair(NamedTuple):
    left: int
    right: str


class Options(TypedDict, total=False):
    depth: int


class User(pydantic.BaseModel):
    name: str = pydantic.Field(alias="full name")
    born: dt.date | None = None
    roles: frozenset[str] = frozenset()
    friends: list[User] = []
    score: float = 0.0


class Unknown:
    pass


@pytest.fixture
def thing(face):
    class Thing(face.Model):
        database = face.database
        data = JSONField()
        numbers = JSONField(type=list[int])
        point = JSONField(type=Point, indexable=True)
        user = JSONField(type=User, unique=True)
        listed = JSONField(type=dict[str, int], default=lambda: {"a": 1}, indexable=True)
        text = StringField()

    return Thing


@pytest.fixture
async def one(face, thing):
    return await face.do(thing.create(text="x"))


class TestCommands:
    async def test_any_value(self, face, one):
        assert await face.do(one.data.get()) is None
        for value in ANY:
            assert await face.do(one.data.set(value)) is True
            found = await face.do(one.data.get())
            assert found == value
            assert type(found) is type(value)
        await face.do(one.data.set({"b": "\N{PILE OF POO}", "a": [1]}))
        assert face.client.get(one.data.key).decode() == '{"a":[1],"b":"\N{PILE OF POO}"}'
        assert await face.do(one.data.strlen()) == 20

    async def test_setting_and_getting(self, face, one):
        numbers = one.numbers
        assert await face.do(numbers.setnx([1])) is True
        assert await face.do(numbers.setnx([2])) is False
        assert await face.do(numbers.set([2], xx=True, get=True)) == [1]
        assert await face.do(numbers.getset([3])) == [2]
        assert await face.do(numbers.setex(100, [4])) is True
        assert await face.do(numbers.ttl()) > 90
        assert await face.do(numbers.psetex(100_000, [5])) is True
        assert await face.do(numbers.getex(persist=True)) == [5]
        assert await face.do(numbers.ttl()) == -1
        assert await face.do(numbers.getdel()) == [5]
        assert await face.do(numbers.getdel()) is None

    async def test_what_does_not_fit(self, face, one):
        await face.do(one.numbers.set([1]))
        with face.sent() as sent:
            for wrong in (["x"], [1.5], [True], (1,), "1", None, {1: 1}, [math.nan]):
                for call in (one.numbers.set, one.numbers.setnx, one.numbers.getset):
                    await face.refused(InvalidValue, lambda call=call, wrong=wrong: call(wrong), match="Thing.numbers")
                await face.refused(InvalidValue, lambda wrong=wrong: one.numbers.setex(1, wrong))
            for wrong in (math.nan, [math.inf], {1, 2}, (1, 2), b"a", dt.date(2020, 1, 1), {1: 2}, Point(1), "\ud800"):
                await face.refused(InvalidValue, lambda wrong=wrong: one.data.set(wrong))
        assert sent.names == []
        assert await face.do(one.numbers.get()) == [1]

    async def test_what_is_stored_and_does_not_fit(self, face, one):
        for stored in (b"", b"{", b'["x"]', b"null", b"\xff", b"[" * 100_000, b"[1] [2]"):
            face.client.set(one.numbers.key, stored)
            error = await face.refused(StoredValueError, one.numbers.get, match=r"Thing.numbers.*list\[int\]")
            assert error.key == one.numbers.key
        face.client.set(one.user.key, b'{"name": "no alias"}')
        await face.refused(StoredValueError, one.user.get, match="User")
        face.client.set(one.data.key, b"NaN")
        await face.refused(StoredValueError, one.data.get, match="JSON")

    async def test_expiry_of_an_indexed_field_is_refused(self, face, one):
        for wrong in (
            lambda: one.point.set(Point(1), ex=1),
            lambda: one.point.setex(1, Point(1)),
            lambda: one.point.getex(px=1),
            lambda: one.point.expire(1),
        ):
            await face.refused(UnsupportedCommand, wrong)

    async def test_commands_that_would_break_it(self, one):
        for name in ("append", "incr", "setrange", "getrange", "setbit", "bitop", "lcs"):
            assert not hasattr(one.data, name)

    async def test_copy_to_the_same_type_only(self, face, thing, one):
        other = await face.do(thing.create())
        await face.do(one.numbers.set([1]))
        assert await face.do(one.numbers.copy(other.numbers)) is True
        assert await face.do(other.numbers.get()) == [1]
        for wrong in (other.data, other.text, other.listed):
            await face.refused(InvalidValue, lambda wrong=wrong: one.numbers.copy(wrong))

    async def test_deleted_object(self, face, thing, one):
        await face.do(one.delete())
        await face.refused(DoesNotExist, lambda: one.data.set([1]))
        await face.refused(DoesNotExist, lambda: thing.lazy_connect(1).data.get())
        assert face.client.exists(one.data.key) == 0


class TestIndexes:
    async def test_equal_values_are_one(self, face, thing, one):
        await face.do(one.point.set(Point(1, 2, {"b", "a", "\0"})))
        await face.do(one.listed.set({"b": 2, "a*": 1}))
        found = thing.collection(point=Point(1, 2.0, {"\0", "a", "b"}), listed={"a*": 1, "b": 2})
        assert await face.all(found) == ["1"]
        assert await face.all(thing.collection(point=Point(1))) == []
        assert inconsistencies(face.client, thing) == []
        await face.do(one.point.set(Point(2)))
        assert await face.all(thing.collection(point__in=[Point(1), Point(2)])) == ["1"]
        assert await face.do(one.point.delete()) is True
        assert inconsistencies(face.client, thing) == []
        await face.refused(InvalidValue, lambda: face.do(thing.collection(point={"x": 1}).count()))

    async def test_unique(self, face, thing, one):
        ada = User(**{"full name": "Ada", "roles": {"x", "y", "z", "*"}})
        await face.do(one.user.set(ada))
        other = await face.do(thing.create(user=User(**{"full name": "Bob"})))
        before = state(face.client)
        same = User(**{"full name": "Ada", "roles": {"*", "z", "y", "x"}})
        for call in (lambda: other.user.set(same), lambda: other.user.getset(same), lambda: thing.create(user=same)):
            error = await face.refused(UniquenessError, call)
            assert (error.field, error.value, error.owner) == ("user", ada, "1")
        assert state(face.client) == before
        assert await face.do(thing.get(user=same)) == one

    async def test_new_objects(self, face, thing):
        made = await face.do(thing.create(data={"a": None}, numbers=[], point=Point(1)))
        assert await face.do(made.data.get()) == {"a": None}
        assert await face.do(made.numbers.get()) == []
        assert await face.do(made.listed.get()) == {"a": 1}
        assert await face.all(thing.collection(listed={"a": 1})) == ["1"]
        before = state(face.client)
        await face.refused(InvalidValue, lambda: thing.create(numbers=["x"]))
        await face.refused(InvalidValue, lambda: thing.create(point={"x": 1}))
        assert state(face.client) == before


FITTING = [
    (Point, Point(1, 2.5, {"a"}), b'{"tags":["a"],"x":1,"y":2.5}'),
    (Point, Point(1, 2), b'{"tags":[],"x":1,"y":2.0}'),
    (Bare, Bare(1), b'{"x":1}'),
    (Tree, Tree("a", [Tree("b")]), b'{"children":[{"children":[],"name":"b"}],"name":"a"}'),
    (Pair, Pair(1, "a"), b'[1,"a"]'),
    (Options, {"depth": 1}, b'{"depth":1}'),
    (Options, {}, b"{}"),
    (User, User(**{"full name": "A", "born": dt.date(2020, 2, 29)}), None),
    (list[User], [User(**{"full name": "A", "friends": [User(**{"full name": "B"})]})], None),
    (User | None, None, b"null"),
    (dict[int, str], {10: "a", 9: "b"}, b'{"10":"a","9":"b"}'),
    (set[str], {"b", "a", "c"}, b'["a","b","c"]'),
    (tuple[int, ...], (1, 2), b"[1,2]"),
    (int | str, "1", b'"1"'),
    (float, 1, b"1.0"),
    (Decimal, Decimal("1.50"), b'"1.5"'),
    (dt.datetime, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), b'"2020-01-01T00:00:00Z"'),
    (bytes, b"\xff", b'"/w=="'),
    (Literal["a"], "a", b'"a"'),
    (Any, {"b": 1, "a": 1.0}, b'{"a":1.0,"b":1}'),
]
MISFITTING = [
    (Point, Point("1")),
    (Point, {"x": 1}),
    (Point, Point(1, math.nan)),
    (Point, Bare(1)),
    (Bare, Bare("x")),
    (list[Point], [{"x": 1}]),
    (Tree, Tree("a", [Tree(1)])),
    (Pair, Pair("a", "b")),
    (Pair, [1, "a"]),
    (Options, {"depth": "1"}),
    (Options, {"depth": 1, "more": 2}),
    (User, {"full name": "A"}),
    (User, User.model_construct(name=1)),
    (User, User(**{"full name": "A", "score": math.inf})),
    (list[int], {1}),
    (dict[str, int], {1: 1}),
    (float | None, math.nan),
    (Literal["a"], "b"),
    (Any, Unknown()),
    (Any, User(**{"full name": "A"})),
]


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "one", "other"),
        [
            (Decimal, Decimal("1.0"), Decimal("1.00")),
            (list[Decimal], [Decimal("1E+2")], [Decimal(100)]),
            (float, 0.0, -0.0),
            (Any, {"a": [0.0]}, {"a": [-0.0]}),
            (dt.datetime, MOMENT, MOMENT.astimezone(dt.timezone(dt.timedelta(hours=1)))),
            (dict[str, dt.datetime], {"a": MOMENT}, {"a": MOMENT.astimezone(dt.timezone(dt.timedelta(hours=1)))}),
        ],
    )
    def test_equal_values_are_one_text(self, kind, one, other):
        declared = JSONField(type=kind, unique=True)
        assert one == other
        assert declared.encode(one) == declared.encode(other)
        assert declared.decode(declared.encode(other), b"") == other

    @pytest.mark.parametrize(("kind", "value", "stored"), FITTING)
    def test_what_fits(self, kind, value, stored):
        declared = JSONField(type=kind)
        text = declared.encode(value)
        assert stored in (None, text)
        found = declared.decode(text, b"key")
        assert type(found) is type(value) or kind is float
        assert found == value or kind is Bare
        assert declared.encode(found) == text

    @pytest.mark.parametrize(("kind", "value"), MISFITTING)
    def test_what_does_not_fit(self, kind, value):
        with pytest.raises(InvalidValue):
            JSONField(type=kind).encode(value)

    def test_values_that_hold_themselves(self):
        endless: list[Any] = []
        endless.append(endless)
        with pytest.raises(InvalidValue):
            JSONField().encode(endless)

    def test_sets_of_pydantic_models_have_an_order(self):
        words = [str(number) for number in range(100)]
        declared = JSONField(type=User)
        one, same = (User(**{"full name": "A", "roles": roles}) for roles in (words, words[::-1]))
        assert declared.encode(one) == declared.encode(same)

    @pytest.mark.parametrize("kind", [Unknown, list[Unknown], dict[str, Unknown | None], User | int, 3, "Point"])
    def test_types_that_are_no_json(self, kind):
        with pytest.raises(DeclarationError, match="cannot be read from JSON"):
            JSONField(type=kind)

    def test_annotations_that_name_nothing(self):
        @dataclass
        class Wrong:
            x: Nothing  # noqa: F821

        with pytest.raises(DeclarationError, match="Nothing"):
            JSONField(type=Wrong)

    def test_a_default_must_fit(self, one_server):
        from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415

        with pytest.raises(DeclarationError, match=r"its default .* does not fit the field"):

            class Wrong(RedisModel):
                database = RedisDatabase(port=one_server.port)
                numbers = JSONField(type=list[int], default=["x"])

    def test_without_msgspec(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "msgspec", None)
        with pytest.raises(DeclarationError, match=r"limpyd\[json\]"):
            JSONField()

    def test_msgspec_and_pydantic_are_imported_when_needed(self):
        program = "import sys, limpyd.asyncio, limpyd.fields.json; print({'msgspec', 'pydantic'} & sys.modules.keys())"
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert run.stdout == "set()\n"


@pytest.mark.parametrize("lazy", [False, True])
async def test_one_call_is_one_request(any_face, lazy):
    class Thing(any_face.Model):
        database = any_face.database
        data = JSONField()
        indexed = JSONField(indexable=True)

    assert public(BoundJSON) == calls.JSON.keys() | public(BoundKey)
    made = await any_face.do(Thing.create(data=[1], indexed=[1]))
    for warm in range(2):  # the first time the server learns the scripts
        for name, args in calls.JSON.items():
            for chosen in ("data", "indexed"):
                if chosen == "indexed" and name in {"setex", "psetex"}:
                    continue
                await any_face.do(made.data.set([2]))
                instance = Thing.lazy_connect(1) if lazy else made
                with any_face.sent() as sent:
                    await any_face.do(getattr(getattr(instance, chosen), name)(*args))
                assert len(sent.names) == 1 or not warm, (chosen, name)
