"""The objects of a model move from one server to a cluster of three."""

from __future__ import annotations

import pytest

from limpyd.exceptions import Relocated, UniquenessError
from tests.support import grouped_models
from tests.support.amounts import amount
from tests.support.face import Face
from tests.support.forks import run
from tests.support.moving_models import agrees, declared, filled
from tests.support.servers import NEWEST

KILLS = amount("LIMPYD_KILLS", 4)
PARTITIONS = 16


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_from_a_server_to_a_cluster(kind, cluster, servers):
    """And back."""
    face = Face(kind, servers(cluster.name))
    face.client.flushall()
    seeds = [("127.0.0.1", cluster.nodes[0].port)]
    former = declared(face, face.database, 1)
    made = await filled(face, former, 40)
    mover = declared(face, face.Database(port=face.server.port), PARTITIONS)
    model = declared(face, face.Database(nodes=seeds), PARTITIONS)
    by_address = face.Database(port=cluster.nodes[1].port)
    moved = await face.do(mover.migrate_to(by_address))
    assert (moved.objects, moved.unindexed) == (40, [])
    await agrees(face, model, made)
    await face.refused(Relocated, lambda: former.create(title="x"))
    await face.refused(UniquenessError, lambda: model.create(email="e3@x"))
    assert await face.do(mover.delete_migrated(by_address)) > 0
    back = declared(face, face.Database(nodes=seeds), 1)
    await face.do(back.migrate_to(face.database))
    await agrees(face, declared(face, face.database, 1), made)
    assert await face.do(back.delete_migrated(face.database)) > 0
    assert len([key for node in cluster.nodes for key in node.client().scan_iter()]) == 1
    for each in (mover, model, back, former):
        await face.do(each.database.close())
    await face.do(by_address.close())
    face.client.close()


async def test_models_that_refer_to_each_other(cluster, servers):
    """References that one step checked at the origin lead to other nodes."""
    face = Face("sync", servers(cluster.name))
    face.client.flushall()
    expected = await grouped_models.filled(face, grouped_models.declare(face.Model, face.database, 1), 6)
    seeds = [("127.0.0.1", cluster.nodes[0].port)]
    mover = grouped_models.declare(face.Model, face.Database(port=face.server.port), 4, 1)
    made = grouped_models.declare(face.Model, face.Database(nodes=seeds), 4, 1)
    await face.do(mover.Author.migrate_to(made.Author.database, with_models=grouped_models.others(mover)))
    await grouped_models.agrees(face, made, expected)
    await face.do(made.Author.lazy_connect(grouped_models.ODD[0]).delete())
    left = await grouped_models.found(face, made)
    assert {row[0] for row in left["Review"].values()} == left["Book"].keys()
    for each in (mover, made):
        await face.do(each.Author.database.close())
    face.client.close()


PROGRAMS = [("killed_relocations", 4), ("killed_group_relocations", 5)]
"""Programs, and how many numbers each prints."""


@pytest.mark.parametrize(("program", "numbers"), PROGRAMS)
@pytest.mark.parametrize("name", [NEWEST])
def test_killed_relocations(name, program, numbers, servers, clusters):
    """Nothing that was acknowledged is lost, while movers are killed, and moves abandoned."""
    server, cluster = servers(name), clusters(name)
    with server.client() as client:
        client.flushall()
    done = run("-m", f"tests.faults.programs.{program}", server.port, cluster.nodes[0].port, KILLS, "cluster")
    cluster.restore()
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [int(each) for each in done.stdout.split()]
    assert len(printed) == numbers
    kills, rounds, *_, writes = printed
    assert kills >= KILLS
    assert rounds > 1
    assert writes > 0
