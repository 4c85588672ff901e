"""Walks that another server process answers in the middle: cursors of one process mean nothing to another."""

from __future__ import annotations

import json

import pytest

from tests.support.changing_servers import CHUNK, OBJECTS, Takeover, declared, filled
from tests.support.servers import BINARIES, Server

pytestmark = pytest.mark.each_face


class Changing:
    """A face on a server that is started again in the middle of what a test does."""

    def __init__(self, face, server):
        self.face, self._server = face, server
        self.takeover = Takeover(self._restart)

    def _restart(self):
        with self._server.client() as client:
            client.save()
        self._server.kill()
        self._server.start()


@pytest.fixture(scope="module")
def own_servers():
    """Servers that may be started again, by their names; each starts when it is first asked for."""
    started = {}

    def get(name):
        if name not in started:
            started[name] = Server(BINARIES[name])
        return started[name]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture(params=[*BINARIES])
def server(request, own_servers):
    return own_servers(request.param)


@pytest.fixture
async def changing(face, server):
    face.client.flushall()
    changing = Changing(face, server)
    changing.model = declared(face.database, face.Model)
    changing.thing = await filled(face, changing.model)
    with face.database.on_request(changing.takeover):
        yield changing
    assert changing.takeover.is_over


class TestAServerStartedAgain:
    @pytest.mark.parametrize(
        ("command", "call"),
        [
            ("sscan", lambda thing: thing.tags.sscan(count=CHUNK)),
            ("hscan", lambda thing: thing.settings.hscan(count=CHUNK)),
            ("zscan", lambda thing: thing.ranks.zscan(count=CHUNK)),
        ],
    )
    async def test_members(self, changing, command, call):
        changing.takeover.after(10, command)
        found = await changing.face.all(call(changing.thing))
        assert len(set(found)) == OBJECTS

    async def test_members_of_a_lazy_instance(self, changing):
        thing = changing.model.lazy_connect(changing.thing._pk_bytes.decode())
        changing.takeover.after(10, "sscan")
        assert len(set(await changing.face.all(thing.tags.sscan(count=CHUNK)))) == OBJECTS

    async def test_keys(self, changing):
        changing.takeover.after(3, "scan")
        found = await changing.face.all(changing.face.database.scan_keys(count=CHUNK))
        assert set(found) == {key.decode() for key in changing.face.client.scan_iter(count=10000)}

    async def test_iterate(self, changing):
        changing.takeover.after(10, "query")
        found = await changing.face.all(changing.model.collection().values_list("pk", flat=True).iterate(chunk=CHUNK))
        assert len(set(found)) == OBJECTS

    async def test_iterate_in_order_gives_each_once(self, changing):
        changing.takeover.after(10, "query")
        found = await changing.face.all(
            changing.model.collection().sort(by="number").values_list("number", flat=True).iterate(chunk=CHUNK)
        )
        assert len(found) == len(set(found)) == OBJECTS

    @pytest.mark.parametrize("filters", [{}, {"state": "new"}, {"state__in": ["old", "new"]}, {"number__gte": 0}])
    async def test_update(self, changing, filters):
        changing.takeover.after(10, "update")
        things = changing.model.collection(**filters)
        assert await changing.face.do(things.update(points=7, chunk=CHUNK)) == OBJECTS
        assert set(await changing.face.do(things.values_list("points", flat=True).all())) == {7}

    @pytest.mark.parametrize("computed", [True, False])
    async def test_an_update_that_must_not_be_done_twice(self, changing, computed):
        values = {"points": changing.model.points + 1} if computed else {"state": "old"}
        changing.takeover.after(10, "update")
        found = changing.model.collection(state="new").update(chunk=CHUNK, **values)
        assert await changing.face.do(found) == OBJECTS
        versions = changing.model.collection().values_list("version", flat=True)
        assert len(set(await changing.face.do(versions.all()))) == 1

    async def test_delete(self, changing):
        changing.takeover.after(10, "delete")
        assert await changing.face.do(changing.model.collection(state="new").delete(chunk=CHUNK)) == OBJECTS
        assert await changing.face.do(changing.model.collection().count()) == 0

    async def test_aggregates(self, changing):
        face, things = changing.face, changing.model.collection(state="new")
        changing.takeover.after(1, "query")
        assert await face.do(things.sum("points")) == OBJECTS
        changing.takeover.after(1, "query")
        assert await face.do(things.count_by("points")) == {1: OBJECTS}
        changing.takeover.after(1, "query")
        assert await face.do(things.max("points")) == 1

    async def test_export(self, changing):
        changing.takeover.after(10, "query")
        _, *lines = await changing.face.all(changing.model.export(chunk=CHUNK))
        assert len({json.loads(line)["number"] for line in lines}) == OBJECTS

    async def test_check(self, changing):
        key = changing.model._schema.keys.partitions[0].hash_prefix.decode()
        pks = [pk.decode() for pk in changing.face.client.smembers("{changing:thing}:pks")][:900]  # as many are listed
        for pk in pks:
            changing.face.client.hset(f"{key}{pk}", "unknown", "x")
        changing.takeover.after(10, "sscan")
        report = await changing.face.do(changing.model.check())
        assert {finding.pk for finding in report.findings if finding.kind == "unexplained"} == set(pks)

    async def test_rename(self, changing):
        face = changing.face
        database = face.Database(port=face.server.port)
        renamed = declared(database, face.Model, "Renamed")
        changing.takeover.after(10, "move")
        with database.on_request(changing.takeover):
            moved = await face.do(renamed.rename_from("changing:thing"))
        assert (moved.objects, moved.conflicts) == (OBJECTS, [])
        assert await face.do(renamed.collection(state="new").count()) == OBJECTS
        await face.do(database.close())

    async def test_indexes_cleared(self, changing):
        changing.takeover.after(1, "clear_indexes")
        await changing.face.do(changing.model.clear_indexes())
        assert not [*changing.face.client.scan_iter("{changing:thing}:eq:*", count=10000)]
