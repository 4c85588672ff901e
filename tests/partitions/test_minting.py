"""Automatic primary keys of models of several partitions: the numbers of each are its own, and none comes twice."""

from __future__ import annotations

import random
import threading
from types import SimpleNamespace

import pytest

from limpyd import InstanceHashField
from limpyd.exceptions import LimpydError
from limpyd.model.crud import new_object
from limpyd.scripts import object_requests

COUNT = 4


@pytest.fixture
async def minting(face):
    database_of_face = face.Database(port=face.server.port, partitions=COUNT)

    class Note(face.Model):
        database = database_of_face
        text = InstanceHashField(indexable=True)

    yield SimpleNamespace(face=face, database=database_of_face, Note=Note, keys=Note._schema.keys)
    await face.do(database_of_face.close())


class Creations:
    """The ways to create objects in a partition; each returns their primary keys, which are checked."""

    def __init__(self, minting):
        self.minting = minting
        self.seen = set()

    async def prepared(self, partition):
        self.minting.Note._schema.keys._turns = iter([partition.number])
        note = await self.minting.face.do(self.minting.Note.create(text="p"))
        return self.checked(partition, [note._pk_bytes])

    async def general(self, partition):
        schema = self.minting.Note._schema
        new = new_object(schema, {"text": "g"}, partition)
        request = object_requests.create(schema, partition, new)
        return self.checked(partition, [await self.minting.face.do(self.minting.database._run(request))])

    async def bulk(self, partition):
        self.minting.Note._schema.keys._turns = iter([partition.number, 0])
        done = await self.minting.face.do(self.minting.Note.bulk_create([{"text": "b"}] * 3, pks=True))
        return self.checked(partition, [pk.encode() for pk in done.pks])

    def checked(self, partition, pks):
        for pk in pks:
            assert (int(pk) - 1) % COUNT == partition.number
            assert self.minting.keys.partition(pk) is partition
            assert pk not in self.seen
            self.seen.add(pk)
        return pks


def beginnings():
    """Numbers that a counter may be set to."""
    small = random.randrange(-40, 200)
    near = 2**53 + random.randrange(-9, 9)
    return random.choice([small, small, near, 10**15 + small, 10**18 + small, 2**62 + small])


@pytest.mark.parametrize("seed", range(3))
async def test_numbers_are_of_their_partition_and_none_comes_twice(minting, seed):
    random.seed(seed)
    creations, client = Creations(minting), minting.face.client
    for _ in range(150):
        partition = random.choice(minting.keys.partitions)
        event = random.random()
        if event < 0.15:
            client.delete(partition.seq)
        elif event < 0.3:
            client.set(partition.seq, beginnings())
        create = random.choice([creations.prepared, creations.general, creations.bulk])
        before = client.get(partition.seq)
        try:
            pks = await create(partition)
        except LimpydError:  # nothing may follow a number near the end of all
            assert int(before or 0) > 2**62
            client.delete(partition.seq)
            continue
        assert int(client.get(partition.seq)) == int(pks[-1])


@pytest.mark.parametrize("beginning", [None, 1, 2, 3, 4, 5, 6, 7, 8, 0, -3, -4, 2**53 - 3, 2**53 + 1, 2**53 + 2])
async def test_both_scripts_mint_the_same(minting, beginning):
    client, creations = minting.face.client, Creations(minting)
    for partition in minting.keys.partitions:
        minted = []
        for create in (creations.prepared, creations.general):
            client.flushall()
            creations.seen.clear()
            if beginning is not None:
                client.set(partition.seq, beginning)
            minted.append([*await create(partition), *await create(partition), client.get(partition.seq)])
        assert minted[0] == minted[1]
        one, two = (int(pk) for pk in minted[0][:2])
        assert two == one + COUNT
        assert 0 < one - max(beginning or 0, 0) < 2 * COUNT  # a counter that was set may leave one number out


@pytest.mark.parametrize("way", ["prepared", "general", "bulk"])
@pytest.mark.parametrize("beginning", [None, 6, 40, 2**53 + 5])
async def test_a_refused_creation_puts_the_counter_back(minting, way, beginning):
    client, creations = minting.face.client, Creations(minting)
    for partition in minting.keys.partitions:
        client.flushall()
        await minting.face.do(minting.Note.lazy_connect("1").exists(text="x"))
        if beginning is not None:
            client.set(partition.seq, beginning)
        texts = {"prepared": b"p", "general": b"g", "bulk": b"b"}
        client.set(partition.index_key(b"eq", "text") + b":" + texts[way], "no set")
        with pytest.raises(LimpydError):
            await getattr(creations, way)(partition)
        assert client.get(partition.seq) == (None if beginning is None else str(beginning).encode())
        assert client.scard(partition.pks) == 0


async def test_two_writers_at_once(minting):
    if minting.face.is_async:
        pytest.skip("threads are on the sync face")
    found = []

    def write():
        for number in range(60):
            if number % 7 == 0:
                minting.face.client.delete(random.choice(minting.keys.partitions).seq)
            found.append(minting.Note.create(text="t")._pk_bytes)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 180
    for pk in found:
        assert minting.face.client.sismember(minting.keys.partition(pk).pks, pk)
