"""Models in the same partitions on a cluster of three nodes: references and transactions, which need one slot."""

from __future__ import annotations

import pytest

from limpyd import FKInstanceHashField, RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import NotInPipeline, RestrictedError, UnsupportedCommand
from tests.support.colocated import family, number_of

ORDERS = 12


@pytest.fixture
def database(cluster):
    made = RedisDatabase(nodes=cluster.addresses)
    yield made
    made.close()


@pytest.mark.parametrize("count", [1, 8])
def test_relations_of_models_in_the_same_partitions(cluster, database, count):
    shop = family(RedisModel, database, count)
    orders = [shop.Order(status="new", total=number) for number in range(ORDERS)]
    for order in orders:
        lines = [shop.Line(order=order, sku=f"s{number}", labels=["x"]) for number in range(2)]
        order.main_line.set(lines[0])
        shop.Note(line=lines[1], about=[order])
        with database.transaction():
            order.status.hset("paid")
            lines[0].sku.hset("sold")
    if count > 1:
        assert all(node.call("DBSIZE") > ORDERS for node in cluster.primaries())
    assert shop.Line.collection(order__status="paid", sku="sold").count() == ORDERS
    assert [order.lines().count() for order in orders] == [2] * ORDERS
    assert shop.Line.collection().sort("-order__total").values("sku", "order__total")[0]["order__total"] == ORDERS - 1
    with pytest.raises(RestrictedError):
        orders[0].delete()
    orders[0].notes.srem(shop.Note.collection(about=orders[0]).instances()[0])
    shop.Note.collection(line__order=orders[0]).delete()
    orders[0].delete()
    assert shop.Line.collection().count() == 2 * ORDERS - 2
    report = database.check()
    assert list(report) == []
    if count > 1:
        other = next(order for order in orders[2:] if number_of(order) != number_of(orders[1]))
        with pytest.raises(NotInPipeline), database.transaction():
            orders[1].status.hset("x")
            other.status.hset("x")
    shop.Note.collection().delete()
    shop.Order.collection().delete()
    assert shop.Line.collection().count() == 0


def test_one_partition_with_other_hash_tags_is_refused_where_nothing_names_the_cluster(cluster):
    host, port = cluster.addresses[0]
    on_cluster = RedisDatabase(host=host, port=port)

    class Order(RedisModel):
        database = on_cluster

    class Line(RedisModel):
        database = on_cluster
        order = FKInstanceHashField(Order)

    with pytest.raises(UnsupportedCommand, match=r"nodes="):
        Line(order=1)
    on_cluster.close()


async def test_the_async_face(cluster):
    database = AsyncRedisDatabase(nodes=cluster.addresses)
    shop = family(AsyncRedisModel, database, 1)
    order = await shop.Order.create(status="new")
    line = await shop.Line.create(order=order, sku="a")
    async with database.transaction():
        order.status.hset("paid")
        line.sku.hset("sold")
    assert await shop.Line.collection(order__status="paid", sku="sold").count() == 1
    await order.delete()
    assert await line.pk.exists() is False
    await database.close()
