"""The replicas that serve reads, without servers."""

from __future__ import annotations

import pytest
from redis import exceptions as redis_errors

from limpyd.drivers.cluster.batch import ClusterBatch
from limpyd.drivers.cluster.replicas import AVOIDED, LEARNED_AGAIN, Replicas
from limpyd.drivers.cluster.routing import Routing, Slot
from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress, topology_of
from limpyd.keys.slots import slot_of
from limpyd.requests.request import Request
from limpyd.scripts import queries

REPLY = [[0, 16383, [b"h", 1, b"id"], [b"h", 2, b"id"], [b"h", 3, b"id"]]]
PRIMARY, FIRST, SECOND = NodeAddress("h", 1), ReplicaAddress("h", 2), ReplicaAddress("h", 3)
READ = Slot(5, may_be_stale=True)


@pytest.fixture
def routing():
    routing = Routing([PRIMARY], 5.0, from_replicas=True)
    routing.learn(REPLY, PRIMARY)
    return routing


def test_an_address_is_another_one_where_it_is_read_from():
    assert NodeAddress("h", 2) != ReplicaAddress("h", 2) == ReplicaAddress("h", 2)
    assert len({NodeAddress("h", 2), ReplicaAddress("h", 2)}) == 2


def test_both_replicas_are_drawn(routing):
    drawn = [routing.replica_for(READ) for _ in range(300)]
    assert {*drawn} == {FIRST, SECOND}
    assert 90 < drawn.count(FIRST) < 210


def test_what_goes_to_the_primary(routing):
    assert routing.replica_for(Slot(5)) is None
    assert routing.replica_for(Slot(None, may_be_stale=True)) is None
    usual = Routing([PRIMARY], 5.0)
    usual.learn(REPLY, PRIMARY)
    assert usual.replica_for(READ) is None


def test_a_slot_that_has_moved_is_read_from_the_replicas_of_its_owner(routing):
    routing.topology.move(5, NodeAddress("new", 1))
    assert routing.replica_for(READ) is None


def test_hosts_are_changed_by_a_remap():
    topology = topology_of(REPLY, PRIMARY, lambda address: ("outside", address[1] + 100))
    assert topology.replicas_of(5) == (ReplicaAddress("outside", 102), ReplicaAddress("outside", 103))


def test_one_that_failed_is_avoided_for_a_while():
    now = [0.0]
    replicas = Replicas(lambda: now[0])
    replicas.avoid(FIRST)
    assert {replicas.draw((FIRST, SECOND)) for _ in range(20)} == {SECOND}
    assert replicas.draw((FIRST,)) is None
    now[0] = AVOIDED + 0.1
    assert replicas.draw((FIRST,)) == FIRST


def test_the_topology_is_outdated_after_a_while():
    now = [0.0]
    replicas = Replicas(lambda: now[0])
    assert not replicas.outdated
    now[0] = LEARNED_AGAIN + 0.1
    assert replicas.outdated
    replicas.learned()
    assert not replicas.outdated


def read(key, *, may_be_stale=True):
    return Request((b"GET", key), bytes, readonly=True, may_be_stale=may_be_stale)


def batch_of(routing, *requests, from_replicas=True):
    commands = [request.args for request in requests]
    return ClusterBatch(requests, commands, "none", routing, atomic=False, from_replicas=from_replicas)


class TestBatches:
    def test_one_replica_serves_all_reads_of_a_slot(self, routing):
        (share,) = batch_of(routing, read(b"{a}:x"), read(b"{a}:y")).shares()
        assert share.node in {FIRST, SECOND}
        assert share.numbers == [0, 1]

    def test_the_primary_serves_all_if_one_may_not_be_stale(self, routing):
        (share,) = batch_of(routing, read(b"{a}:x"), read(b"{a}:y", may_be_stale=False)).shares()
        assert share.node == PRIMARY

    def test_what_was_sent_before_is_served_by_the_primary(self, routing):
        (share,) = batch_of(routing, read(b"{a}:x"), from_replicas=False).shares()
        assert share.node == PRIMARY

    @pytest.mark.parametrize(
        "refusal",
        [
            redis_errors.MovedError(f"{slot_of(b'{a}')} h:1"),
            redis_errors.AskError(f"{slot_of(b'{a}')} h:9"),
            redis_errors.MasterDownError("MASTERDOWN"),
            redis_errors.BusyLoadingError("LOADING"),
        ],
    )
    def test_after_a_refusal_the_primary_serves_all_of_them(self, routing, refusal):
        """The epoch that is read after a query has to be of the same node."""
        batch = batch_of(routing, read(b"{a}:x"), read(b"{a}:y"))
        (share,) = batch.shares()
        batch.note(share, [b"old", refusal])
        assert batch.settle() == 0.0
        assert batch.shares() == [(PRIMARY, False, [0, 1])]

    @pytest.mark.parametrize("sent", [0, 2])
    @pytest.mark.parametrize("error", [redis_errors.ConnectionError("gone"), redis_errors.TimeoutError("silent")])
    def test_after_a_loss_the_primary_serves_all_of_them(self, routing, sent, error):
        batch = batch_of(routing, read(b"{a}:x"), read(b"{a}:y"))
        (share,) = batch.shares()
        batch.note(share, (), sent, error)
        assert batch.settle() == 0.0
        assert batch.shares() == [(PRIMARY, False, [0, 1])]
        assert routing.replica_for(Slot(slot_of(b"{a}"), may_be_stale=True)) != share.node


def test_replicas_run_the_scripts_of_reads():
    scripts = [each for name, each in vars(queries).items() if name.isupper() and hasattr(each, "flags")]
    assert len(scripts) > 8
    for script in scripts:
        assert ("no-writes" in script.flags) is (script is not queries.STORE), script.name
