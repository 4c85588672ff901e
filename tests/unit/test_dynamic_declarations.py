"""What is refused of dynamic fields while a class is made, and how names follow from patterns."""

from __future__ import annotations

import re

import pytest

from limpyd import DynamicSetField, DynamicStringField, EqualIndexWith, RedisDatabase, RedisModel, StringField
from limpyd.exceptions import DeclarationError
from limpyd.keys.templates import part_in


def declare(**fields):
    return type("Thing", (RedisModel,), {"database": RedisDatabase(), **fields})


@pytest.mark.parametrize(
    ("pattern", "names_format", "name", "part"),
    [
        (None, None, "foo_a", "a"),
        (r"score_(\w+)", None, "score_a", "a"),
        (r"^score_(\w+)$", None, "score_a", "a"),
        (r"(\d+)_points", None, "1_points", "1"),
        (r"x_([ab]|c\)d)", None, "x_a", "a"),
        (re.compile(r"(?:x|y)_(\d+)"), "x_%s", "x_1", "1"),
        (None, "%s of foo", "a of foo", "a"),
        (None, "foo[%s]", "foo[a]", "a"),
    ],
)
def test_names_follow_from_pattern_and_format(pattern, names_format, name, part):
    thing = declare(foo=DynamicStringField(pattern=pattern, format=names_format))
    assert thing.get_field("foo").get_name_for(part) == name
    assert thing.get_field(name).name == name
    assert not thing.has_field(f"{name}\0")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"pattern": "score_"}, "needs a group"),
        ({"pattern": "score_("}, "not a regular expression"),
        ({"pattern": 5}, "not a regular expression"),
        ({"pattern": b"score_(.+)"}, "needs a group"),
        ({"pattern": r"(?:a|b)_(\w+)"}, "add format"),
        ({"format": "x"}, "needs '%s' once"),
        ({"format": "%s%s"}, "needs '%s' once"),
        ({"format": "%d_%s"}, "needs '%s' once"),
        ({"indexes": [EqualIndexWith(other_fields=["name"])]}, "of several fields"),
        ({"default": "x"}, "takes no 'default'"),
        ({"patern": "x_(.+)"}, "did you mean 'pattern'"),
    ],
)
def test_what_cannot_work_is_refused(options, reason):
    with pytest.raises(DeclarationError, match=reason):
        declare(name=StringField(), foo=DynamicStringField(**options))


def test_fields_whose_names_versions_could_have():
    with pytest.raises(DeclarationError, match=r"Thing\.foo_bar has the name of a version of the dynamic field foo"):
        declare(foo_bar=StringField(), foo=DynamicStringField())
    with pytest.raises(DeclarationError, match=r"Thing\.foo_bar has the name of a version"):
        declare(foo=DynamicStringField(), foo_bar=DynamicSetField())


@pytest.mark.parametrize(
    ("template", "key", "part"),
    [
        (b"x:foo.\0n\1:", b"x:foo.1:a:", b"a"),
        (b"x:foo.\0n\1:", b"x:foo.3:a:b:rest", b"a:b"),
        (b"x:foo.\0n\1", b"x:foo.1:a", b"a"),
        (b"x:foo.\0n\1", b"x:foo.1:ab", None),
        (b"x:foo.\0n\1", b"x:foo.2:a", None),
        (b"x:foo.\0n\1.year", b"x:foo.1:a.year", b"a"),
        (b"x:foo.\0n\1", b"x:foo.1:a.year", None),
        (b"x:foo_\0v\1:", b"x:foo_a:value", b"a"),
        (b"x:foo_\0v\1:number-range", b"x:foo_a:number-range", b"a"),
        (b"x:foo_\0v\1:number-range", b"x:foo_a:1", None),
        (b"x:\0v\1_foo:", b"x:a_foo:v", b"a"),
        (b"x:foo_\0v\1:\0:", b"x:foo_a:sub:v", b"a"),
        (b"x:foo_\0v\1:", b"x:bar_a:v", None),
    ],
)
def test_the_part_in_a_key(template, key, part):
    assert part_in(template, key) == part
