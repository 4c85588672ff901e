"""The objects of a model move to a greater number of partitions."""

from __future__ import annotations

import contextlib

import pytest

from limpyd import (
    DynamicInstanceHashField,
    DynamicSetField,
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    InstanceHashField,
    PKField,
    SetField,
    StringField,
)
from limpyd.acl import acl_rules
from limpyd.exceptions import (
    DifferentPartitions,
    IndexNotBuilt,
    InvalidValue,
    MoveConflict,
    NotInPipeline,
    ObjectsMoved,
    UniquenessError,
    UnsupportedCommand,
)
from tests.support.blocks import block
from tests.support.calls_of_models import CALLS, PLAIN_READS
from tests.support.moving_models import COUNT, ODD, agrees, declared, filled


@pytest.fixture
async def another_process(any_face):
    """Makes a model as a process sees it that has sent nothing yet; closes its database at the end."""
    databases = []

    def make(count, **more):
        databases.append(any_face.Database(port=any_face.server.port))
        return declared(any_face, databases[-1], count, **more)

    yield make
    for database in databases:
        await any_face.do(database.close())


@pytest.mark.parametrize(("before", "after"), [(1, 2), (1, 8), (4, 8), (2, 16)])
async def test_objects_move(any_face, another_process, before, after):
    made = await filled(any_face, another_process(before))
    model, seen = another_process(after), []
    moved = await any_face.do(model.repartition(progress=lambda *done: seen.append(done)))
    assert moved.unindexed == []
    assert moved.objects == sum(
        model._schema.keys.partition(pk.encode()).number >= before or before == 1 for pk in made
    )
    assert seen[-1] == (COUNT, COUNT)
    assert seen == sorted(seen)
    await agrees(any_face, model, made)
    assert await any_face.do(model.repartition()) == (0, [])
    minted = {await any_face.do((await any_face.do(model.create(title="t9"))).pk.get()) for _ in range(3 * after)}
    assert len(minted) == 3 * after
    assert not minted & made.keys()
    assert list(await any_face.do(model.check())) == []


@pytest.mark.parametrize(("before", "after"), [(1, 4), (2, 8)])
async def test_any_primary_key_moves(any_face, another_process, before, after):
    made = await filled(any_face, another_process(before, pk=PKField()), 0, ODD)
    model = another_process(after, pk=PKField())
    await any_face.do(model.repartition())
    await agrees(any_face, model, made)


async def test_numbers_that_were_given_out_stay_so(any_face, another_process):
    """Also those of objects that are gone."""
    former = another_process(1)
    made = await filled(any_face, former)
    last = max(map(int, made))
    for pk in (last, last - 1, last - 2):
        await any_face.do(former.lazy_connect(pk).delete())
    model = another_process(4)
    await any_face.do(model.repartition())
    minted = [int(await any_face.do((await any_face.do(model.create(title="t"))).pk.get())) for _ in range(12)]
    assert min(minted) > last


class Interrupted(Exception):
    """Ends a move."""


def interrupt_after(steps):
    calls = []

    def interrupt(*done):
        calls.append(done)
        if len(calls) == steps:
            raise Interrupted

    return interrupt


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 8)])
async def test_while_objects_move_all_else_is_refused(any_face, another_process, before, after):
    running = {count: another_process(count) for count in (before, after)}
    made = await filled(any_face, running[before])
    if before > 1:  # it is in use meanwhile, but not if the class lacks a unique value
        once = await any_face.do(another_process(before, lost=InstanceHashField(unique=True)).create(lost="x"))
        await any_face.do(once.delete())
    assert await any_face.do(running[before].collection(title="t1").count()) == COUNT // 3
    model = another_process(after)
    with pytest.raises(Interrupted):
        await any_face.do(model.repartition(progress=interrupt_after(1)))
    stored = any_face.client.keys()
    for count in (before, after, 16):
        for call in CALLS.values():
            if count == 1 and call in PLAIN_READS:
                continue  # which the catalog of one partition does not concern
            error = await any_face.refused(
                DifferentPartitions, lambda call=call, count=count: call(another_process(count))
            )
            assert (error.stored, error.is_moving) == (after, True)
    guarded = [lambda model: model.create(title="x"), lambda model: model.collection(title="t1").all()]
    writes = [*guarded, *(lambda model, pk=pk: model.lazy_connect(pk).log.rpush("x") for pk in made)]
    for call in writes:
        await any_face.refused(DifferentPartitions, lambda call=call: call(running[before]))
    assert sorted(any_face.client.keys()) == sorted(stored)
    await any_face.do(another_process(after).repartition())
    await agrees(any_face, running[after], made)
    if before > 1:
        await any_face.refused(ObjectsMoved, running[before].check)
        await agrees(any_face, running[before], made)
        return
    for call in guarded:
        await any_face.refused(DifferentPartitions, lambda call=call: call(running[before]))


@pytest.mark.parametrize("after", [1, 2, 5])
async def test_an_interrupted_move_goes_on(any_face, another_process, after, monkeypatch):
    monkeypatch.setattr("limpyd.repartitioning.delivery.FOUND", 1)
    monkeypatch.setattr("limpyd.repartitioning.parcels.OBJECTS", 2)
    made = await filled(any_face, another_process(4))
    for _ in range(2):
        with contextlib.suppress(Interrupted):
            await any_face.do(another_process(8).repartition(progress=interrupt_after(after)))
    model = another_process(8)
    await any_face.do(model.repartition())
    await agrees(any_face, model, made)


async def test_a_process_that_declares_less_continues(any_face, another_process):
    """What it does not declare moves, too; its indexes do not count as built any more."""
    made = await filled(any_face, another_process(2))
    with pytest.raises(Interrupted):
        await any_face.do(another_process(4).repartition(progress=interrupt_after(1)))
    smaller = type(
        "Moving",
        (any_face.Model,),
        {
            "database": any_face.database,
            "partitions": 4,
            "age": InstanceHashField(type=int, indexable=True),
            "email": InstanceHashField(unique=True),
            "__module__": __name__,
        },
    )
    await any_face.do(smaller.repartition())
    model = another_process(4)
    await any_face.refused(IndexNotBuilt, lambda: model.collection(title="t1").all())
    for name in ("title", "tags", "note", "facts"):
        await any_face.do(model.get_field(name).rebuild_indexes())
    await agrees(any_face, model, made)


async def test_nothing_to_move(any_face, another_process):
    model = another_process(8)
    assert await any_face.do(model.repartition()) == (0, [])
    assert any_face.client.keys() == []
    await any_face.do(model.create(title="x"))
    with any_face.sent() as sent:
        assert await any_face.do(model.repartition()) == (0, [])
    assert sorted(sent.names) == [*["EVALSHA"] * 10, *["HKEYS"] * 9]  # in three packets


async def test_fewer_partitions_are_refused(any_face, another_process):
    made = await filled(any_face, another_process(4))
    await any_face.refused(DifferentPartitions, lambda: another_process(2).repartition())
    await any_face.refused(InvalidValue, lambda: another_process(1).repartition(), match="one partition")
    await any_face.refused(InvalidValue, lambda: another_process(8).repartition(progress=3))
    await agrees(any_face, another_process(4), made)
    with pytest.raises(Interrupted):
        await any_face.do(another_process(8).repartition(progress=interrupt_after(1)))
    for count in (2, 4, 16):
        error = await any_face.refused(DifferentPartitions, lambda count=count: another_process(count).repartition())
        assert error.is_moving
    await any_face.do(another_process(8).repartition())


async def test_a_key_that_is_in_the_way_is_named(any_face, another_process):
    made = await filled(any_face, another_process(2))
    model = another_process(4)
    pk = next(pk for pk in made if model._schema.keys.partition(pk.encode()).number == 3)
    in_the_way = model._schema.keys.partition(pk.encode()).field_prefix("note") + pk.encode()
    any_face.client.set(in_the_way, "x")
    for _ in range(2):
        await any_face.refused(MoveConflict, lambda: model.repartition(), match="note")
    any_face.client.delete(in_the_way)
    await any_face.do(model.repartition())
    await agrees(any_face, model, made)


async def test_what_an_index_refuses_moves_without_it(any_face, another_process):
    former = another_process(2)
    made = await filled(any_face, former, 20)
    other = another_process(4)
    pk = next(each for each in made if other._schema.keys.partition(each.encode()).number == 2)
    former_hash = former._schema.keys.partition(pk.encode()).hash_prefix + pk.encode()
    any_face.client.hset(former_hash, "age", "no number")
    moved = await any_face.do(other.repartition())
    ((found, error),) = moved.unindexed
    assert (found, "age" in str(error)) == (pk, True)
    assert await any_face.do(other.lazy_connect(pk).title.hget()) is not None
    await any_face.refused(IndexNotBuilt, lambda: other.collection(age__gt=3).all())


async def test_values_keep_their_expiry(any_face, another_process):
    former = another_process(2, kept=StringField())
    pks = []
    for number in range(6):
        created = await any_face.do(former.create(title="t", kept=str(number)))
        assert await any_face.do(created.kept.expire(1000))
        pks.append(await any_face.do(created.pk.get()))
    model = another_process(4, kept=StringField())
    await any_face.do(model.repartition())
    for number, pk in enumerate(pks):
        assert 900 < await any_face.do(model.lazy_connect(pk).kept.ttl()) <= 1000
        assert await any_face.do(model.lazy_connect(pk).kept.get()) == str(number)


def lower(value):
    return value.lower()


async def test_indexes_of_all_kinds(any_face, another_process):
    """Such as those that only Python can compute, those of several fields, and unique ones of several members."""

    def more():
        return {
            "name": InstanceHashField(indexes=[EqualIndex(transform=lower)]),
            "part": InstanceHashField(indexes=[EqualIndexWith(other_fields=["title"], unique=True)]),
            "codes": SetField(unique=True),
        }

    former = another_process(2, **more())
    for number in range(20):
        values = {"title": f"t{number % 4}", "name": f"N{number % 2}", "part": number // 4, "codes": [f"c{number}"]}
        await any_face.do(former.create(**values))
    model = another_process(8, **more())
    assert (await any_face.do(model.repartition())).unindexed == []
    assert list(await any_face.do(model.check())) == []
    assert await any_face.do(model.collection(name="n1").count()) == 10
    await any_face.refused(UniquenessError, lambda: model.create(title="t1", part=0))
    await any_face.refused(UniquenessError, lambda: model.create(codes=["c3", "new"]))
    await any_face.do(model.create(title="t5", part=0, codes=["new"]))


async def test_an_account_with_the_rules_of_the_model_may_move_it(any_face, another_process):
    made = await filled(any_face, another_process(2), 20)
    model = another_process(4)
    await any_face.do(model.database.connect())
    any_face.client.execute_command("ACL", "SETUSER", "mover", "on", ">secret", *acl_rules(model))
    database = any_face.Database(port=any_face.server.port, username="mover", password="secret")
    moved = await any_face.do(declared(any_face, database, 4).repartition())
    await any_face.do(database.close())
    any_face.client.execute_command("ACL", "DELUSER", "mover")
    assert moved.unindexed == []
    await agrees(any_face, model, made)


@pytest.mark.parametrize("before", [1, 2])
async def test_claims_that_a_server_loses_after_the_move_are_restored(any_face, another_process, before):
    """As after a failover to a replica that lacks the end of the move."""
    made = await filled(any_face, another_process(before), 20)
    model = another_process(4)
    await any_face.do(model.repartition())
    for partition in model._schema.keys.partitions:
        any_face.client.delete(partition.prefix + b"claim:email", partition.clock)
        any_face.client.set(partition.history, "another one")
    for values in made.values():
        await any_face.refused(UniquenessError, lambda values=values: model.create(email=values["email"]))
    await agrees(any_face, model, made)


async def test_dynamic_fields_move(any_face, another_process):
    def more():
        return {"points": DynamicInstanceHashField(int, indexable=True), "days": DynamicSetField(indexable=True)}

    former = another_process(2, **more())
    pks = []
    for number in range(10):
        made = await any_face.do(former.create(title="t"))
        pks.append(await any_face.do(made.pk.get()))
        await any_face.do(made.points("a").hset(number % 2))
        await any_face.do(made.days("mon day").sadd("x", pks[-1]))
    model = another_process(4, **more())
    await any_face.do(model.repartition())
    assert list(await any_face.do(model.check())) == []
    for pk in pks:
        assert await any_face.do(model.lazy_connect(pk).days("mon day").smembers()) == {"x", pk}
    assert await any_face.do(model.collection(points_a=1).count()) == 5


@pytest.mark.parametrize("before", [1, 2])
async def test_models_that_others_refer_to_are_refused(any_face, another_process, before):
    """If this process does not know those."""
    former = another_process(before)
    made = await filled(any_face, former, 6)

    class Holder(any_face.Model):
        database = former.database
        partitions = before
        target = FKInstanceHashField(former, on_delete="clear")

    await any_face.do(Holder.create(target=next(iter(made))))
    advice = r"Holder\.target may refer to Moving objects, and this process does not know"
    await any_face.refused(UnsupportedCommand, lambda: another_process(4).repartition(), match=advice)
    assert await any_face.do(former.collection(title="t1").count()) == 2


async def test_a_pipeline_refuses_it(any_face, another_process):
    model = another_process(4)
    with pytest.raises(NotInPipeline):
        async with block(any_face, model.database.pipeline()):
            await any_face.do(model.repartition())
