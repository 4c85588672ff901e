"""Feeds of changes of models of several partitions, on one server and on a cluster; and what moves with them."""

from __future__ import annotations

import pytest

from limpyd import ChangeFeed, FKInstanceHashField, InstanceHashField
from limpyd.acl import acl_rules

COUNT = 12


@pytest.fixture(params=["one server", "three nodes"])
async def database(request, any_face, three_nodes):
    settings = {"port": any_face.server.port}
    if request.param == "three nodes":
        cluster = three_nodes()
        cluster.restore()
        settings = {"nodes": cluster.addresses}
    database = any_face.Database(partitions=4, **settings)
    yield database
    await any_face.do(database.close())


def declared(face, own_database, name="Order", space="feeds", **more):
    body = {"database": own_database, "namespace": space, "changes": ChangeFeed(), "__module__": __name__}
    return type(name, (face.Model,), {**body, "status": InstanceHashField(indexable=True), **more})


async def filled(face, model):
    """Creates objects and changes each; returns the primary keys of the feed, which has all."""
    for number in range(COUNT):
        order = await face.do(model.create(status=f"s{number % 3}"))
        await face.do(order.status.hset("paid"))
    found = await face.all(model.changes())
    assert len({change.partition for change in found}) == 4
    return [change.pk for change in found]


async def test_a_reader_reads_all_partitions(any_face, database):
    model = declared(any_face, database)
    await filled(any_face, model)
    reader = model.changes(count=2)
    found = await any_face.all(reader)
    assert len(found) == 2 * COUNT
    for pk in {change.pk for change in found}:
        assert [change.kind for change in found if change.pk == pk] == ["created", "changed"]
    assert await any_face.all(model.changes(reader.position, block=1)) == []
    await any_face.do(model.collection(status="paid").delete())
    assert {change.kind for change in await any_face.all(reader)} == {"deleted"}


async def test_a_group_shares_them(any_face, database):
    model = declared(any_face, database)
    pks = await filled(any_face, model)
    first = await any_face.all(model.changes(group="g", count=2))
    second = await any_face.all(model.changes(group="g", block=1))
    assert sorted(change.pk for change in first) == sorted(pks)
    assert second == []
    assert (await any_face.do(model.check())).ok
    assert await any_face.do(model.changes.delete_group("g")) is True


async def test_who_refers_over_partitions(any_face, database):
    body = {"database": database, "namespace": "feeds", "__module__": __name__, "name": InstanceHashField()}
    customers = type("Customer", (any_face.Model,), body)
    gone = FKInstanceHashField(customers, on_delete="cascade", related_name="gone")
    cleared = FKInstanceHashField(customers, on_delete="clear", related_name="cleared")
    model = declared(any_face, database, gone=gone, cleared=cleared)
    customer = await any_face.do(customers.create(name="x"))
    orders = [await any_face.do(model.create(**{name: customer})) for name in ("gone", "cleared") for _ in range(4)]
    pks = [await any_face.do(order.pk.get()) for order in orders]
    reader = model.changes()
    await any_face.all(reader)
    await any_face.do(customer.delete())
    found = {change.pk: (change.kind, change.fields) for change in await any_face.all(reader)}
    assert found == dict.fromkeys(pks[:4], ("deleted", ())) | dict.fromkeys(pks[4:], ("changed", ("cleared",)))


async def test_an_account_of_the_smallest_rules(any_face):
    await any_face.do(any_face.database.connect())
    own = any_face.Database(port=any_face.server.port, username="fed", password="secret")
    model = declared(any_face, own)
    rules = acl_rules(model, server=any_face.database.server)
    any_face.client.execute_command("ACL", "SETUSER", "fed", "on", ">secret", *rules)
    order = await any_face.do(model.create(status="x"))
    await any_face.do(order.delete())
    assert len(await any_face.all(model.changes("0", block=1))) == 2
    assert len(await any_face.all(model.changes(group="g", block=1))) == 2
    await any_face.do(own.close())
    any_face.client.execute_command("ACL", "DELUSER", "fed")


async def test_a_rename_takes_the_feed_along(any_face):
    former = declared(any_face, any_face.Database(port=any_face.server.port), "Former")
    await any_face.do(former.create(status="x"))
    await any_face.all(former.changes(group="g"))
    model = declared(any_face, any_face.database, "Renamed")
    await any_face.do(model.rename_from("feeds:former"))
    assert [change.kind for change in await any_face.all(model.changes())] == ["created"]
    assert await any_face.all(model.changes(group="g")) == []
    assert (await any_face.do(model.check())).ok
    assert not any(key.startswith(b"{feeds:former") for key in any_face.client.scan_iter(count=1000))
    await any_face.do(former.database.close())


async def test_positions_outlive_a_repartition(any_face):
    one = declared(any_face, any_face.Database(port=any_face.server.port), partitions=2)
    for number in range(COUNT):
        await any_face.do(one.create(status=str(number)))
    reader = one.changes()
    assert len(await any_face.all(reader)) == COUNT
    many = declared(any_face, any_face.database, partitions=8)
    await any_face.do(many.repartition())
    assert await any_face.all(many.changes(reader.position)) == []  # that objects move is no change
    await any_face.do(many.collection().update(status="x"))
    assert len(await any_face.all(many.changes(reader.position))) == COUNT
    assert (await any_face.do(many.check())).ok
    await any_face.do(one.database.close())
