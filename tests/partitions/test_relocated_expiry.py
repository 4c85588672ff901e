"""What is over stays as it is while the objects move to another database: movers compare what has arrived."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from limpyd import DeadlineField, InstanceHashField, PKField, StringField
from limpyd.exceptions import DoesNotExist, Relocated
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField
from tests.support.forks import run
from tests.support.servers import NEWEST

HOUR = timedelta(hours=1)


@pytest.fixture
async def at(any_face):
    """Makes the models as a process sees them that has sent nothing yet; closes their databases at the end."""
    databases = []

    def make(count=1, db=0):
        databases.append(any_face.Database(port=any_face.server.port, db=db))

        class Base(any_face.Model):
            abstract = True
            database = databases[-1]
            namespace = "relocated"
            name = PKField()

        class Lease(Base):
            partitions = count
            until = DeadlineField(ttl=HOUR)
            user = InstanceHashField(indexable=True)

        class Beside(Base):
            abstract = True
            if count > 1:
                colocate_with = Lease

        class Cart(Beside):
            lease = FKInstanceHashField(Lease, related_name="carts")
            seen = M2MListField(Lease, related_name="seen_by")
            note = InstanceHashField(indexable=True)

        class Item(Beside):
            lease = FKStringField(Lease, on_delete="cascade", related_name="items")
            code = InstanceHashField(unique=True)

        class Code(Base):
            partitions = count
            text = InstanceHashField()
            code = InstanceHashField(unique=True, expires=True)
            mood = StringField(indexable=True, expires=True)

        return SimpleNamespace(Lease=Lease, Cart=Cart, Item=Item, Code=Code, database=databases[-1])

    yield make
    for database in databases:
        await any_face.do(database.close())


async def filled(face, made):
    """Creates leases, with all that refers to them, and values; the deadlines of three of each are over."""
    do = face.do
    for number in range(8):
        pk = f"l{number}"
        await do(made.Lease.create(name=pk, user="u"))
        await do(made.Cart.create(name=f"{pk}:c", lease=pk, seen=[pk, pk], note="n"))
        await do(made.Item.create(name=f"{pk}:i", lease=pk, code=pk))
        await do(made.Code.create(name=pk, text="t", code=pk, code_deadline=HOUR, mood="m", mood_deadline=HOUR))
    for number in range(3):  # at once, as each write removes what is over
        pk = f"l{number}".encode()
        for model, index, name in (
            (made.Lease, b"object", "until"),
            (made.Code, b"code_deadline", "code_deadline"),
            (made.Code, b"mood_deadline", "mood_deadline"),
        ):
            partition = model._schema.keys.partition(pk)
            assert face.client.zadd(partition.prefix + b"deadline:" + index, {pk: 1}) == 0
            face.client.hset(partition.hash_prefix + pk, name, 1)


def stored(face):
    """The contents of all keys but the catalogs."""
    return {key: face.client.dump(key) for key in face.client.scan_iter(count=1000) if not key.endswith(b":meta")}


def close(face, record):
    """Closes all models, as a mover does."""
    for key in face.client.scan_iter("{relocated:*meta", count=1000):
        face.client.hset(key, mapping={":partitions": record, ":epoch": b"closed" + key})


CALLS = {
    "plain read": lambda made: made.Lease.lazy_connect("l1").user.get(),
    "read of a reference": lambda made: made.Cart.lazy_connect("l1:c").lease.get(),
    "read of a list": lambda made: made.Cart.lazy_connect("l1:c").seen.lrange(0, -1),
    "write": lambda made: made.Cart.lazy_connect("l4:c").note.set("m"),
    "query": lambda made: made.Cart.collection(note="n").count(),
    "exists": lambda made: made.Item.exists(code="l1"),
    "create": lambda made: made.Item.create(name="l5:j", lease="l5", code="new"),
    "sweep": lambda made: made.Lease.sweep(),
    "read of a value": lambda made: made.Code.lazy_connect("l1").mood.get(),
    "write of a value": lambda made: made.Code.lazy_connect("l4").code.hset("new"),
    "query of values": lambda made: made.Code.collection(mood="m").count(),
    "sweep of values": lambda made: made.Code.sweep(),
}
REFUSALS = (Relocated, DoesNotExist)
"""The second one for plain reads of what is over, which rest on no catalog."""


@pytest.mark.parametrize("stage", ["to", "from"])
@pytest.mark.parametrize("count", [1, 4])
async def test_what_is_over_stays_as_it_is(any_face, at, count, stage):
    used = at(count)
    await filled(any_face, used)
    close(any_face, f"0 {stage} token.1 localhost:1/0")
    before = stored(any_face)
    for made in (used, at(count)):
        for what, call in CALLS.items():
            await any_face.refused(REFUSALS, lambda call=call, made=made: call(made))
            assert stored(any_face) == before, what


@pytest.mark.parametrize("count", [1, 4])
async def test_what_is_over_moves_along(any_face, at, count):
    do = any_face.do
    await filled(any_face, at(count))
    origin, there = at(count), at(count, db=1)
    await do(origin.Lease.migrate_to(there.database, with_models=[origin.Cart, origin.Item]))
    await do(origin.Code.migrate_to(there.database))
    left = [f"l{number}" for number in range(3, 8)]
    assert sorted(await any_face.all(there.Lease.collection())) == left
    assert sorted(await any_face.all(there.Item.collection())) == [f"{pk}:i" for pk in left]
    assert await do(there.Cart.collection(lease__isnull=True).count()) == 3
    assert await do(there.Cart.lazy_connect("l1:c").seen.lrange(0, -1)) == []
    assert sorted(await any_face.all(there.Code.collection(mood="m"))) == left
    for model in (there.Lease, there.Cart, there.Item, there.Code):
        assert not (await do(model.check())).found


@pytest.mark.parametrize("partitions", [1, 4])
def test_killed_movers(partitions, servers):
    server = servers(NEWEST)
    with server.client() as client:
        client.flushall()
    done = run("-m", "tests.faults.programs.moved_leases", server.port, server.port, 2, partitions)
    assert done.returncode == 0, done.stderr
    kills, rounds, writes, kept, timed = map(int, done.stdout.split())
    assert kills >= 2
    assert rounds > 0
    assert writes > 100
    assert kept > 0
    assert timed > 50
