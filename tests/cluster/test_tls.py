"""Clusters whose nodes speak TLS: their certificates have names, and CLUSTER SLOTS may name addresses."""

from __future__ import annotations

import asyncio

import pytest

from limpyd import RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import ServerUnreachable
from tests.support.cluster_nodes import HOST
from tests.support.spread_models import MODELS, declared, slot
from tests.support.tls_clusters import HOST_NAME, Certificates, TlsCluster, servers_with_tls

pytestmark = [
    pytest.mark.each_face,
    pytest.mark.skipif(not servers_with_tls(), reason="no server here is built with TLS, or there is no openssl"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls_cluster(certificates):
    cluster = TlsCluster(servers_with_tls()[0], replicas=1, options=certificates.options)
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster(tls_cluster):
    """The nodes name their addresses, as by default."""
    yield tls_cluster
    announce(tls_cluster, "", "ip")
    tls_cluster.restore()


def announce(cluster, name, kind):
    for node in cluster.nodes:
        node.call("CONFIG", "SET", "cluster-announce-hostname", name, "cluster-preferred-endpoint-type", kind)
    named = {name or HOST}
    cluster.wait(lambda: all(named == hosts(node) for node in cluster.nodes), "all nodes name all hosts")


def hosts(node):
    """The hosts that a node names to clients."""
    return {member[0] for served in node.call("CLUSTER", "SLOTS") for member in served[2:]}


def settings(cluster, certificates, **more):
    secured = {"ssl": True, "ssl_ca_certs": str(certificates.authority), "ssl_check_hostname": True}
    return {"nodes": cluster.tls_addresses[:1], **secured, **more}


def by_name(address):
    """The address that is in the certificates."""
    return HOST_NAME, address[1]


WAYS = {
    "names that the nodes announce": (HOST_NAME, "hostname", {}),
    "address_remap": ("", "ip", {"address_remap": by_name}),
}


@pytest.mark.parametrize("way", WAYS)
def test_all_nodes_are_reached(cluster, certificates, way):
    name, kind, more = WAYS[way]
    announce(cluster, name, kind)
    database = RedisDatabase(**settings(cluster, certificates, **more))
    people = declared(database, RedisModel)
    for model in people:
        assert model(name="Ada", age=1).age.hincrby(1) == 2
    assert len({cluster.owner(slot(model)) for model in people}) == 3
    model = people[0]
    cluster.move_slots([slot(model)], cluster.another(cluster.owner(slot(model))))
    assert model.get(name="Ada").age.hget() == 2
    with database.pipeline():
        counts = [model.collection(age=2).count() for model in people]
    assert [count.value for count in counts] == [1] * MODELS
    database.close()


def test_async(cluster, certificates):
    async def main():
        announce(cluster, HOST_NAME, "hostname")
        database = AsyncRedisDatabase(**settings(cluster, certificates))
        people = declared(database, AsyncRedisModel)
        for model in people:
            ada = await model.create(name="Ada", age=1)
            assert await ada.age.hincrby(1) == 2
        cluster.move_slots([slot(people[0])], cluster.another(cluster.owner(slot(people[0]))))
        assert await (await people[0].get(name="Ada")).age.hget() == 2
        await database.close()

    asyncio.run(main())


def test_reads_from_replicas(cluster, certificates):
    announce(cluster, HOST_NAME, "hostname")
    cluster.wait_until_replicas_are_named()
    database = RedisDatabase(**settings(cluster, certificates, read_from="replica"))
    ada = declared(database, RedisModel, 1)[0](age=1)
    cluster.owner(slot(type(ada))).call("WAIT", 1, 2000)
    assert ada.age.hget() == 1
    assert any(type(node).__name__ == "ReplicaAddress" for node in database._access.driver.connections.pools)
    database.close()


@pytest.mark.parametrize("face", ["sync", "async"])
def test_addresses_that_are_in_no_certificate(cluster, certificates, face):
    """The seed has a name, and the nodes name their addresses."""
    given = settings(cluster, certificates, patience=0.2)

    async def main():
        database = AsyncRedisDatabase(**given)
        try:
            for model in declared(database, AsyncRedisModel):
                await model.create(age=1)
        finally:
            await database.close()

    with pytest.raises(ServerUnreachable, match=r"(?i)certificate.*address_remap"):
        if face == "async":
            asyncio.run(main())
        else:
            for model in declared(RedisDatabase(**given), RedisModel):
                model(age=1)


def test_a_failover(cluster, certificates):
    announce(cluster, HOST_NAME, "hostname")
    database = RedisDatabase(**settings(cluster, certificates))
    model = declared(database, RedisModel, 1)[0]
    ada = model(age=1)
    cluster.fail_over(cluster.replicas(cluster.owner(slot(model)))[0])
    assert ada.age.hincrby(1) == 2
    database.close()
