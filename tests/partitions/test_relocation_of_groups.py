"""The objects of models that refer to each other move to another database together, while they are in use."""

from __future__ import annotations

import contextlib

import pytest

from limpyd import InstanceHashField
from limpyd.exceptions import (
    InvalidValue,
    MoveConflict,
    Relocated,
    RestrictedError,
    UndeclaredReference,
    UnsupportedCommand,
)
from limpyd.relations import FKInstanceHashField
from limpyd.relocation.opening import Opening
from tests.support.grouped_models import MODELS, ODD, agrees, declare, filled, found, others
from tests.support.interrupted_moves import stop_at, stops

THERE = 1
"""The number of the database that the objects go to."""
ONE_FACE = pytest.mark.parametrize("any_face", ["sync"], indirect=True)
"""For tests of the steps, which are the same on both faces."""


@pytest.fixture
async def at(any_face):
    """Makes the models as a process sees them that has sent nothing yet, on one of two databases; closes those."""
    databases = []

    def make(db, counts):
        databases.append(any_face.Database(port=any_face.server.port, db=db))
        return declare(any_face.Model, databases[-1], *counts)

    yield make
    for database in databases:
        await any_face.do(database.close())
    any_face.client.flushall()


async def call(face, method, mover, to):
    return await face.do(getattr(mover.Author, method)(to.Author.database, with_models=others(mover)))


@pytest.mark.parametrize(
    ("before", "after"), [((1, 1), (4, 1)), ((4, 2), (4, 2)), pytest.param((4, 4), (1, 1), marks=ONE_FACE)]
)
async def test_models_move_together(any_face, at, before, after):
    do, former = any_face.do, at(0, before)
    expected = await filled(any_face, former)
    mover, made = at(0, after), at(THERE, after)
    moved = await call(any_face, "migrate_to", mover, made)
    assert moved.objects == moved.copied == sum(map(len, expected.values()))
    await agrees(any_face, made, expected)
    await any_face.refused(Relocated, lambda: at(0, before).Author.create(name="new"))
    await any_face.refused(Relocated, lambda: at(0, before).Line.create(order=1))
    await any_face.refused(RestrictedError, lambda: made.Author.lazy_connect(ODD[3]).delete())
    await do(made.Author.lazy_connect(ODD[0]).delete())
    gone = {pk for pk, row in expected["Book"].items() if row[1] == ODD[0]}
    left = await found(any_face, made)
    assert left["Book"].keys() == expected["Book"].keys() - gone
    assert {row[0] for row in left["Review"].values()} == left["Book"].keys()
    assert {row[1] for row in left["Line"].values()} == {*left["Book"], None}
    assert left["Author"][ODD[1]][0] is None
    assert await call(any_face, "migrate_to", mover, made) == (0, 0, 0, [])
    await any_face.refused(MoveConflict, lambda: call(any_face, "abandon_migration", mover, made))
    assert await call(any_face, "delete_migrated", mover, made) > 0
    assert len(any_face.client.keys()) == len(MODELS)


@ONE_FACE
async def test_there_and_back(any_face, at):
    expected = await filled(any_face, at(0, (1, 1)), 3)
    await call(any_face, "migrate_to", at(0, (2, 1)), at(THERE, (2, 1)))
    await call(any_face, "delete_migrated", at(0, (2, 1)), at(THERE, (2, 1)))
    await call(any_face, "migrate_to", at(THERE, (1, 1)), at(0, (1, 1)))
    await agrees(any_face, at(0, (1, 1)), expected)


@ONE_FACE
@pytest.mark.parametrize(
    ("before", "after", "step"), stops([((1, 1), (1, 1)), ((1, 2), (2, 2))], [*range(8, 50, 8), *range(9, 60, 10)])
)
async def test_a_move_that_was_stopped_goes_on_or_is_abandoned(any_face, at, before, after, step):
    """Whatever step was the last one, and whether it was executed or not."""
    expected = await filled(any_face, at(0, before), 3)
    mover, made = at(0, after), at(THERE, after)
    await stop_at(
        [mover.Author.database, made.Author.database], step, lambda: call(any_face, "migrate_to", mover, made)
    )
    with contextlib.suppress(MoveConflict):  # if it has been decided
        await call(any_face, "abandon_migration", at(0, after), at(THERE, after))
        await agrees(any_face, at(0, before), expected)
    made = at(THERE, after)
    await call(any_face, "migrate_to", at(0, after), made)
    await agrees(any_face, made, expected)


class Stopped(Exception):
    pass


async def test_a_move_that_was_stopped_when_partitions_were_open_goes_on(any_face, at, monkeypatch):
    """Those have the record of a model in use, while the roots have that of a move."""
    expected = await filled(any_face, at(0, (1, 2)), 3)

    def stop(*_args):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Opening, "_open_root", stop)
        with pytest.raises(Stopped):
            await call(any_face, "migrate_to", at(0, (4, 2)), at(THERE, (4, 2)))
    made = at(THERE, (4, 2))
    await call(any_face, "migrate_to", at(0, (4, 2)), made)
    await agrees(any_face, made, expected)


@ONE_FACE
@pytest.mark.parametrize("step", ["delete", "sweep", "finish"])
async def test_deletions_that_were_decided_are_finished(any_face, at, step, monkeypatch):
    """Others are as if they had not begun."""
    former = at(0, (2, 1))
    expected = await filled(any_face, former, 6)

    def stop(*_args, **_more):
        raise Stopped

    monkeypatch.setattr(f"limpyd.deletions.requests.{step}", stop)
    with pytest.raises(Stopped):
        await any_face.do(former.Author.lazy_connect(ODD[0]).delete())
    monkeypatch.undo()
    made = at(THERE, (4, 1))
    await call(any_face, "migrate_to", at(0, (4, 1)), made)
    if step == "delete":
        await agrees(any_face, made, expected)
        return
    left = await found(any_face, made)
    for name in MODELS:
        assert list(await any_face.do(getattr(made, name).check())) == []
    assert ODD[0] not in left["Author"]
    assert {row[1] for row in left["Book"].values()} == {*ODD[1:3]}
    assert left["Review"].keys() == {pk for pk, row in expected["Review"].items() if row[0] in left["Book"]}


@ONE_FACE
async def test_references_are_recorded_where_they_arrive(any_face, at):
    """So a process that declares only authors cannot delete one to whom a book refers."""
    await filled(any_face, at(0, (1, 1)), 3)
    made = at(THERE, (2, 2))
    await any_face.refused(UnsupportedCommand, lambda: call(any_face, "migrate_to", at(0, (2, 2)), made), match="--new")
    made = at(THERE, (2, 1))
    await call(any_face, "migrate_to", at(0, (2, 1)), made)

    class Author(any_face.Model):
        database = any_face.Database(port=any_face.server.port, db=THERE)
        namespace = "related"
        partitions = 2
        email = InstanceHashField(unique=True)

    for name in (ODD[0], ODD[3], ODD[-1]):
        await any_face.refused(UndeclaredReference, lambda name=name: Author.lazy_connect(name).delete())
    await any_face.do(Author.database.close())


@ONE_FACE
async def test_models_that_are_missing_or_strange(any_face, at):
    mover, there = at(0, (1, 1)), at(THERE, (1, 1)).Author.database
    refused, place = any_face.refused, mover.Author.__module__
    error = await refused(InvalidValue, lambda: mover.Line.migrate_to(there, with_models=[mover.Order]))
    assert "Author, Book, Review are missing" in str(error)
    assert f"limpyd migrate --to URL {place}:{mover.Author.__qualname__} " in str(error)

    class Alone(any_face.Model):
        database = mover.Author.database

    more = [*others(mover), Alone]
    await refused(InvalidValue, lambda: mover.Author.migrate_to(there, with_models=more), match=r"call Alone\.migrate")
    await refused(InvalidValue, lambda: mover.Author.migrate_to(there, with_models=["Book"]), match="takes models")
    elsewhere = at(THERE, (1, 1)).Book
    await refused(InvalidValue, lambda: mover.Author.migrate_to(there, with_models=[elsewhere]), match="another data")


@ONE_FACE
async def test_models_that_came_to_be_connected(any_face, at):
    """A move does not go on with other models than it has begun with."""

    def declared(db, *, refers):
        database_ = any_face.Database(port=any_face.server.port, db=db)
        author = type("Author", (any_face.Model,), {"database": database_, "name": InstanceHashField()})
        book = {"database": database_, "author": FKInstanceHashField(author) if refers else InstanceHashField()}
        return author, type("Book", (any_face.Model,), book), database_

    author, book, here = declared(0, refers=False)
    _, _, there = declared(THERE, refers=False)
    await any_face.do(author.create(name="x"))
    await any_face.do(book.create(author="1"))
    await any_face.do(author.migrate_to(there))
    author, book, again = declared(0, refers=True)
    await any_face.refused(
        MoveConflict, lambda: author.migrate_to(there, with_models=[book]), match="begun with other models"
    )
    for database in (here, there, again):
        await any_face.do(database.close())


@ONE_FACE
@pytest.mark.parametrize("count", [3, 300])
async def test_requests_of_a_move(any_face, at, count):
    """Few for each object, and no more than a constant for models of few of them."""
    former = at(0, (1, 1))
    await any_face.do(former.Author.create(name="a"))
    await any_face.do(former.Book.bulk_create([{"title": "t", "author": "a"} for _ in range(count)]))
    mover, there = at(0, (4, 1)), at(THERE, (4, 1))
    await any_face.do(there.Author.database.connect())
    with any_face.sent() as sent:
        await call(any_face, "migrate_to", mover, there)
    assert len(sent.commands) < 450 + 0.2 * count
