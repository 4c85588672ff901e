"""Indexes of a user's own, as programs for limpyd 2 write them: what works, and what is refused with the class."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from limpyd import (
    DateTimeIndex,
    DynamicStringField,
    EqualIndex,
    FKStringField,
    GeoField,
    GeoIndex,
    HashField,
    InstanceHashField,
    ListField,
    MultiIndexes,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    ScoredEqualIndex,
    SetField,
    StringField,
    TextRangeIndex,
    UniquenessError,
)
from limpyd.exceptions import DeclarationError, InvalidFilter, InvalidValue
from limpyd.indexes import BaseIndex
from tests.support.expected_indexes import inconsistencies


class TestWhatIsCompared:
    """On a field without a type: what redis-py stores of a transform's result, and of a filter's value."""

    GIVEN = (5.0, 5, "5", "5.0", b"5", 0.1, -0.0, 1e16, "a", Decimal("5.0"), float("inf"))

    @pytest.mark.parametrize(
        "index",
        [
            EqualIndex(transform=lambda value: value),
            EqualIndex(transform="slice:1:100"),
            EqualIndex,
            TextRangeIndex(transform=lambda value: value),
            TextRangeIndex,
        ],
        ids=["equal of a function", "equal of a form", "equal", "text of a function", "text"],
    )
    async def test_the_value_as_it_is(self, any_face, index):
        class Thing(any_face.Model):
            database = any_face.database
            one = StringField(indexes=[index])
            entry = InstanceHashField(indexes=[index])
            owned = InstanceHashField(unique=True, indexes=[index])
            heads = HashField(indexes=[index])
            tags = SetField(indexes=[index])
            queue = ListField(indexes=[index])

        stored = {}
        for value in self.GIVEN:
            any_face.client.set("oracle", str(value) if isinstance(value, Decimal) else value)
            text = any_face.client.get("oracle").decode()
            owned = {} if text in stored.values() else {"owned": value}
            made = await any_face.do(
                Thing.create(one=value, entry=value, heads={"a": value}, tags=[value], queue=[value], **owned)
            )
            stored[made._pk] = text
        for value in self.GIVEN:
            any_face.client.set("oracle", str(value) if isinstance(value, Decimal) else value)
            text = any_face.client.get("oracle").decode()
            expected = sorted(pk for pk, each in stored.items() if each == text)
            for name in ("one", "entry", "heads__a", "tags", "queue"):
                for finds in ({name: value}, {f"{name}__in": [value]}):
                    assert sorted(await any_face.all(Thing.collection(**finds))) == expected, finds
            assert await any_face.all(Thing.collection(owned=value)) == expected[:1]
            assert (await any_face.do(Thing.get_or_create(owned=value)))[1] is False
        if index is not EqualIndex and getattr(index, "kind", b"") == b"lex":
            between = sorted(pk for pk, text in stored.items() if "5.0" <= text < "5.1")
            assert sorted(await any_face.all(Thing.collection(entry__gte=5.0, entry__lt=5.1))) == between
            assert sorted(await any_face.all(Thing.collection(entry__startswith=5.0))) == between

    @pytest.mark.parametrize("result", [5.0, 5, "x", Decimal("1.50"), True, date(2020, 1, 1), 1e22], ids=repr)
    async def test_what_a_transform_gives_is_found_by_it(self, any_face, result):
        class Thing(any_face.Model):
            database = any_face.database
            one = StringField(indexes=[EqualIndex(transform=lambda _: result)])
            several = StringField(indexes=[EqualIndex(transform=lambda _: [result, "other"])])
            typed = StringField(type=int, indexes=[EqualIndex(transform=lambda _: result)])

        await any_face.do(Thing.create(one="v", several="v", typed=1))
        for name in ("one", "several", "typed"):
            assert await any_face.all(Thing.collection(**{name: result})) == ["1"]


class Reversed(EqualIndex):
    """Reads its field, as limpyd 2's documentation has it."""

    prefix = "reversed"
    handle_uniqueness = False

    def transform(self, value):
        return f"{self.model.__name__}.{self.field.name}:{value[::-1]}"


def labelled(index, value):
    return f"{index.prefix}/{index.field.name}/{index.model.__name__}/{value}"


class TestTheIndexInATransform:
    @pytest.mark.parametrize(
        ("declared", "prefix", "kept"),
        [
            (Reversed, "reversed", "Thing.name:cba"),
            (Reversed(), "reversed", "Thing.name:cba"),
            (Reversed.configure(prefix="other"), "other", "Thing.name:cba"),
            (EqualIndex.configure(prefix="a", transform=labelled), "a", "a/name/Thing/abc"),
            (TextRangeIndex(prefix="b", transform=labelled), "b", "b/name/Thing/abc"),
            (MultiIndexes.compose([EqualIndex(prefix="c")], transform=labelled), "c", "/name/Thing/abc"),
        ],
        ids=["class", "instance", "configured", "function", "text", "several"],
    )
    async def test_it_has_field_and_model(self, any_face, declared, prefix, kept):
        class Thing(any_face.Model):
            database = any_face.database
            name = InstanceHashField(indexes=[declared])
            names = SetField(indexes=[declared])

        class Below(Thing):
            pass

        one = await any_face.do(Thing.create(name="abc"))
        await any_face.do(Below.create(name="abc", names=["abc", "x"]))
        assert await any_face.all(Thing.collection(**{f"name__{prefix}": kept})) == ["1"]
        assert await any_face.all(Below.collection(**{f"name__{prefix}": kept.replace("Thing", "Below")})) == ["1"]
        of_members = kept.replace("Thing.name", "Below.names").replace("/name/Thing", "/names/Below")
        assert await any_face.all(Below.collection(**{f"names__{prefix}": of_members})) == ["1"]
        await any_face.do(one.name.hset("x"))
        assert await any_face.all(Thing.collection(**{f"name__{prefix}": kept})) == []
        assert (await any_face.do(Thing.check())).findings == ()
        assert (await any_face.do(Below.check())).findings == ()

    async def test_versions_of_a_dynamic_field_have_that_in_common(self, any_face):
        """A rebuild is told of all of them at once."""

        class Thing(any_face.Model):
            database = any_face.database
            note = DynamicStringField(pattern=r"note_(\w+)", indexes=[EqualIndex(transform=labelled)])

        one = await any_face.do(Thing.create(note_a="x"))
        await any_face.do(one.note("b").set("y"))
        for _ in range(2):
            for name, value in (("note_a", "x"), ("note_b", "y")):
                assert await any_face.all(Thing.collection(**{name: f"/note/Thing/{value}"})) == ["1"]
            await any_face.do(Thing.rebuild_indexes())
            assert (await any_face.do(Thing.check())).findings == ()
        await any_face.do(one.delete())
        assert any_face.keys() <= {"{thing}:seq", "{thing}:pks"}

    def test_of_get_index(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            name = InstanceHashField(indexes=[Reversed])

        index = Thing.get_field("name").get_index()
        assert index.field is Thing.get_field("name")
        assert index.model is Thing
        assert index.connection is Thing.database.connection
        assert index.transform_value("ab") == "Thing.name:ba"
        assert index.normalize_value("ab") == "Thing.name:ba"
        assert index.normalize_value(5.0, transform=False) == "5.0"
        with pytest.raises(DeclarationError, match="belongs to no field"):
            _ = Reversed().field


class CaseBlind(EqualIndex):
    """Text without regard to case: filters need not be in lower case either."""

    def normalize_value(self, value, transform=True):
        return super().normalize_value(value, transform).lower()


class Rounded(NumberRangeIndex):
    def normalize_value(self, value, transform=True):
        return round(float(super().normalize_value(value, transform=transform)))


class Initial(TextRangeIndex):
    prefix = "initial"

    def transform_value(self, value):
        return super().transform_value(value)[:1] + self.field.name


class TestWhatLimpyd2Overrides:
    async def test_normalize_value(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            name = StringField(indexes=[CaseBlind])
            tags = SetField(indexes=[CaseBlind])
            heads = HashField(indexes=[CaseBlind])
            owned = InstanceHashField(unique=True, indexes=[CaseBlind])
            size = InstanceHashField(indexes=[Rounded])
            first = InstanceHashField(indexes=[CaseBlind(prefix="first", transform=lambda value: value[:1])])

        one = await any_face.do(
            Thing.create(name="AbC", tags=["X"], heads={"k": "V"}, owned="Me", size="4.6", first="Zoë")
        )
        for finds in (
            {"name": "aBc"},
            {"name__in": ["ABC", "d"]},
            {"tags": "x"},
            {"heads__k": "v"},
            {"owned": "ME"},
            {"size": 5},
            {"size__gte": 4.7},
            {"size__lt": "5.6"},
            {"first__first": "Z"},
        ):
            assert await any_face.all(Thing.collection(**finds)) == ["1"], finds
        assert await any_face.all(Thing.collection(size__gt=5)) == []
        await any_face.refused(UniquenessError, lambda: Thing.create(owned="mE"))
        await any_face.do(one.name.append("D"))
        assert await any_face.all(Thing.collection(name="abcd")) == ["1"]
        await any_face.do(one.size.hincrbyfloat(1))
        assert await any_face.all(Thing.collection(size=6)) == ["1"]
        with pytest.raises(InvalidValue, match=r"Thing\.size.*'many'"):
            Thing.collection(size="many")
        with pytest.raises(InvalidFilter, match="value first"):
            Thing.collection(name=one.owned)
        assert inconsistencies(any_face.client, Thing) == []
        await any_face.do(Thing.rebuild_indexes())
        assert (await any_face.do(Thing.check())).findings == ()

    async def test_transform_value(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            name = StringField(indexes=[Initial, Initial(key="up", prefix="up", transform=str.upper)])
            word = StringField(indexes=[MultiInitial])

        one = await any_face.do(Thing.create(name="abc", word="def"))
        assert await any_face.all(Thing.collection(name__initial="aname", name__up="Aname")) == ["1"]
        assert await any_face.all(Thing.collection(word__m__startswith="d", word="dword")) == ["1"]
        await any_face.do(one.name.set("xyz"))
        assert await any_face.all(Thing.collection(name__initial__gt="aname")) == ["1"]

    async def test_of_an_instance_that_is_given(self, any_face):
        class Owner(any_face.Model):
            database = any_face.database

        class Thing(any_face.Model):
            database = any_face.database
            owner = FKStringField(Owner, check=False, indexes=[EqualIndex, CaseBlind(prefix="ci")])

        await any_face.do(Thing.create(owner="ABC"))
        owner = Owner.lazy_connect("abc")
        assert await any_face.all(Thing.collection(owner__ci=owner)) == ["1"]

    @pytest.mark.parametrize(
        ("name", "cure"),
        [
            ("add", "transform"),
            ("remove", "transform"),
            ("store", "transform"),
            ("unstore", "transform"),
            ("prepare_data_to_store", "transform"),
            ("prepare_args", "transform"),
            ("get_filtered_keys", "transform"),
            ("get_boundaries", "transform"),
            ("get_storage_key", "`key` and `prefix`"),
            ("get_all_storage_keys", "`key` and `prefix`"),
            ("can_handle_suffix", "operators"),
            ("handled_suffixes", "operators"),
            ("check_uniqueness", "handle_uniqueness"),
            ("clear", "around those calls"),
            ("rebuild", "around those calls"),
        ],
    )
    @pytest.mark.parametrize("base", [EqualIndex, NumberRangeIndex, DateTimeIndex, EqualIndex.configure(prefix="x")])
    def test_what_would_have_no_effect_is_refused(self, base, name, cure):
        with pytest.raises(DeclarationError, match=rf"^Own\.{name} would have no effect: .*{cure}"):
            type("Own", (base,), {name: lambda self: None})
        mixin = type("Mixin", (), {name: lambda self: None})
        with pytest.raises(DeclarationError, match=rf"^Mixin\.{name} would"):
            type("Own", (mixin, base), {})

    def test_an_index_cannot_be_made_of_a_field(self):
        with pytest.raises(DeclarationError, match=r"self\.field"):

            class Own(EqualIndex):
                def __init__(self, field):
                    super().__init__(field)

    def test_an_index_answers_what_its_base_does_or_less(self, one_server):
        class OnlyEqual(EqualIndex):
            operators = frozenset({"eq"})

        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            name = StringField(indexes=[OnlyEqual])

        Thing(name="a")
        assert list(Thing.collection(name="a")) == ["1"]
        with pytest.raises(InvalidFilter):
            Thing.collection(name__in=["a"])
        with pytest.raises(DeclarationError, match=r"Wide\.operators: EqualIndex supports only eq, in"):

            class Wide(EqualIndex):
                operators = frozenset({"eq", "gt"})

    @pytest.mark.parametrize(
        ("base", "settings", "field"),
        [(ScoredEqualIndex, {"score_field": "score"}, InstanceHashField), (GeoIndex, {}, GeoField)],
        ids=["ScoredEqualIndex", "GeoIndex"],
    )
    @pytest.mark.parametrize("name", ["transform_value", "normalize_value"])
    def test_what_keeps_values_as_they_are_takes_no_transform(self, one_server, base, settings, field, name):
        own = type("Own", (base,), {name: lambda self, value, transform=True: value})
        with pytest.raises(DeclarationError, match="no transform"):

            class Thing(RedisModel):
                database = RedisDatabase(port=one_server.port)
                kind = field(indexes=[own(**settings)])
                score = InstanceHashField(type=int)

    @pytest.mark.parametrize("layout", [{}, {"layout": "limpyd2"}], ids=["", "limpyd2"])
    def test_what_is_no_number(self, one_server, layout):
        class Checked(NumberRangeIndex):
            raise_if_not_float = True

        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port, **layout)
            one = StringField(indexes=[Checked])
            loose = StringField(indexes=[NumberRangeIndex])

        with pytest.raises(InvalidValue, match="not a number"):
            Thing(one="x")
        thing = Thing(one=0.1 + 0.2)
        with pytest.raises(InvalidValue, match="not a number"):
            thing.one.append("x")
        assert list(Thing.collection(one=0.1 + 0.2)) == list(Thing.collection(one__gt=0.3)) == [thing.pk.get()]
        if layout:
            thing.loose.set("x")
            assert list(Thing.collection(loose=0)) == [thing.pk.get()]

    def test_settings_in_the_body_of_a_class(self, one_server):
        class Plain(TextRangeIndex):
            prefix = key = name = transform = None
            handle_uniqueness = False

        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            one = StringField(indexes=[Plain])

        Thing(one="x")
        assert list(Thing.collection(one__gte="a")) == ["1"]
        for name, value in (("prefix", "a b"), ("prefix", "gte"), ("key", "a:b"), ("transform", 5), ("transform", "x")):
            with pytest.raises(DeclarationError, match=rf"Own: {name}="):
                type("Own", (EqualIndex,), {name: value})

    def test_the_base_of_all_keeps_nothing(self, one_server):
        class Own(BaseIndex):
            prefix = "own"

        with pytest.raises(DeclarationError, match="Own stores no entries: subclass EqualIndex, Text"):

            class Thing(RedisModel):
                database = RedisDatabase(port=one_server.port)
                one = StringField(indexes=[Own])

    def test_of_several_indexes(self):
        with pytest.raises(DeclarationError, match="normalize_value"):

            class Own(MultiIndexes):
                def normalize_value(self, value, transform=True):
                    return value


class MultiInitial(MultiIndexes):
    index_classes = (EqualIndex, TextRangeIndex(prefix="m"))

    def transform_value(self, value):
        return value[:1] + self.field.name
