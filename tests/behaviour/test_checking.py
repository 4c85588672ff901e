"""Model.check and database.check: what they find, and what they put right."""

from __future__ import annotations

import json
import random

import pytest

from limpyd import InstanceHashField, PKField, SetField, StringField
from limpyd.exceptions import InvalidValue, NotInPipeline
from limpyd.integrity import KINDS, Finding, Report
from limpyd.integrity.report import MAX_LISTED
from limpyd.types import FARTHEST_NORTH, GeoPoint
from tests.support.damage import DAMAGES, LOSING, ODD, UNREPAIRABLE, declare, some_missing, values
from tests.support.expected_indexes import inconsistencies, state
from tests.support.face import Face

THINGS = 6


async def made(face):
    town, thing = declare(face.Model, face.database)
    for code in ("t1", "t2"):
        await face.do(town.create(code=code, name="x"))
    for number in range(THINGS):
        one = await face.do(thing.create(**values(number)))
        await face.do(one.log.xadd({"a": "b"}))
        await face.do(one.seen.pfadd("a"))
    await face.do(thing.collection().store(ttl=100))
    return town, thing


def found(report):
    return {(finding.kind, finding.key, finding.pk) for finding in report}


@pytest.fixture
async def one(one_server):
    """The sync face on one server."""
    face = Face("sync", one_server)
    yield face
    face.database.close()
    face.client.close()


class TestDamage:
    async def test_none(self, face):
        town, thing = await made(face)
        before = state(face.client)
        for report in (
            await face.do(thing.check()),
            await face.do(town.check()),
            await face.do(face.database.check()),
            await face.do(thing.check(repair=True)),
            await face.do(face.database.check(repair="all")),
        ):
            assert isinstance(report, Report)
            assert found(report) == set()
            assert report.ok
        assert state(face.client) == before
        assert (report.models, report.objects) == (("Town", "Thing"), THINGS + 2)
        assert report.keys == len(list(face.client.scan_iter()))

    @pytest.mark.parametrize("name", DAMAGES)
    async def test_each(self, one, name):
        await made(one)
        right = state(one.client)
        expected = DAMAGES[name](one.client)
        damaged = state(one.client)
        report = one.database.check()
        assert found(report) == expected
        assert state(one.client) == damaged
        kinds = {kind for kind, _, _ in expected}
        assert report.ok == all(KINDS[kind].mild for kind in kinds)

        repaired = one.database.check(repair=True)
        assert found(repaired) == expected
        for finding in repaired:
            assert finding.repaired == (finding.kind not in LOSING | UNREPAIRABLE), finding
        if not kinds & (LOSING | UNREPAIRABLE | {"expiring", "dangling", "counter", "stale"}):
            assert state(one.client) == right
        assert {kind for kind, _, _ in found(one.database.check())} <= LOSING | UNREPAIRABLE

        all_repaired = one.database.check(repair="all")
        assert all_repaired.ok == (not kinds & UNREPAIRABLE)
        assert {kind for kind, _, _ in found(one.database.check())} <= UNREPAIRABLE

    async def test_each_kind_of_finding_is_tried(self, one_server):
        with one_server.client() as client:
            tried = {kind for damage in DAMAGES.values() for kind, _, _ in damage(client)}
        of_partitions = {"misplaced", "unclaimed", "abandoned", "unfinished"}  # which tests/partitions try
        of_deadlines = {"unfreed"}  # test_freed_values.py
        assert tried | of_partitions | of_deadlines | {"missing", "unowned"} == KINDS.keys()

    async def test_an_entry_of_each_index_is_missing(self, one):
        _, thing = await made(one)
        right = state(one.client)
        names = (b"eq", b"uniq", b"num", b"lex", b"geo", b"scored")
        keys = [key for key in right if key.startswith(b"{thing}:") and key.split(b":")[1] in names]
        assert {key.split(b":")[1] for key in keys} == set(names)
        expected = set().union(*(some_missing(one.client, key) for key in keys))
        assert found(thing.check()) == expected
        report = thing.check(repair=True)
        assert found(report) == expected
        assert report.ok
        assert state(one.client) == right
        assert found(thing.check()) == set()

    async def test_all_at_once(self, face):
        """Damages that do not touch each other, on both faces and all servers."""
        _, thing = await made(face)
        apart = [
            "eq, of somebody else",
            "eq of a sub-key",
            "uniq, taken by nobody",
            "num, of another score",
            "nums",
            "lex",
            "geo",
            "geos",
            "scored",
            "an index nobody declared",
            "an index declared once",
            "data of nobody",
            "nobody's members",
            "whom one refers to is gone",
            "keys that nothing explains",
            "keys of another type",
            "what should not expire",
            "a collection that stays",
            "no counter",
        ]
        expected = set().union(*(DAMAGES[name](face.client) for name in apart))
        face.client.sadd("{old:times}:pks", "1", "2")
        face.client.set("{old:times}:field:a:1", "x")
        face.client.set("{other}:pks:x", "somebody else's")
        expected.add(("unowned", "{old:times}:pks", None))
        report = await face.do(face.database.check())
        assert found(report) == expected
        report = await face.do(face.database.check(repair="all"))
        assert found(report) == expected
        assert {finding.kind for finding in report if not finding.repaired} == {"unowned"}
        face.client.delete("{old:times}:pks")
        assert found(await face.do(face.database.check())) == set()
        strange = ("orphan: {other}", "orphan: {old:times}", "orphan: {town}", "orphan: {thing}:stored:")
        assert [one for one in inconsistencies(face.client, thing) if not one.startswith(strange)] == []

    async def test_entries_of_a_hash_that_expire(self, one):
        _, thing = await made(one)
        one.client.execute_command("HPEXPIRE", "{thing}:hash:3", 100_000, "FIELDS", 2, "age", "wish")
        one.client.execute_command("HPEXPIRE", "{thing}:hash:4", 100_000, "FIELDS", 1, "email")
        expected = {("expiring", f"{{thing}}:hash:{pk}", str(pk)) for pk in (3, 4)}
        report = thing.check()
        assert found(report) == expected
        assert len(report) == 3  # a reference without check is indexed as well
        assert thing.check(repair=True).ok
        assert len(thing.check()) == 0
        assert thing.lazy_connect(3).age.hget() == 2

    async def test_places_anywhere(self, one):
        """What the server would keep of a place is worked out, not written; so it must be the same."""
        fields = {"at": InstanceHashField(type=GeoPoint, indexable=True)}
        model = type("Place", (one.Model,), {"database": one.database, **fields})
        rng = random.Random(1)
        corners = [(180, FARTHEST_NORTH), (-180, -FARTHEST_NORTH), (0, 0), (-0.0, 5e-324), (1e-9, -1e-9)]
        places = [(rng.uniform(-180, 180), rng.uniform(-FARTHEST_NORTH, FARTHEST_NORTH)) for _ in range(2000)]
        model.bulk_create({"at": GeoPoint(*place)} for place in corners + places)
        report = model.check()
        assert (report.ok, report.entries, len(report)) == (True, 2005, 0)

    async def test_a_database_without_models(self, any_face):
        face = any_face
        assert found(await face.do(face.database.check())) == set()
        face.client.hset("{a}:meta", "eq:x", "-")
        face.client.sadd("{a:b*}:pks", "1", "2")
        face.client.sadd("{}:pks", "1")
        report = await face.do(face.database.check(repair="all"))
        assert {(finding.model, finding.key) for finding in report} == {("a", "{a}:meta"), ("a:b*", "{a:b*}:pks")}
        assert "2 objects" in str(report)
        assert not report.ok

    async def test_nobody_else_is_looked_at(self, any_face):
        """Models whose names look alike, and keys of other programs."""
        face = any_face
        _, thing = await made(face)
        for key in ("{thing*}:foo", "{thin}:pks", "{thing:b}:foo", "thing:foo", "{thing}", "{Thing}:pks"):
            face.client.set(key, "x")
        before = state(face.client)
        assert len(await face.do(thing.check(repair="all"))) == 0
        assert state(face.client) == before


class TestReport:
    async def test_what_it_says(self, any_face):
        face = any_face
        _, thing = await made(face)
        face.client.sadd("{thing}:eq:tags:\udcff".encode("utf-8", "surrogateescape"), "3")
        face.client.set("{thing}:foo", "x")
        report = await face.do(thing.check())
        assert not report.ok
        assert len(report) == 2
        assert bool(report)
        assert report.found == {"stale": 1, "unexplained": 1}
        assert (report.left("stale"), report.left("missing")) == (1, 0)
        stale = report.of("stale")[0]
        assert stale == Finding("stale", "Thing", "{thing}:eq:tags:\udcff", "3", stale.what)
        text = str(report)
        for part in ("Thing: 6 objects", "something is wrong", "repair=True", "repair=['unexplained']", str(stale)):
            assert part in text
        told = json.loads(json.dumps(report.as_dict()).encode())
        assert told["found"] == {"stale": 1, "unexplained": 1}
        assert [one["kind"] for one in told["findings"]] == ["stale", "unexplained"]
        assert told["ok"] is False
        with pytest.raises((AttributeError, TypeError)):
            report.objects = 3
        face.client.delete("{thing}:foo")
        assert "all is well" in str(await face.do(thing.check(repair=["stale"])))

    async def test_what_is_listed_has_an_end(self, any_face):
        face = any_face
        _, thing = await made(face)
        face.client.sadd("{thing}:eq:tags:t1", *(f"x{number}" for number in range(MAX_LISTED + 500)))
        report = await face.do(thing.check())
        assert report.found == {"stale": MAX_LISTED + 500}
        assert len(list(report)) == MAX_LISTED
        assert "and 500 more" in str(report)
        assert (await face.do(thing.check(repair=True))).repaired == {"stale": MAX_LISTED + 500}
        assert len(await face.do(thing.check())) == 0

    async def test_progress(self, any_face):
        face = any_face
        town, thing = await made(face)
        for number in range(300):
            await face.do(town.create(code=str(number), name="x"))
        seen = []
        await face.do(face.database.check(progress=lambda *pair: seen.append(pair)))
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert len({total for _, total in seen}) == 1
        assert seen[-1][0] == seen[-1][1] > 600
        assert len(seen) > 3
        seen.clear()
        await face.do(thing.check(False, lambda *pair: seen.append(pair)))
        assert seen[-1][0] == seen[-1][1]


class TestRepairing:
    @pytest.mark.parametrize("repair", ["stale", "missing", ["nonsense"], ["conflict"], ["unowned"], 1.5, b"all", None])
    async def test_what_cannot_be_asked(self, any_face, repair):
        _, thing = declare(any_face.Model, any_face.database)
        for check in (thing.check, any_face.database.check):
            error = await any_face.refused(InvalidValue, lambda check=check: check(repair=repair))
            assert "repair" in str(error)

    async def test_only_some_kinds(self, any_face):
        face = any_face
        _, thing = await made(face)
        DAMAGES["num, of nobody"](face.client)
        DAMAGES["data of nobody"](face.client)
        DAMAGES["no counter"](face.client)
        report = await face.do(thing.check(repair={"half"}))
        assert {finding.kind for finding in report if finding.repaired} == {"half"}
        assert {kind for kind, _, _ in found(await face.do(thing.check()))} == {"stale", "counter"}

    async def test_who_is_referred_to_stays(self, any_face):
        face = any_face
        town, thing = await made(face)
        face.client.delete("{town}:field:name:t1")
        report = await face.do(town.check(repair="all"))
        assert [(finding.kind, finding.pk, finding.repaired) for finding in report] == [("bare", "t1", False)]
        assert "refer" in str(report)
        assert (await face.do(thing.check())).ok

    async def test_when_all_primary_keys_are_lost_nothing_else_is(self, any_face):
        face = any_face
        _, thing = await made(face)
        right = state(face.client)
        face.client.rename("{thing}:pks", "kept")
        report = await face.do(thing.check(repair="all"))
        assert not report.ok
        assert {finding.repaired for finding in report.of("half")} == {False}
        face.client.rename("kept", "{thing}:pks")
        await face.do(thing.check(repair=True))
        assert {key: value for key, value in state(face.client).items() if b":stored:" not in key} == {
            key: value for key, value in right.items() if b":stored:" not in key
        }

    @pytest.mark.parametrize("name", ["pks", "meta"])
    async def test_what_all_else_hangs_on_is_of_another_type(self, any_face, name):
        face = any_face
        _, thing = await made(face)
        face.client.rename(f"{{thing}}:{name}", "kept")
        face.client.lpush(f"{{thing}}:{name}", "x")
        before = state(face.client)
        for check in (thing.check, face.database.check):
            report = await face.do(check(repair="all"))
            assert found(report) == {("mistyped", f"{{thing}}:{name}", None)}
            assert not report.ok
            assert state(face.client) == before

    @pytest.mark.parametrize("put", [("LPUSH", "{thing}:seq", "x"), ("SET", "{thing}:seq", "abc")])
    async def test_an_odd_counter(self, any_face, put):
        face = any_face
        _, thing = await made(face)
        face.client.delete("{thing}:seq")
        face.client.execute_command(*put)
        assert not (await face.do(thing.check())).ok
        assert (await face.do(thing.check(repair="all"))).ok
        assert face.client.get("{thing}:seq") == b"6"

    async def test_what_cannot_be_built(self, any_face):
        face = any_face
        _, thing = await made(face)
        face.client.hset("{thing}:hash:3", "email", "4@x")
        face.client.hset("{thing}:meta", "uniq:email", "-")
        report = await face.do(thing.check(repair=True))
        (unbuilt,) = report.of("unbuilt")
        assert not unbuilt.repaired
        assert "cannot be built" in unbuilt.what
        assert "'4@x'" in unbuilt.what

    async def test_an_orphan_that_another_version_declares(self, any_face):
        """Its index must not count as built once its keys are gone."""
        face = any_face
        await made(face)
        face.client.hset("{thing}:meta", "eq:newer", "eq string text")
        face.client.sadd("{thing}:eq:newer:x", "1")
        await face.do(face.database.check(repair=["orphan"]))
        assert face.client.exists("{thing}:eq:newer:x") == 0
        assert face.client.hget("{thing}:meta", "eq:newer") == b"-"

    async def test_dangling_references_are_cleared(self, any_face):
        face = any_face
        _, thing = await made(face)
        DAMAGES["whom one refers to is gone"](face.client)
        await face.do(thing.check(repair=True))
        one = await face.do(thing.get(3))
        assert await face.do(one.home.hget()) is None
        assert await face.do(one.work.get()) == "t2"
        assert await face.do(one.wish.hget()) == "nowhere"
        assert await face.do(one.towns.smembers()) == {"t2"}
        assert await face.do(one.route.lrange(0, -1)) == ["t2", "t2"]
        assert await face.do(one.ranks.zrange(0, -1)) == ["t2"]
        assert face.client.exists("{thing}:eq:home:t1") == 0
        assert face.client.exists("{thing}:pks") == 1


class TestCost:
    async def test_round_trips(self, any_face):
        face = any_face
        name = type(face.Model)(
            "Name", (face.Model,), {"database": face.database, "code": PKField(), "text": StringField(indexable=True)}
        )
        await face.do(name.create(code="a", text="x"))
        await face.do(name.check())
        with face.sent() as sent:
            await face.do(name.check())
        before, walk, objects = (
            ["EVALSHA", "SCARD", "EVALSHA", "HGETALL"],
            ["SCAN", "EVALSHA", "EVALSHA"],
            ["SSCAN", "EVALSHA", "EVALSHA"],
        )
        assert sent.names == [*before, "DBSIZE", *walk, *objects]
        await face.do(face.database.check(repair=True))
        with face.sent() as sent:
            await face.do(face.database.check(repair=True))
        assert len(sent.names) == 12

    async def test_each_model_takes_the_same_however_many_there_are(self, any_face):
        """Their keys lie scattered over the database, so each chunk of the walk meets some of all."""
        sent = []
        for count in (4, 16):
            any_face.client.flushall()
            database = any_face.Database(port=any_face.server.port)
            for number in range(count):
                body = {"database": database, "text": StringField(indexable=True), "size": StringField(indexable=True)}
                thing = type(any_face.Model)(f"Thing{number}", (any_face.Model,), body)
                await any_face.do(thing.bulk_create({"text": f"t{n}", "size": str(n)} for n in range(150)))
            report = await any_face.do(database.check())
            assert report.keys == count * 150 * 4 + count * 3
            with any_face.sent() as watched:
                assert len(await any_face.do(database.check())) == 0
            sent.append(len(watched.names) / count)
            await any_face.do(database.close())
        assert sent[1] < 1.2 * sent[0]

    async def test_it_changes_nothing(self, any_face):
        """All of it runs where nothing may be written."""
        face = any_face
        await made(face)
        for damage in DAMAGES.values():
            damage(face.client)
        face.client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            assert len(await face.do(face.database.check())) > 50
        finally:
            face.client.execute_command("REPLICAOF", "NO", "ONE")

    async def test_not_in_a_pipeline(self, any_face):
        face = any_face
        _, thing = declare(face.Model, face.database)
        if face.is_async:
            async with face.database.pipeline():
                await face.refused(NotInPipeline, thing.check)
        else:
            with face.database.pipeline():
                await face.refused(NotInPipeline, thing.check)

    async def test_large_values(self, any_face):
        face = any_face
        fields = {"code": PKField(), "tags": SetField(indexable=True), "words": SetField(indexable=True)}
        big = type(face.Model)("Big", (face.Model,), {"database": face.database, **fields})
        for code in ODD[:3]:
            await face.do(big.create(code=code, tags=[f"{code}{number}" for number in range(3000)], words=["a"]))
        face.client.srem("{big}:eq:tags:*2999", "*")
        face.client.srem("{big}:eq:words:a", "a b")
        report = await face.do(big.check())
        assert found(report) == {("missing", "{big}:eq:tags:*2999", "*"), ("missing", "{big}:eq:words:a", "a b")}
        assert report.objects == 3
        assert (await face.do(big.check(repair=True))).ok
        assert found(await face.do(big.check())) == set()
