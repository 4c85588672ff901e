"""Unique fields with an index by score in the layout of limpyd 2: what keeps them unique has keys of its own."""

from __future__ import annotations

from limpyd import InstanceHashField, ScoredEqualIndex, StringField
from limpyd.exceptions import InvalidValue, UniquenessError


async def test_unique_values_by_score(any_face):
    """They have keys of their own beside those of the index by score, all of which are found, built and taken away."""
    face = any_face
    old = face.Database(port=face.server.port, layout="limpyd2")

    class Desk(face.Model):
        database = old
        namespace = "n"
        rank = StringField()
        team = InstanceHashField(unique=True, indexes=[ScoredEqualIndex(score_field="rank")])

    first = await face.do(Desk.create(team="x", rank="1"))
    second = await face.do(Desk.create(team="y"))

    def keys():
        return {key.decode() for key in face.client.scan_iter("n:desk:team:*")}

    both = {
        "n:desk:team:equal-scored:x",
        "n:desk:team:equal-scored:x:__uniqueness__",
        "n:desk:team:equal-scored:y:__uniqueness__",
    }
    assert keys() == both
    assert await face.all(Desk.collection(team="x")) == ["1"]
    assert await face.all(Desk.collection(team="y")) == ["2"]
    assert (await face.do(Desk.get(team="y")))._pk == "2"
    await face.refused(UniquenessError, lambda: second.team.hset("x"))
    await face.refused(InvalidValue, lambda: second.team.hset("x:__uniqueness__"))
    report = await face.do(Desk.check())
    assert report.ok, report
    await face.do(Desk.rebuild_indexes())
    assert keys() == both
    await face.do(Desk.clear_indexes())
    assert keys() == set()
    await face.do(Desk.rebuild_indexes())
    assert keys() == both
    face.client.sadd("n:desk:team:equal-scored:old:__uniqueness__", "1")  # limpyd 2 does not give values up
    report = await face.do(Desk.check(repair=True))
    assert report.repaired == {"stale": 1}
    assert keys() == both
    await face.do(first.team.hset("z"))
    await face.do(first.delete())
    await face.do(second.delete())
    assert keys() == set()
    await face.do(old.close())


async def test_they_are_moved(any_face):
    face = any_face

    def declared(where):
        class Desk(face.Model):
            database = where
            namespace = "n"
            rank = StringField()
            team = InstanceHashField(unique=True, indexes=[ScoredEqualIndex(score_field="rank")])

        return Desk

    old = face.Database(port=face.server.port, layout="limpyd2")
    before, after = declared(old), declared(face.database)
    await face.do(before.create(team="x", rank="1"))
    await face.do(before.create(team="y"))
    face.client.sadd("n:desk:team:equal-scored:old:__uniqueness__", "1")
    moved = await face.do(after.migrate_from_limpyd2())
    assert (moved.objects, moved.conflicts) == (2, [])
    assert not [key for key in sorted(face.keys()) if not key.startswith("{n:desk}")]
    await face.refused(UniquenessError, lambda: after.create(team="y"))
    assert (await face.do(after.check())).ok
    await face.do(old.close())
