"""Models that refer to each other are in use while the objects of one of them move to more partitions."""

from __future__ import annotations

import pytest

from limpyd import ChangeFeed, FKInstanceHashField, InstanceHashField, M2MSetField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import (
    ObjectsOnTheirWay,
    OutcomeUnknown,
    RelatedDoesNotExist,
    RestrictedError,
    UnsupportedCommand,
)
from limpyd.requests import waiting
from limpyd.targets import closings
from tests.support.slow_moves import move_few_at_once, moved_until, steps_of

COUNT = 12


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    move_few_at_once(monkeypatch)


class Models:
    """People, who may have a mentor; teams that people lead; and notes on these, as a process sees them.

    Args:
        face: the face.
        people, teams: the numbers of partitions; notes have one.
        on_delete: what the deletion of a person means for teams.
        more: more fields of people.
    """

    def __init__(self, face, people, teams, *, on_delete="clear", patience=0, **more):
        made = self.database = face.Database(port=face.server.port, patience=patience)

        class Person(face.Model):
            database = made
            partitions = people
            namespace = "moving"
            pk = PKField()
            name = InstanceHashField(indexable=True)
            mentor = FKInstanceHashField("self", related_name="pupils")
            locals().update(more)

        class Team(face.Model):
            database = made
            partitions = teams
            namespace = "moving"
            pk = PKField()
            leader = FKInstanceHashField(Person, related_name="teams", on_delete=on_delete)
            members = M2MSetField(Person, related_name="memberships")

        class Note(face.Model):
            database = made
            namespace = "moving"
            pk = PKField()
            team = FKInstanceHashField(Team, related_name="notes", on_delete="cascade")

        self.Person, self.Team, self.Note = Person, Team, Note


class Sync:
    """The face of movers in these tests."""

    Database, Model = RedisDatabase, RedisModel


@pytest.fixture
async def process(any_face):
    """Makes the models as a process sees them that has sent nothing yet; closes its database at the end."""
    made = []

    def make(people=2, teams=2, *, mover=False, **more):
        face = any_face
        if mover:
            face = Sync()
            face.server = any_face.server
        models = Models(face, people, teams, **more)
        made.append((mover, models.database))
        return models

    yield make
    for is_sync, database in made:
        if is_sync:
            database.close()
        else:
            await any_face.do(database.close())


async def filled(face, models):
    """Creates people, of whom the odd ones have mentors, and teams that each leads."""
    for number in range(COUNT):
        mentor = {"mentor": str(number - 1)} if number % 2 else {}
        await face.do(models.Person.create(pk=str(number), name=f"n{number}", **mentor))
        await face.do(models.Team.create(pk=f"t{number}", leader=str(number), members=["0", str(number)]))
        await face.do(models.Note.create(pk=f"note{number}", team=f"t{number}"))


async def all_is_well(face, models):
    for model in (models.Person, models.Team, models.Note):
        await face.do(model.collection().count())  # it may have to find out that the move has ended
        assert list(await face.do(model.check())) == []


@pytest.mark.parametrize(
    ("moved", "on_delete"), [("people", "clear"), ("teams", "cascade"), ("both", "clear"), ("both", "restrict")]
)
async def test_all_is_used_while_it_moves(any_face, process, monkeypatch, moved, on_delete):
    monkeypatch.setattr(waiting, "UNFINISHED", 0.02)  # the movers stand still while others wait for them
    former = process(on_delete=on_delete, patience=5)
    await filled(any_face, former)
    counts = {"people": (4, 2), "teams": (2, 4), "both": (4, 4)}[moved]
    mover = process(*counts, on_delete=on_delete, mover=True)
    names = {"people": ["Person"], "teams": ["Team"], "both": ["Person", "Team"]}[moved]
    movers = [steps_of(getattr(mover, name)) for name in names]
    number, gone = 0, set()
    while movers:
        movers = [each for each in movers if next(each, "ended") != "ended"]
        number += 1
        pk, team = str(number % COUNT), f"t{number % COUNT}"
        if pk in gone or pk == "0":
            continue
        try:
            if number % 5 == 0:
                await any_face.do(former.Person.lazy_connect(pk).delete())
                assert on_delete != "restrict"
                gone.add(pk)
            elif number % 3 == 0:
                await any_face.do(former.Team.lazy_connect(team).leader.hset(pk))
            elif f"{number - 1}" not in gone:
                await any_face.do(former.Person.lazy_connect(pk).mentor.hset("0"))
        except ObjectsOnTheirWay:
            pass
        except RestrictedError:
            assert on_delete == "restrict"
    assert gone or on_delete == "restrict"
    await all_is_well(any_face, former)
    await all_is_well(any_face, process(*counts, on_delete=on_delete))


async def half_moved(face, process, name):
    """A process that knows that half of the objects of a model have moved, and the mover that goes on."""
    former = process()
    await filled(face, former)
    mover = process(*((4, 2) if name == "Person" else (2, 4)), mover=True)
    steps = moved_until(getattr(mover, name), lambda records: records.get(0) == "4" and records.get(1) == "-4 2 0 4")
    for model in (former.Person, former.Team, former.Note):
        await face.do(model.collection().count())
    return former, steps


async def test_round_trips_are_the_same(any_face, process):
    """As without a move: see docs/partitions.md."""
    former, steps = await half_moved(any_face, process, "Person")
    for pk in ("5", "6", "7", "8"):
        team, person = former.Team.lazy_connect(f"t{pk}"), former.Person.lazy_connect(pk)
        await any_face.do(team.leader.hset(pk))  # which records the reference, and reads the catalogs
        await any_face.do(team.leader.hset("1"))
        with any_face.sent() as sent:
            await any_face.do(team.leader.hset(pk))
        assert sent.names == ["EVALSHA"] * 2
        await any_face.do(person.delete())  # which loads the scripts
        await any_face.do(former.Person.create(pk=pk, name="again"))
        with any_face.sent() as sent:
            await any_face.do(person.delete())
        people, teams = (len(model._schema.keys.partitions) for model in (former.Person, former.Team))
        holders, tombs = people + teams, 1 + people  # all that may refer; its tomb, and those of others that went too
        assert len(sent.names) == 1 + holders + tombs  # in three round trips
        assert await any_face.do(team.leader.hget()) is None
    for _ in steps:
        pass


async def test_a_deletion_that_was_decided_waits_for_those_who_refer(any_face, process, monkeypatch):
    """If that takes too long, a tomb is left; the call cannot say that nothing was done."""
    former = process()
    await filled(any_face, former)
    for pk in ("1", "2"):
        await any_face.do(former.Person.lazy_connect(pk).delete())  # all catalogs are known
    mover = process(2, 4, mover=True)
    steps = moved_until(mover.Team, lambda records: records.get(0, "").endswith("closed"))
    error = await any_face.refused(OutcomeUnknown, former.Person.lazy_connect("3").delete)
    assert "objects of Team are on their way" in str(error)
    assert not await any_face.do(former.Person.exists("3"))
    await any_face.refused(RelatedDoesNotExist, lambda: former.Person.lazy_connect("4").mentor.hset("3"))
    for _ in steps:
        pass
    assert any_face.client.hkeys(former.Person._schema.keys.partition(b"3").tomb) == [b"3"]
    monkeypatch.setattr(closings, "AGE", -1)
    await any_face.do(former.Person.create(pk="3", name="again"))  # which finishes the deletion, since the tomb is old
    assert await any_face.do(former.Team.lazy_connect("t3").leader.hget()) is None
    await all_is_well(any_face, former)


async def test_the_slice_of_a_mover_that_died_is_finished(any_face, process, monkeypatch):
    """By whoever wants to refer to an object of it, and by a deletion that was decided."""
    monkeypatch.setattr(waiting, "UNFINISHED", 0)
    former = process(patience=10)
    await filled(any_face, former)
    for people, teams, name in ((4, 2, "Person"), (4, 4, "Team")):
        mover = process(people, teams, mover=True)
        moved_until(getattr(mover, name), lambda records: records.get(0, "").endswith("closed"))
        for number in range(4):
            await any_face.do(former.Team.lazy_connect(f"t{number}").leader.hset("0"))
            await any_face.do(former.Person.create(pk="x", name="x"))
            await any_face.do(former.Team.lazy_connect(f"t{number}").leader.hset("x"))
            await any_face.do(former.Person.lazy_connect("x").delete())
            assert await any_face.do(former.Team.lazy_connect(f"t{number}").leader.hget()) is None
        await any_face.do(getattr(process(people, teams), name).repartition())
        await all_is_well(any_face, former)


async def test_from_one_partition_they_are_refused(any_face, process):
    """A reference to an object of one partition is checked in the same step, by code that knows of no move."""
    former = process(people=1, teams=1)
    await filled(any_face, former)
    advice = "cannot be moved from one partition. Move it, with the models"
    for people, teams, name in ((4, 1, "Person"), (1, 4, "Team")):
        model = getattr(process(people, teams), name)
        await any_face.refused(UnsupportedCommand, model.repartition, match=advice)
    await all_is_well(any_face, former)


async def test_their_feed_goes_on(any_face, process):
    """Also with what a deletion means for objects that have moved, or have not."""
    former = process(changes=ChangeFeed())
    await filled(any_face, former)
    reader = former.Person.changes()
    assert {change.kind for change in await any_face.all(reader)} == {"created"}
    mover = process(people=4, changes=ChangeFeed(), mover=True).Person
    steps = moved_until(mover, lambda records: records.get(0, "").startswith("-4 2 1 "))
    pupils = set(await any_face.do(former.Person.collection(mentor="2").all()))
    await any_face.do(former.Person.lazy_connect("2").delete())
    found = {change.pk: (change.kind, change.fields) for change in await any_face.all(reader)}
    assert found == {"2": ("deleted", ())} | dict.fromkeys(pupils, ("changed", ("mentor",)))
    for _ in steps:
        pass
    assert await any_face.all(reader) == []
    await all_is_well(any_face, former)


async def test_a_tag_names_its_model_whatever_the_number_of_partitions(any_face, process):
    keys = process().Person._schema.keys
    for number in (0, 3, 200):
        assert keys.has_tag(keys.keys_of(number).tag)
    assert not keys.has_tag(b"moving:person")
    assert not keys.has_tag(b"moving:person:3")
    assert not keys.has_tag(b"moving:team:1")
    assert process(people=1).Person._schema.keys.has_tag(b"moving:person")
