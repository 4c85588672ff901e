"""Many objects that have expired, to which others refer: what the first request costs, in commands of the server."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from limpyd import DeadlineField, InstanceHashField, PKField, SetField
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField

HOUR = timedelta(hours=1)
FEW, MANY = 100, 600
"""The second is more than a step removes, at 10 µs for each."""
EXPIRE = """
for number = 0, ARGV[1] - 1 do
  redis.call('HSET', '{session}:hash:t' .. number, 'expires', 1)
  redis.call('ZADD', '{session}:deadline:object', 1, 't' .. number)
end
"""


@pytest.fixture
def models(face):
    class Session(face.Model):
        database = face.database
        token = PKField()
        expires = DeadlineField(ttl=HOUR)
        user = InstanceHashField(type=int, indexable=True)
        parent = FKInstanceHashField("self", on_delete="cascade", related_name="children")

    class Cart(face.Model):
        database = face.database
        name = PKField()
        note = InstanceHashField(indexable=True)
        one = FKInstanceHashField(Session, related_name="carts")
        seen = M2MListField(Session, related_name="seen_by")
        known = M2MSetField(Session, related_name="known_by")
        ranked = M2MSortedSetField(Session, related_name="ranked_by")

    class Item(face.Model):
        database = face.database
        name = PKField()
        owner = FKStringField(Session, on_delete="cascade", related_name="items")
        code = InstanceHashField(unique=True)
        tags = SetField(indexable=True)

    return SimpleNamespace(Session=Session, Cart=Cart, Item=Item)


def held(by, token):
    """The value of a reference to a session."""
    return {"ranked": {token: 1}}.get(by, token if by in {"one", "owner"} else [token])


async def filled(face, models, by, count, *, apart=True):
    """Creates so many objects that refer by a field; to as many sessions, or else to one; and these expire."""
    do, sessions = face.do, count if apart else 1
    if by == "parent":
        rows = [{"token": f"t{number}", "user": number % 7, "parent": f"t{number - 1}"} for number in range(count)]
        rows[0].pop("parent")
        await do(models.Session.bulk_create(rows))
        face.client.eval(EXPIRE, 1, "{session}", 1)
        return
    await do(models.Session.bulk_create([{"token": f"t{number}", "user": number % 7} for number in range(sessions)]))
    more = {"tags": ["a", "b"]} if by == "owner" else {"note": "n"}
    model = models.Item if by == "owner" else models.Cart
    rows = [{"name": f"h{number}", by: held(by, f"t{number % sessions}"), **more} for number in range(count)]
    await do(model.bulk_create(rows))
    face.client.eval(EXPIRE, 1, "{session}", sessions)


def calls(face):
    """The number of commands that the server has run, also in scripts."""
    return sum(one["calls"] for one in face.client.info("commandstats").values())


async def cost(face, models, by, count, *, apart=True):
    """Returns the number of commands that the server runs for the first request after the deadlines."""
    await filled(face, models, by, count, apart=apart)
    before = calls(face)
    assert await face.do(models.Cart.collection(note="x").count()) == 0
    after = calls(face)
    assert face.client.zcard("{session}:deadline:object") == 0
    for model in (models.Session, models.Item):
        assert await face.do(model.collection().count()) == 0
    for model in (models.Session, models.Cart, models.Item):
        assert not (await face.do(model.check())).found
    await face.do(models.Cart.collection().delete())
    return after - before


@pytest.mark.parametrize("by", ["one", "seen", "known", "ranked", "owner", "parent", "one of all", "owner of all"])
async def test_the_cost_grows_with_what_is_removed(face, models, by):
    by, _, of_all = by.partition(" ")
    few = await cost(face, models, by, FEW, apart=not of_all)
    tries = 5 if by == "parent" else 1  # each step goes down the chain anew, and on a busy machine there are more
    many = min([await cost(face, models, by, MANY, apart=not of_all) for _ in range(tries)])
    assert many <= 1.5 * few * MANY / FEW


async def test_as_many_steps_as_it_takes(face, models, monkeypatch):
    """They are no tries that have failed."""
    for name in ("sync", "async"):
        monkeypatch.setattr(f"limpyd.drivers.{name}_execution.MAX_TRIES", 2)
    monkeypatch.setattr("limpyd.scripts.sweeps.MOST_TARGETS", 5)
    for call in (
        lambda: models.Cart.collection(note="x").count(),
        lambda: models.Item.exists("h1"),
        lambda: models.Item.lazy_connect("h1").pk.exists(),
        lambda: models.Session.collection(user=1).count(),
    ):
        await filled(face, models, "owner", MANY)
        assert not await face.do(call())
        assert face.client.zcard("{session}:deadline:object") == 0


@pytest.mark.parametrize("kind", ["pipeline", "transaction"])
async def test_a_pipeline_waits_once(face, models, monkeypatch, kind):
    if kind == "transaction" and face.client.info("cluster")["cluster_enabled"]:
        pytest.skip("one transaction cannot have keys of several slots")
    for name in ("sync", "async"):
        monkeypatch.setattr(f"limpyd.drivers.{name}_execution.MAX_TRIES", 2)
    monkeypatch.setattr("limpyd.scripts.sweeps.MOST_TARGETS", 5)
    await filled(face, models, "owner", MANY)
    counts = (lambda: models.Item.collection().count(), lambda: models.Cart.collection(note="x").count())
    block = getattr(face.database, kind)()
    if face.is_async:
        async with block:
            found = [count() for count in counts]
    else:
        with block:
            found = [count() for count in counts]
    assert [one.value for one in found] == [0, 0]
