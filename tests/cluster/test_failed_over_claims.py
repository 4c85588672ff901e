"""Claims that a node loses, while the values that rest on them are on other nodes."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import UniquenessError
from tests.support.clusters import Cluster
from tests.support.servers import NEWEST

on_one_server = pytest.mark.parametrize("replicated", [NEWEST], indirect=True)


@pytest.fixture
def spread(request):
    databases = []

    def declared(cluster: Cluster):
        databases.append(RedisDatabase(nodes=cluster.addresses, partitions=8, patience=20))
        body = {"database": databases[-1], "name": PKField(), "email": InstanceHashField(unique=True, type=str)}
        return type("Claimed", (RedisModel,), {**body, "__module__": __name__})

    yield declared
    for database in databases:
        database.close()


class Spread:
    """Objects and values of a model, by the nodes of a cluster."""

    def __init__(self, model, cluster: Cluster) -> None:
        self._cluster = cluster
        self._schema = model._schema
        self._node = {partition: cluster.owner(partition.slot) for partition in self._schema.keys.partitions}

    def objects(self, *, on=None, but_on=None):
        """Yields names of objects on a node, or on all others."""
        for number in range(1000):
            node = self._node[self._schema.keys.partition(f"o{number}".encode())]
            if node is on or (on is None and node is not but_on):
                yield f"o{number}"

    def values(self, on):
        """Yields values whose claims a node keeps."""
        for number in range(1000):
            if self._node[self.home(f"v{number}")] is on:
                yield f"v{number}"

    def home(self, value):
        """The partition that keeps the claim of a value."""
        return UniqueValue(self._schema, b"email", value.encode()).home


def owners(cluster, model, values):
    """The objects that have each of some values, in all partitions."""
    with cluster.client() as client:
        found = [client.hmget(each.prefix + b"uniq:email", values) for each in model._schema.keys.partitions]
    return [[pk.decode() for pk in pks if pk is not None] for pks in zip(*found, strict=True)]


def forget(cluster, partitions):
    """Has partitions remember no claim, as if they had got many more values since."""
    with cluster.client() as client:
        for each in partitions:
            for claim in client.lrange(each.recent, 0, -1):
                client.hset(each.forgotten, int.from_bytes(claim[:2]), int.from_bytes(claim[10:16]))
            client.delete(each.recent)


@on_one_server
def test_a_claim_that_the_replica_has_not_got(replicated, spread):
    model = spread(replicated)
    where = Spread(model, replicated)
    node = replicated.primaries()[0]
    first, second = (next(where.objects(on=each)) for each in replicated.primaries()[1:])
    before, value, *more = (value for value, _ in zip(where.values(node), range(6), strict=False))
    model(name=first, email=before)  # so that catalogs and claims are known
    model(name=second)
    (replica,) = replicated.replicas(node)
    node.call("WAIT", 1, 1000)
    replica.pause()
    node.call("CLIENT", "KILL", "TYPE", "REPLICA")
    model.lazy_connect(first).email.hset(value)
    assert node.call("EXISTS", where.home(value).prefix + b"claim:email")
    node.kill()
    replica.resume()
    heir = replicated.wait_for_failover(node, [where.home(value).slot])
    assert heir is replica
    assert not heir.call("HEXISTS", where.home(value).prefix + b"claim:email", value)  # it is lost
    with pytest.raises(UniquenessError) as caught:
        model.lazy_connect(second).email.hset(value)
    assert caught.value.owner == first
    assert owners(replicated, model, [value]) == [[first]]
    for each in more:  # and all goes on
        model.lazy_connect(second).email.hset(each)
        with pytest.raises(UniquenessError):
            model.lazy_connect(first).email.hset(each)
    assert model.check().ok
    node.start()


@pytest.mark.parametrize("cluster", [NEWEST], indirect=True)
@pytest.mark.parametrize("remembered", [True, False])
def test_a_node_that_comes_back_empty(cluster, spread, remembered):
    model = spread(cluster)
    where = Spread(model, cluster)
    node = cluster.primaries()[0]
    names, values = where.objects(but_on=node), where.values(node)
    had = [
        (model(name=name, email=value).name.get(), value)
        for name, value, _ in zip(names, values, range(30), strict=False)
    ]
    other = next(names)
    model(name=other)
    if not remembered:
        forget(cluster, [each for each in model._schema.keys.partitions if cluster.owner(each.slot) is not node])
    node.kill()
    node.start()
    cluster.wait_until_settled()
    for name, value in had:
        with pytest.raises(UniquenessError) as caught:
            model.lazy_connect(other).email.hset(value)
        assert caught.value.owner == name
    assert owners(cluster, model, [value for _, value in had]) == [[name] for name, _ in had]
    assert model.check().ok
