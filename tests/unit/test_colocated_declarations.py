"""Declarations with `colocate_with`: the keys that come of them, and what is refused."""

from __future__ import annotations

import pytest

from limpyd import FKInstanceHashField, InstanceHashField, RedisDatabase, RedisModel
from limpyd.acl import acl_rules
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import DeclarationError
from limpyd.keys import nothing_beside, prefix_of
from limpyd.keys.turns import number_of, tag_of
from limpyd.server import Server
from tests.support.colocated import family

DATABASE = RedisDatabase(port=1)
COUNTS = (1, 2, 16, 256)


def declared(name, base=RedisModel, **body):
    body = {"database": RedisDatabase(port=1), "__module__": __name__, "__qualname__": name, **body}
    return type(name, (base,), body)


@pytest.mark.parametrize("count", COUNTS)
def test_partitions_have_the_tags_of_the_top(count):
    shop = family(RedisModel, RedisDatabase(port=1), count)
    for model in (shop.Line, shop.Note):
        own, others = model._schema.keys, shop.Order._schema.keys
        assert own.count == count
        assert [each.slot for each in own.partitions] == [each.slot for each in others.partitions]
        for partition, other in zip(own.partitions, others.partitions, strict=True):
            assert own.beside(other) is partition
            assert tag_of(partition.prefix) == tag_of(other.prefix)
            assert number_of(tag_of(partition.prefix)) == (None if count == 1 else partition.number)
            assert prefix_of(partition.pks) == partition.prefix
            assert nothing_beside(partition.pks) == partition.nothing
            assert not partition.pks.startswith(other.prefix)
            assert own.has(partition.pks)
            assert not others.has(partition.pks)
            assert not own.has(other.pks)


@pytest.mark.parametrize("count", COUNTS)
def test_the_number_of_partitions_does_not_matter_to_the_place_of_a_child(count):
    shop = family(RedisModel, RedisDatabase(port=1), count)
    order, line = shop.Order._schema.keys, shop.Line._schema.keys
    for pk in (b"1", b"16", b"17", b"99999999999999999999", b"x", b"", b":", b"a:b", b"\xff"):
        assert line.partition(pk + b":1").number == order.partition(pk).number


def test_tags_of_partitions_differ_among_models():
    shop = family(RedisModel, RedisDatabase(port=1), 4)
    tags = {each.tag for model in vars(shop).values() for each in model._schema.keys.partitions}
    assert len(tags) == 12


def test_an_account_needs_the_keys_of_each():
    shop = family(RedisModel, RedisDatabase(port=1), 2)
    rules = acl_rules(shop.Note, server=Server("valkey", (9, 1)))
    for model in vars(shop).values():
        for partition in model._schema.keys.partitions:
            assert any(rule == "~" + partition.pattern.decode() for rule in rules)


def test_settings_that_exclude_each_other():
    database = RedisDatabase(port=1, partitions=4)
    top = declared("Top", database=database)
    assert declared("Child", database=database, colocate_with=top)._schema.keys.count == 4
    with pytest.raises(DeclarationError, match="leave out partitions"):
        declared("Other", database=database, colocate_with=top, partitions=4)
    base = declared("Base", database=database, abstract=True, partitions=2)
    assert declared("Nearer", base, database=database, colocate_with=top)._schema.keys.count == 4
    nearest = declared("Nearest", database=database, abstract=True, colocate_with=top)
    assert declared("Inherits", nearest, database=database)._schema.keys.top.name == "top"
    with pytest.raises(DeclarationError, match="leave out partitions"):
        declared("Both", nearest, database=database, partitions=2)
    assert declared("Neither", nearest, database=database, colocate_with=None)._schema.keys.parent is None


def test_parents_that_are_refused():
    top = declared("Top", namespace="a")
    abstract = declared("Abstract", database=top.database, abstract=True)
    old = RedisDatabase(port=1, layout="limpyd2")
    for parent, body, reason in (
        ("Top", {}, "takes the class of a model"),
        (int, {}, "takes the class of a model"),
        (abstract, {"database": top.database}, "is abstract"),
        (top, {}, "on another database"),
        (top, {"database": top.database, "namespace": "b"}, "in the namespace 'a', and this model in 'b'"),
        (declared("Old", database=old), {"database": old}, "no hash tags"),
    ):
        with pytest.raises(DeclarationError, match=f"^Child: .*{reason}"):
            declared("Child", colocate_with=parent, **body)
    database = AsyncRedisDatabase(port=1)
    asynchronous = declared("Top", AsyncRedisModel, database=database)
    with pytest.raises(DeclarationError, match="another database"):
        declared("Child", colocate_with=asynchronous)


def test_classes_that_are_declared_again():
    database = RedisDatabase(port=1)
    top = declared("Top", database=database, partitions=4)
    child = declared("Child", database=database, colocate_with=top, top=FKInstanceHashField(top))
    with pytest.raises(DeclarationError, match="8 partitions instead of 4 partitions, and Child"):
        declared("Top", database=database, partitions=8)
    assert database._models.get("top") is top
    with pytest.raises(DeclarationError, match="Child, which is itself declared with colocate_with = Top"):
        declared("Top", database=database, colocate_with=child)
    again = declared("Top", database=database, partitions=4)
    assert again._schema.children == [child._schema]
    assert child._schema.parent is again._schema
    child = declared("Child", database=database, colocate_with=again, top=FKInstanceHashField(again))
    assert again._schema.children == [child._schema]
    assert child.top.is_local


def test_references_between_partitions():
    database = RedisDatabase(port=1)
    top = declared("Top", database=database, partitions=4)
    for name, body in (
        ("OfItsOwn", {"partitions": 4, "top": FKInstanceHashField("Top"), "plain": InstanceHashField()}),
        ("OfOne", {"top": FKInstanceHashField(top)}),
    ):
        assert not declared(name, database=database, **body).top.is_local
    with pytest.raises(DeclarationError, match="check=False"):
        declared("Child", database=database, colocate_with=top, top=FKInstanceHashField(top, check=False))


def test_is_local():
    database = RedisDatabase(port=1)
    top = declared("Top", database=database, partitions=4)
    child = declared(
        "Child",
        database=database,
        colocate_with=top,
        top=FKInstanceHashField(top),
        own=FKInstanceHashField("self", related_name="owned"),
    )
    assert child.top.is_local
    assert child.own.is_local
    assert not child._schema.crosses_slots
    single = declared("Single", database=database)
    beside = declared("Beside", database=database, colocate_with=single, single=FKInstanceHashField(single))
    other = declared("Other", database=database, single=FKInstanceHashField(single, related_name="others"))
    assert beside.single.is_local
    assert other.single.is_local
    assert not beside._schema.crosses_slots
    assert other._schema.crosses_slots
