"""What a class body holds and is no field, though it looks like one: it is refused, with the cure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar

import pytest

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    FKStringField,
    GeoField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    M2MSetField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
    VersionField,
)
from limpyd.exceptions import DeclarationError, UnknownField


def declare(base=RedisModel, annotations=None, /, **body):
    """A model of this body, on a database that nobody serves."""
    body.setdefault("database", RedisDatabase(port=1))
    return type(base)("Thing", (base,), {**body, "__annotations__": annotations or {}})


class TestDeclarations:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"tags": SetField}, r"Thing\.tags is the class SetField, not a field: write SetField\(\)"),
            ({"id": PKField}, r"Thing\.id is the class PKField, not a field: write PKField\(\)"),
            ({"owner": FKInstanceHashField}, r"Thing\.owner is the class FKInstanceHashField, not a field"),
            ({"name": EqualIndex}, r"the index EqualIndex, not a field: .*StringField\(indexes=\[EqualIndex\]\)"),
            ({"name": TextRangeIndex(prefix="x")}, r"the index TextRangeIndex, not a field"),
            ({"name": (StringField(),)}, r"Thing\.name is a tuple with a StringField: leave out the comma"),
            ({"names": [StringField()]}, r"Thing\.names is a list with a StringField in it"),
            ({"names": {"a": StringField()}}, r"Thing\.names is a dict with a StringField in it"),
            ({"names": (1, StringField())}, r"Thing\.names is a tuple with a StringField in it"),
        ],
    )
    def test_what_is_no_field(self, body, message):
        with pytest.raises(DeclarationError, match=message):
            declare(name2=StringField(), **body)
        with pytest.raises(DeclarationError, match=message):
            declare(abstract=True, **body)

    @pytest.mark.parametrize(
        ("name", "value", "meant"),
        [
            ("namespce", "shop", "namespace"),
            ("name_space", "shop", "namespace"),
            ("abstrct", True, "abstract"),
            ("lockabel", False, "lockable"),
            ("model_nam", "thing", "model_name"),
            ("modelname", "thing", "model_name"),
        ],
    )
    def test_misspelt_settings(self, name, value, meant):
        with pytest.raises(DeclarationError, match=rf"Thing\.{name} is not a setting of .*; did you mean '{meant}'"):
            declare(name2=StringField(), **{name: value})

    @pytest.mark.parametrize(
        ("name", "value", "declaration"),
        [
            ("expires", True, "expires = DeadlineField()"),
            ("ttl", timedelta(hours=1), "expires = DeadlineField(ttl=timedelta(…))"),
            ("changes", True, "changes = ChangeFeed()"),
            ("changes", ["name"], "changes = ChangeFeed()"),
        ],
    )
    def test_what_descriptors_declare(self, name, value, declaration):
        message = f"Thing.{name} is not a setting of a model: write {declaration}"
        with pytest.raises(DeclarationError, match=re.escape(message)):
            declare(name2=StringField(), **{name: value})
        declare(name2=StringField(), **{name: "of its own"})

    def test_attributes_that_resemble_settings(self):
        thing = declare(
            name=StringField(), namespaces=["a"], database2=RedisDatabase(port=2), locked=True, _abstrct=True
        )
        assert thing.namespaces == ["a"]

    @pytest.mark.parametrize(
        "annotation",
        [
            StringField,
            StringField[str],
            "StringField",
            "fields.StringField[str]",
            "limpyd.fields.StringField",
        ],
    )
    def test_what_is_only_annotated(self, annotation):
        with pytest.raises(
            DeclarationError, match=r"Thing\.name is annotated as a StringField, but not created: .*name = String"
        ):
            declare(RedisModel, {"name": annotation})
        base = declare(RedisModel, {"name": annotation}, abstract=True)
        declare(base, name=StringField())
        with pytest.raises(DeclarationError, match="but not created"):
            declare(base)

    def test_an_index_as_type(self):
        with pytest.raises(DeclarationError, match=r"EqualIndex is an index, not a type: .*indexes=\[EqualIndex\]"):
            declare(name=StringField(type=EqualIndex))

    def test_what_is_no_mistake(self):
        name, shared = StringField(), StringField()

        class Mixin:
            label = StringField()

        class Thing(Mixin, RedisModel):
            database = RedisDatabase(port=1)
            count: ClassVar[int] = 3
            first: StringField[str] = name
            searched = (name, [1])
            city = shared

            class Own(StringField[str]):
                """A class of fields of its own."""

            own = Own()
            kind: ClassVar[type] = dict

        assert set(Thing._schema.fields) == {"pk", "label", "first", "city", "own"}
        other = declare(city=shared)
        assert other.get_field("city").model is not Thing.get_field("city").model
        with pytest.raises(DeclarationError, match="are one field object"):
            declare(town=shared)
        with pytest.raises(DeclarationError, match="are one field object"):
            declare(a=name, b=name)

    def test_what_is_set_on_the_class_afterwards(self):
        thing = declare(name=StringField())
        thing.tags = SetField()
        with pytest.raises(DeclarationError, match=r"this SetField belongs to no model: .*`name = SetField\(…\)`"):
            thing.lazy_connect(1).tags.sadd("a")
        with pytest.raises(UnknownField, match="has no field 'tags'"):
            thing.collection(tags="a")
        assert isinstance(repr(thing.tags), str)


CLASSES = [
    *(StringField, InstanceHashField, HashField, ListField, SetField, SortedSetField, GeoField, JSONField),
    *(HyperLogLogField, StreamField, VersionField, PKField),
]


class TestArguments:
    @pytest.mark.parametrize("kind", CLASSES)
    def test_that_are_unknown_name_the_class(self, kind):
        with pytest.raises(DeclarationError, match=rf"^{kind.__name__} takes no 'nonsense'; it takes"):
            kind(nonsense=True)

    @pytest.mark.parametrize("kind", [SetField, ListField, SortedSetField, HashField, GeoField, StreamField, PKField])
    def test_default_is_of_fields_of_one_value(self, kind):
        with pytest.raises(DeclarationError, match=rf"^{kind.__name__} takes no 'default': only a field of one value"):
            kind(default={"new"})

    def test_that_are_misspelt(self):
        with pytest.raises(DeclarationError, match=r"InstanceHashField takes no 'index'; .*did you mean 'indexes'\?"):
            InstanceHashField(index=True)
        for name, meant in {"db_index": "indexable", "min_value": "ge", "max": "le", "regex": "pattern"}.items():
            with pytest.raises(DeclarationError, match=rf"takes no {name!r}; .*did you mean {meant!r}\?"):
                InstanceHashField(**{name: 1})
        with pytest.raises(DeclarationError, match=r"SetField takes no 'uniqe'; .*did you mean 'unique'\?"):
            SetField(uniqe=True)
        for kind in (FKStringField, M2MSetField):
            with pytest.raises(DeclarationError, match=rf"{kind.__name__} takes no 'ondelete'; .*mean 'on_delete'\?"):
                kind("Thing", ondelete="cascade")
        with pytest.raises(DeclarationError, match=r"EqualIndex has no setting 'prefx'; .*did you mean 'prefix'\?"):
            EqualIndex(prefx="x")
        with pytest.raises(DeclarationError, match=r"redis-py has no setting 'hots'; did you mean 'host'\?"):
            RedisDatabase(hots="localhost")

    def test_of_a_class_of_ones_own(self):
        class Short(StringField[str]):
            def __init__(self, *, length: int) -> None:
                super().__init__()
                self.length = length

        class Any(StringField[str]):
            def __init__(self, **options: object) -> None:
                self.length = options.pop("length")
                super().__init__(str, **options)

        assert declare(a=Short(length=3)).get_field("a").length == 3
        assert declare(a=Any(length=3, indexable=True)).get_field("a").length == 3
        with pytest.raises(DeclarationError, match="Short takes no 'lenght'; it takes length; did you mean 'length'"):
            Short(lenght=3)
