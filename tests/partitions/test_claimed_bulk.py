"""Bulk operations with values that are unique over several partitions."""

from __future__ import annotations

import json
import random
from functools import partial
from types import SimpleNamespace

import pytest

from limpyd import BulkError, EqualIndex, EqualIndexWith, InstanceHashField, PKField, SetField, StringField
from limpyd.exceptions import UniquenessError
from tests.support.claim_writers import World

FIELDS = ("email", "number", "codes", "city", "street")


@pytest.fixture
async def models(any_face):
    """Models of four partitions, and `Alone`, which is one of them in one partition."""
    spread = any_face.Database(port=any_face.server.port, partitions=4)
    alone = any_face.Database(port=any_face.server.port)

    class Account(any_face.Model):
        database = spread
        name = PKField()
        email = StringField(unique=True)
        number = InstanceHashField(type=int, unique=True)
        codes = SetField(unique=True)
        city = InstanceHashField(
            indexable=True, indexes=[EqualIndexWith(other_fields=["street"], unique=True), EqualIndex]
        )
        street = InstanceHashField(indexable=True)

    class Alone(any_face.Model):
        database = alone
        name = PKField()
        email = StringField(unique=True)
        number = InstanceHashField(type=int, unique=True)
        codes = SetField(unique=True)
        city = InstanceHashField(
            indexable=True, indexes=[EqualIndexWith(other_fields=["street"], unique=True), EqualIndex]
        )
        street = InstanceHashField(indexable=True)

    class Claiming(any_face.Model):
        database = spread
        email = InstanceHashField(unique=True, type=str)
        other = InstanceHashField()

    class Named(any_face.Model):
        database = spread
        key = PKField()
        email = InstanceHashField(unique=True, type=str)

    yield SimpleNamespace(Account=Account, Alone=Alone, Claiming=Claiming, Named=Named)
    await any_face.do(spread.close())
    await any_face.do(alone.close())


def account(number, name=None):
    return {
        "name": name or f"n{number}",
        "email": f"e{number}",
        "number": number,
        "codes": [f"c{number}", f"d{number}"],
        "city": "here",
        "street": str(number),
    }


async def content(face, model):
    rows = await face.do(model.collection().values("name", *FIELDS)[:])
    return sorted(rows, key=lambda row: row["name"])


def some_rows(choose):
    """Rows whose values conflict with each other."""
    few = [f"x{number}" for number in range(6)]
    for _ in range(choose.randrange(1, 8)):
        row = {"name": choose.choice(few)}
        for name in choose.sample(FIELDS, 3):
            value = choose.randrange(6)
            row[name] = (
                value if name == "number" else {f"c{value}", "mine" + row["name"]} if name == "codes" else few[value]
            )
        yield row


async def outcome_of(face, call):
    try:
        return await face.do(call())
    except BulkError as error:
        return error.position, str(error.__cause__).replace("Alone", "Account"), error.done


async def test_one_by_one_it_does_what_one_partition_does(any_face, models):
    choose = random.Random(7)
    for _ in range(40):
        rows, kind = [*some_rows(choose)], choose.choice(("raise", "skip", "update", "bulk_update"))
        outcomes = []
        for model in (models.Account, models.Alone):
            if kind == "bulk_update":
                call = partial(model.bulk_update, rows, chunk=1, on_missing="skip")
            else:
                call = partial(model.bulk_create, rows, chunk=1, on_conflict=kind, pks=True)
            outcomes.append(await outcome_of(any_face, call))
        assert outcomes[0] == outcomes[1], (kind, rows)
        assert await content(any_face, models.Account) == await content(any_face, models.Alone), (kind, rows)
    assert (await any_face.do(models.Account.check())).ok


@pytest.mark.parametrize("on_conflict", ["raise", "skip", "update"])
async def test_chunks_with_conflicts(any_face, models, on_conflict):
    """In which order rows of several partitions are done is not promised; that each value has one owner is."""
    await any_face.do(models.Account.bulk_create([account(number) for number in range(0, 60, 2)], chunk=4))
    rows = [account(number, f"m{number}") for number in range(60)] * 2
    creating = partial(models.Account.bulk_create, rows, chunk=7, on_conflict=on_conflict, pks=True)
    if on_conflict == "raise":
        error = await any_face.refused(BulkError, creating)
        assert isinstance(error.__cause__, UniquenessError)
        assert error.__cause__.owner == f"n{error.position}"
        done = [f"m{number}" for number in (*range(error.position), *error.done_after)]
        assert sorted(error.done.pks) == sorted(done)
    else:
        done = await any_face.do(creating())
        assert (done.created, done.skipped + done.updated) == (30, 90)
        new = [f"m{number}" if number % 2 else f"n{number}" for number in range(60)]
        assert done.pks == (new * 2 if on_conflict == "update" else new[1::2])
    found = await content(any_face, models.Account)
    assert len({row["email"] for row in found}) == len(found)
    assert (await any_face.do(models.Account.check())).ok


async def test_a_refusal_tells_what_was_done_before_it(any_face, models):
    """An object waits for one of another partition that wants the same value; what was sent with that one is done."""
    partition = models.Named._schema.keys.partition
    pks = [f"k{number}" for number in range(100)]
    here = [pk for pk in pks if partition(pk.encode()) is partition(b"k0")][:6]
    there = next(pk for pk in pks if partition(pk.encode()) is not partition(b"k0"))
    rows = [{"key": pk, "email": pk} for pk in [here[0], there, *here[1:]]]
    rows[1]["email"] = here[0]
    error = await any_face.refused(BulkError, lambda: models.Named.bulk_create(rows))
    assert (error.position, error.done.created, error.done_after) == (1, 6, [2, 3, 4, 5, 6])
    assert set(await any_face.all(models.Named.collection())) == set(here)


async def test_updates(any_face, models):
    await any_face.do(models.Account.bulk_create([account(number) for number in range(40)]))
    changes = [(f"n{number}", {"email": f"new {number}", "number": number + 100}) for number in range(40)]
    assert await any_face.do(models.Account.bulk_update(changes, chunk=6)) == (40, 0)
    error = await any_face.refused(
        BulkError, lambda: models.Account.bulk_update([("n1", {"street": "1a"}), ("n2", {"codes": ["c3", "free"]})])
    )
    assert (error.position, error.__cause__.owner) == (1, "n3")
    added = [(f"n{number}", {"number": models.Account.number + 1000}) for number in range(40)]
    assert await any_face.do(models.Account.bulk_update(added, chunk=6)) == (40, 0)  # only the server knows the values
    assert sorted(await any_face.do(models.Account.collection().values_list("number", flat=True)[:])) == [
        *range(1100, 1140)
    ]
    assert (await any_face.do(models.Account.check())).ok


async def test_a_chunk_gives_up_and_gets_a_value(any_face, models):
    partitions = models.Named._schema.keys
    first, second = [
        key
        for number in range(20)
        if partitions.partition((key := f"k{number}").encode()) is partitions.partition(b"k0")
    ][:2]
    await any_face.do(models.Named.bulk_create([{"key": first, "email": f"e{number}"} for number in (0,)]))
    for number in range(12):  # kept by each partition
        changes = [(first, {"email": f"e{number + 1}"}), (second, {"email": f"e{number}"})]
        await any_face.do(models.Named.bulk_update(changes, on_missing="skip"))
        await any_face.do(models.Named.bulk_create([{"key": second}], on_conflict="skip"))
        error = await any_face.refused(
            BulkError, lambda number=number: models.Named.bulk_update([(second, {"email": f"e{number + 1}"})])
        )
        assert error.__cause__.owner == first
        assert World(models.Named, any_face.client).faults() == []


async def test_what_a_chunk_did_not_use_is_given_up(any_face, models):
    world = World(models.Named, any_face.client)
    await any_face.do(models.Named.bulk_create([{"key": f"k{number}"} for number in range(40)]))
    rows = [{"key": f"k{number}", "email": f"e{number}"} for number in range(80)]
    done = await any_face.do(models.Named.bulk_create(rows, on_conflict="skip"))
    assert (done.created, done.skipped) == (40, 40)
    assert 0 < world.stale_claims() <= 40
    for at in (100, 200):  # beside the first claims they are taken, and removed beside the next
        await any_face.do(
            models.Named.bulk_create([{"key": f"m{at + n}", "email": f"of m{at + n}"} for n in range(40)])
        )
    assert (world.stale_claims(), world.faults()) == (0, [])


async def test_imports(any_face, models):
    await any_face.do(models.Account.bulk_create([account(number) for number in range(50)]))
    before = await content(any_face, models.Account)
    lines = await any_face.all(models.Account.export())
    assert (await any_face.do(models.Account.import_(lines, on_conflict="skip"))).skipped == 50
    assert (await any_face.do(models.Account.import_(lines, on_conflict="update", chunk=9))).updated == 50
    # Each line conflicts with an object of another name, most of them in another partition.
    renamed = [lines[0], *(json.dumps({**json.loads(line), "pk": f"other {n}"}) for n, line in enumerate(lines[1:]))]
    assert (await any_face.do(models.Account.import_(renamed, on_conflict="update", chunk=9))).updated == 50
    assert await content(any_face, models.Account) == before
    await any_face.do(models.Account.collection().delete())
    assert (await any_face.do(models.Account.import_(lines, chunk=9))).created == 50
    assert await content(any_face, models.Account) == before
    assert (await any_face.do(models.Account.check())).ok


async def test_new_objects_are_made_where_their_first_value_is_kept(any_face, models):
    await any_face.do(models.Claiming.bulk_create([{"email": f"first {number}"} for number in range(40)]))
    with any_face.sent() as sent:
        rows = [{"email": f"e{number}", "other": number} for number in range(300)]
        done = await any_face.do(models.Claiming.bulk_create(rows, chunk=25, pks=True))
    assert set(sent.names) <= {"EVAL", "EVALSHA"}
    assert len(sent.names) <= 24  # nothing is to be asked: chunks alone, up to four at once
    for number, pk in enumerate(done.pks):
        assert await any_face.do(models.Claiming.lazy_connect(pk).email.hget()) == f"e{number}"
    assert World(models.Claiming, any_face.client).faults() == []


async def test_requests_are_linear_in_the_rows(any_face, models):
    await any_face.do(models.Named.bulk_create([{"key": f"k{n}", "email": f"first {n}"} for n in range(40)]))

    async def counts(rows):
        new = [{"key": f"k{rows} {n}", "email": f"{rows} {n}"} for n in range(rows)]
        with any_face.sent() as creating:
            await any_face.do(models.Named.bulk_create(new, chunk=25))
        changes = [(row["key"], {"email": "new " + row["email"]}) for row in new]
        with any_face.sent() as updating:
            await any_face.do(models.Named.bulk_update(changes, chunk=25))
        return len(creating.names), len(updating.names)

    for rows in (100, 400):
        created, updated = await counts(rows)
        rounds = rows / 25 / 4 * 1.7 + 1  # one chunk is full before the others
        # Four chunks; four requests for claims, and at most as many for those that were given up before, twice.
        assert created <= rounds * (4 + 4 + 8)
        assert updated <= rounds * (4 + 4 + 4 + 8)
