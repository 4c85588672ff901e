"""The values of one object, read at once: `values` and `row` of an instance."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any, NamedTuple, NotRequired, Required, TypedDict

import msgspec
import pydantic
import pytest

from limpyd import HashField, InstanceHashField, JSONField, SetField, SortedSetField, StringField
from limpyd.exceptions import (
    DoesNotExist,
    InvalidFilter,
    InvalidPrimaryKey,
    NotExecuted,
    StoredValueError,
    UnknownField,
    WrongTypeError,
)
from tests.support.blocks import block


@dataclasses.dataclass
class Plain:
    pk: str
    age: int | None
    more: str = "default"


class Pair(NamedTuple):
    name: str
    tags: set[str]


class Keys(TypedDict):
    name: str
    no_field: NotRequired[int]


class Record(msgspec.Struct, kw_only=True):
    other: int = 3
    name: str
    born: date | None


class Validated(pydantic.BaseModel):
    pk: int
    name: str = pydantic.Field(alias="theName", max_length=10)
    scores: dict[str, float]


class Strict(pydantic.BaseModel):
    name: int


class Facts(pydantic.BaseModel):
    letters: list[int] = pydantic.Field(alias="a")


class Nested(pydantic.BaseModel):
    """A model whose aliases are those of other attributes, and of what is in a value."""

    name: str = pydantic.Field(alias="age")
    age: int = pydantic.Field(alias="name")
    born: date = pydantic.Field(validation_alias=pydantic.AliasChoices("day", "birth"))
    facts: Facts


@dataclasses.dataclass
class Constructed:
    """A dataclass whose constructor takes what is no field of it, and not all that is one."""

    heads__x: int
    age: dataclasses.InitVar[int]
    older: int = dataclasses.field(init=False)

    def __post_init__(self, age: int) -> None:
        self.older = age + 1


ROWS: dict[type, Any] = {
    Plain: Plain("1", 36),
    Pair: Pair("Ada", {"maths"}),
    Keys: {"name": "Ada"},
    Record: Record(name="Ada", born=date(1815, 12, 10)),
    Validated: Validated(pk=1, theName="Ada", scores={"a": 1.5}),
}


@pytest.fixture
def person(any_face):
    return declared(any_face)


def declared(face):
    class Person(face.Model):
        database = face.database
        name = InstanceHashField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        born = StringField(type=date)
        facts = JSONField()
        tags = SetField()
        heads = HashField(type=int)
        scores = SortedSetField()

    return Person


async def ada(face, person):
    values = {"name": "Ada", "age": 36, "born": date(1815, 12, 10), "facts": {"a": [1]}}
    return await face.do(person.create(**values, tags={"maths"}, heads={"x": 1}, scores={"a": 1.5}))


class TestValues:
    async def test_of_all_fields_of_one_value(self, any_face, person):
        one = await ada(any_face, person)
        everything = {"pk": "1", "name": "Ada", "age": 36, "born": date(1815, 12, 10), "facts": {"a": [1]}}
        assert await any_face.do(one.values()) == everything

    async def test_of_named_fields(self, any_face, person):
        one = await ada(any_face, person)
        named = await any_face.do(one.values("tags", "heads", "scores", "pk", "age"))
        assert named == {"tags": {"maths"}, "heads": {"x": 1}, "scores": {"a": 1.5}, "pk": "1", "age": 36}
        assert await any_face.do(one.values("heads__x")) == {"heads__x": 1}

    async def test_sub_keys_beside_values_of_other_hashes(self, any_face, person):
        one = await ada(any_face, person)
        await any_face.do(one.heads.hset("name", 7))
        wanted = {"name": "Ada", "heads__name": 7, "age": 36, "heads__x": 1}
        for names in (tuple(wanted), tuple(reversed(wanted))):
            assert await any_face.do(one.values(*names)) == wanted
            for found in (person.collection(), person.collection(age__gte=1), person.collection().sort(by="age")):
                assert await any_face.all(found.values(*names)) == [wanted]
                assert await any_face.all(found.values(*names).iterate()) == [wanted]
            assert (await any_face.do(person.collection().sort(by="age").values(*names).page(1))).items == [wanted]

    async def test_what_has_no_value_is_none(self, any_face, person):
        one = await any_face.do(person.create(name="Bob"))
        assert await any_face.do(one.values("name", "age", "tags")) == {"name": "Bob", "age": None, "tags": set()}

    @pytest.mark.parametrize("lazy", [False, True])
    async def test_it_is_one_round_trip(self, any_face, person, lazy):
        one = await ada(any_face, person)
        await any_face.do(one.values("tags"))
        one = person.lazy_connect(1) if lazy else one
        for names in ((), ("name",), ("tags", "scores")):
            with any_face.sent() as sent:
                await any_face.do(one.values(*names))
            assert len(sent.names) == 1, names

    async def test_an_object_that_is_gone(self, any_face, person):
        one = await ada(any_face, person)
        await any_face.do(person.lazy_connect(1).delete())
        for gone in (one, person.lazy_connect(1), person.lazy_connect("none")):
            with pytest.raises(DoesNotExist, match="there is no Person"):
                await any_face.do(gone.values())

    async def test_an_instance_that_was_never_stored(self, any_face):
        class Named(any_face.Model):
            database = any_face.database
            name = InstanceHashField()

        unstored = await any_face.do(Named.create())
        with pytest.raises(InvalidPrimaryKey, match="never stored"):
            await any_face.do(unstored.values())

    async def test_names_that_are_no_fields(self, any_face, person):
        one = await ada(any_face, person)
        with pytest.raises(UnknownField, match="nme"):
            await any_face.do(one.values("nme"))
        with pytest.raises(InvalidFilter, match="each field only once"):
            await any_face.do(one.values("name", "name"))
        for strange in (None, ["name"]):
            with pytest.raises(InvalidFilter, match="not the name of a field"):
                await any_face.do(one.values(strange))

    async def test_a_value_that_does_not_decode_names_the_object(self, any_face, person):
        one = await ada(any_face, person)
        await any_face.do(any_face.database.connection.hset("{person}:hash:1", "age", "old"))
        with pytest.raises(StoredValueError, match=r"Person.age of Person\('1'\).*b'old'"):
            await any_face.do(one.values())
        assert await any_face.do(one.values("name")) == {"name": "Ada"}

    async def test_a_key_of_another_type_is_named(self, any_face, person):
        one = await ada(any_face, person)
        await any_face.do(any_face.database.connection.delete("{person}:field:tags:1"))
        await any_face.do(any_face.database.connection.set("{person}:field:tags:1", "x"))
        with pytest.raises(WrongTypeError, match="field:tags:1"):
            await any_face.do(one.values("name", "tags"))

    async def test_in_a_pipeline(self, any_face, person):
        one = await ada(any_face, person)
        async with block(any_face, any_face.database.pipeline()):
            first = one.values("name")
            later = one.age.hset(37)
            last = one.values("age")
        assert (first.value, later.value, last.value) == ({"name": "Ada"}, False, {"age": 37})

    async def test_in_a_transaction_a_missing_object_refuses_all(self, any_face, person):
        one = await ada(any_face, person)
        with pytest.raises(DoesNotExist, match=r"Person\('9'\)"):
            async with block(any_face, any_face.database.transaction()):
                changed = one.age.hset(37)
                person.lazy_connect(9).values()
        with pytest.raises(NotExecuted):
            _ = changed.value
        assert await any_face.do(one.age.hget()) == 36

    async def test_a_field_may_have_these_names(self, any_face):
        class Table(any_face.Model):
            database = any_face.database
            values = SetField()
            row = StringField()

        one = await any_face.do(Table.create(values={"a"}, row="b"))
        assert (await any_face.do(one.values.smembers()), await any_face.do(one.row.get())) == ({"a"}, "b")


class TestRows:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
    async def test_of_each_kind_of_class(self, any_face, person, row):
        one = await ada(any_face, person)
        assert await any_face.do(one.row(row)) == ROWS[row]
        assert await any_face.all(person.collection(name="Ada").rows(row)) == [ROWS[row]]
        with any_face.sent() as sent:
            await any_face.do(person.lazy_connect(1).row(row))
        assert len(sent.names) == 1

    async def test_it_takes_what_the_constructor_takes(self, any_face, person):
        one = await ada(any_face, person)
        made = await any_face.do(one.row(Constructed))
        assert (made.heads__x, made.older) == (1, 37)

        @dataclasses.dataclass
        class Unknown:
            name: str
            height: dataclasses.InitVar[int]

        with pytest.raises(UnknownField, match="Unknown needs height"):
            one.row(Unknown)

    async def test_aliases_of_pydantic(self, any_face, person):
        one = await ada(any_face, person)
        found = await any_face.do(one.row(Nested))
        assert (found.name, found.age, found.born, found.facts.letters) == ("Ada", 36, date(1815, 12, 10), [1])

    async def test_keys_of_a_local_typed_dict(self, any_face, person):
        class Local:
            pass

        class Some(TypedDict):
            name: str
            height: NotRequired[Local]

        class Needs(TypedDict, total=False):
            name: str
            height: Required[Local]

        one = await ada(any_face, person)
        assert await any_face.do(one.row(Some)) == {"name": "Ada"}
        with pytest.raises(UnknownField, match="Needs needs height"):
            one.row(Needs)

    async def test_what_pydantic_refuses(self, any_face, person):
        one = await ada(any_face, person)
        with pytest.raises(pydantic.ValidationError, match="Ada"):
            await any_face.do(one.row(Strict))
        with pytest.raises(pydantic.ValidationError, match="Ada"):
            await any_face.all(person.collection().rows(Strict))

    @pytest.mark.parametrize("row", [int, 3, "Plain", object, dict, lambda **values: values])
    async def test_other_things_are_refused(self, any_face, person, row):
        one = await ada(any_face, person)
        with pytest.raises(InvalidFilter, match="takes a dataclass, a NamedTuple, a TypedDict, a msgspec Struct"):
            await any_face.do(one.row(row))

    async def test_a_class_that_needs_what_is_no_field(self, any_face, person):
        class Needs(TypedDict):
            name: str
            height: int

        one = await ada(any_face, person)
        with pytest.raises(UnknownField, match="Needs needs height, which Person does not have"):
            await any_face.do(one.row(Needs))

    async def test_an_object_that_is_gone(self, any_face, person):
        await ada(any_face, person)
        await any_face.do(person.lazy_connect(1).delete())
        with pytest.raises(DoesNotExist, match="there is no Person"):
            await any_face.do(person.lazy_connect(1).row(Pair))


async def test_on_each_server(face):
    person = declared(face)
    one = await ada(face, person)
    assert await face.do(one.values("name", "tags", "heads", "scores")) == {
        "name": "Ada",
        "tags": {"maths"},
        "heads": {"x": 1},
        "scores": {"a": 1.5},
    }
    assert await face.do(one.row(Plain)) == Plain("1", 36)
