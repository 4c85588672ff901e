"""The objects of a model move from one server to a cluster of three."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from limpyd.exceptions import Relocated, UniquenessError
from tests.support.face import Face
from tests.support.moving_models import agrees, declared, filled
from tests.support.servers import NEWEST

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("LIMPYD_KILLS", "4"))
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


@pytest.mark.parametrize("name", [NEWEST])
def test_killed_relocations(name, servers, clusters):
    """Nothing that was acknowledged is lost, while movers are killed, and moves abandoned."""
    server, cluster = servers(name), clusters(name)
    with server.client() as client:
        client.flushall()
    ports = [str(server.port), str(cluster.nodes[0].port), str(KILLS), "cluster"]
    program = [sys.executable, "-m", "tests.faults.programs.killed_relocations", *ports]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=60 + 10 * KILLS, check=False)
    cluster.restore()
    assert done.returncode == 0, done.stdout + done.stderr
    kills, rounds, _, writes = map(int, done.stdout.split())
    assert kills >= KILLS
    assert rounds > 1
    assert writes > 0
