"""Each handle on the clusters that tests run on does what it says, shown with redis-py and by the nodes' own word."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
import redis

from tests.support.clusters import Cluster, cluster_of, open_slots, slot_of
from tests.support.processes import alive, gone
from tests.support.servers import NEWEST

TAG = "{tag}"
SLOT = slot_of(TAG)


@pytest.fixture
def data(cluster: Cluster) -> dict[str, bytes]:
    """Keys of one slot."""
    data = {f"{TAG}:{number}": b"%d" % number for number in range(25)}
    with cluster.client() as client:
        client.mset(data)
    return data


def values(cluster: Cluster, keys: dict[str, bytes]) -> list[bytes]:
    with cluster.client() as client:
        return client.mget([*keys])


def test_three_primaries_share_the_slots(cluster):
    served = [node.me().slots for node in cluster.primaries()]
    assert sum(map(len, served)) == 16384
    assert set().union(*served) == set(range(16384))
    assert max(map(len, served)) - min(map(len, served)) <= 1
    assert all(port < 22768 for _, port in cluster.addresses), "its bus port may meet that of an outgoing connection"


def test_the_owner_of_a_slot_is_the_node_that_answers(cluster):
    for key in ("a", "b", "c", TAG):
        owner = cluster.owner_of(key)
        assert owner.call("SET", key, "1") == "OK"
        for other in cluster.primaries():
            if other is not owner:
                with pytest.raises(redis.exceptions.MovedError):
                    other.call("GET", key)


def test_a_slot_moves_key_by_key_and_a_test_can_look_in_the_middle(cluster, data):
    source = cluster.owner(SLOT)
    target = cluster.another(source)
    move = cluster.move(SLOT, target)
    assert move.step(10) == 10
    assert move.left() == 15
    assert open_slots(source) == open_slots(target) == [SLOT]
    assert target.call("CLUSTER", "COUNTKEYSINSLOT", SLOT) == 10
    assert cluster.owner(SLOT) is source
    with pytest.raises(redis.exceptions.AskError):
        source.call("GET", f"{TAG}:no such key")
    with pytest.raises(redis.exceptions.TryAgainError):
        source.call("MGET", *data)
    move.finish()
    assert cluster.owner(SLOT) is target
    assert source.call("CLUSTER", "COUNTKEYSINSLOT", SLOT) == 0
    assert values(cluster, data) == [*data.values()]


def test_a_slot_is_not_handed_over_before_its_keys(cluster, data):
    move = cluster.move(SLOT, cluster.another(cluster.owner(SLOT)))
    move.move_key(f"{TAG}:7")
    with pytest.raises(redis.ResponseError, match="keys"):
        move.source.call("CLUSTER", "SETSLOT", SLOT, "NODE", move.target.id)
    assert move.left() == 24


def test_a_move_that_is_aborted_brings_the_keys_back(cluster, data):
    source = cluster.owner(SLOT)
    move = cluster.move(SLOT, cluster.another(source))
    move.step(10)
    move.abort()
    assert cluster.owner(SLOT) is source
    assert open_slots(source) == open_slots(move.target) == []
    assert move.target.call("CLUSTER", "COUNTKEYSINSLOT", SLOT) == 0
    assert values(cluster, data) == [*data.values()]


def test_a_move_that_is_only_stopped_leaves_the_moved_keys_where_nobody_is_served(cluster, data):
    move = cluster.move(SLOT, cluster.another(cluster.owner(SLOT)))
    move.step(10)
    move.stabilize()
    assert values(cluster, data).count(None) == 10
    assert move.target.call("CLUSTER", "COUNTKEYSINSLOT", SLOT) == 10


@pytest.mark.server(NEWEST)
def test_a_range_of_slots_moves_at_once(clusters):
    cluster = clusters(NEWEST)
    with cluster.client() as client:
        client.set(TAG, "value")
    source = cluster.owner(SLOT)
    target = cluster.another(source)
    move = cluster.move_at_once(SLOT, SLOT + 1, target)
    assert move.wait() == "success"
    assert cluster.owner(SLOT) is cluster.owner(SLOT + 1) is target
    assert target.call("GET", TAG) == "value"
    cluster.restore()
    assert cluster.owner(SLOT) is source


def test_scripts_are_forgotten_by_one_node(cluster):
    first, second, _ = cluster.primaries()
    (sha,) = {node.call("SCRIPT", "LOAD", "return 1") for node in (first, second)}
    first.forget_scripts()
    with pytest.raises(redis.exceptions.NoScriptError):
        first.call("EVALSHA", sha, 0)
    assert second.call("EVALSHA", sha, 0) == 1


def test_a_paused_node_answers_when_it_goes_on(cluster):
    node = cluster.owner(SLOT)
    node.pause()
    with socket.create_connection(node.address, timeout=0.1) as client:
        client.sendall(b"SET {tag} 1\r\n")
        with pytest.raises(TimeoutError):
            client.recv(10)
        with pytest.raises(LookupError):
            cluster.owner(SLOT)
        node.resume()
        assert cluster.owner(SLOT) is node
        assert client.recv(10) == b"+OK\r\n"


@pytest.mark.server(NEWEST)
def test_a_cluster_of_one_node_grows():
    with cluster_of(NEWEST, primaries=1) as cluster:
        (first,) = cluster.nodes
        assert first.call("CLUSTER", "SLOTS")[0][2][0] == "", "it does not know its own address"
        first.call("SET", TAG, "value")
        second = cluster.add_node()
        assert second.me().slots == set()
        slots = range(SLOT - 20, SLOT + 20)
        cluster.move_slots(slots, second)
        assert second.me().slots == {*slots}
        assert second.call("GET", TAG) == "value"
        cluster.wait_until_settled()


def test_a_replica_takes_its_primarys_place_when_ordered(replicated):
    primary = replicated.owner(SLOT)
    (replica,) = replicated.replicas(primary)
    primary.call("SET", TAG, "value")
    replicated.fail_over(replica)
    assert replicated.owner(SLOT) is replica
    assert replicated.replicas(replica) == [primary]
    assert replica.call("GET", TAG) == "value"


def test_replicas_take_turns(replicated):
    for _ in range(3):
        (replica,) = replicated.replicas(replicated.owner(SLOT))
        replicated.fail_over(replica)
        assert replicated.owner(SLOT) is replica


@pytest.mark.server(NEWEST)
def test_a_killed_primary_is_replaced_and_comes_back_as_a_replica(clusters):
    replicated = clusters(NEWEST, replicas=1)
    primary = replicated.owner(SLOT)
    (replica,) = replicated.replicas(primary)
    primary.call("SET", TAG, "value")
    primary.call("WAIT", 1, 1000)
    served = primary.me().slots
    primary.kill()
    assert replicated.wait_for_failover(primary, served) is replica
    assert replica.call("GET", TAG) == "value"
    primary.start()
    replicated.wait_until_settled()
    assert replicated.replicas(replica) == [primary]


@pytest.mark.server(NEWEST)
def test_a_killed_primary_without_a_replica_comes_back_empty(clusters):
    cluster = clusters(NEWEST)
    node = cluster.owner(SLOT)
    node.call("SET", TAG, "value")
    node.kill()
    with pytest.raises(LookupError):
        cluster.owner(SLOT)
    node.start()
    cluster.wait_until_settled()
    assert cluster.owner(SLOT) is node
    assert node.call("GET", TAG) is None


@pytest.mark.server(NEWEST)
def test_each_test_gets_a_cluster_as_at_first(clusters):
    cluster = clusters(NEWEST)
    first = {node.port: node.me().slots for node in cluster.primaries()}
    source = cluster.owner(SLOT)
    source.call("SET", TAG, "value")
    target = cluster.another(source)
    cluster.move_slots([SLOT], target)
    cluster.move(SLOT + 1, target)
    cluster.another(source, target).pause()
    cluster.restore()
    assert {node.port: node.me().slots for node in cluster.primaries()} == first
    assert [node.call("DBSIZE") for node in cluster.nodes] == [0, 0, 0]
    assert not any(open_slots(node) for node in cluster.nodes)


@pytest.mark.server(NEWEST)
def test_the_nodes_end_with_a_killed_test():
    program = (
        "import sys; from tests.support.clusters import Cluster\n"
        f"print(*[node.process.pid for node in Cluster({NEWEST!r}, 1).nodes], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as test:
        pids = [int(pid) for pid in test.stdout.readline().split()]
        assert pids
        assert all(map(alive, pids))
        test.kill()
    assert all(gone(lambda pid=pid: alive(pid)) for pid in pids)


def test_a_target_knows_the_epoch_of_the_source(cluster):
    """Otherwise the next message of the source may take the slot back."""
    epochs = {node: node.me().epoch for node in cluster.primaries()}
    target = max(epochs, key=lambda node: epochs[node])
    source = cluster.another(target)
    move = cluster.move(min(source.me().slots), target)
    source.call("CLUSTER", "BUMPEPOCH")
    move.finish([cluster.another(source, target)])
    assert target.me().epoch > source.me().epoch
