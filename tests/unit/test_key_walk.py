"""Walks of the keys of a cluster, by what its nodes say of its slots."""

from __future__ import annotations

import pytest

from limpyd.drivers.cluster.key_walk import KeyWalk
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.exceptions import ServerUnreachable

A, B, C = (NodeAddress("node", port) for port in (1, 2, 3))
LAST = 16383
HALF = 8192


def serving(first_half, second_half):
    """A reply to CLUSTER SLOTS."""
    return [[0, HALF - 1, [b"node", first_half.port]], [HALF, LAST, [b"node", second_half.port]]]


class Nodes:
    """Nodes, each with its own view, and what a walk asks of them.

    Attributes:
        asked: the nodes that were asked for the topology.
        walked: those that were walked.
    """

    def __init__(self, views, patience=0.0):
        self.routing = Routing([A], patience)
        self.views = views
        self.asked, self.walked = [], []

    def walk(self):
        """Walks all nodes, each in one step."""
        walk = KeyWalk(self.routing, None)
        while walk.between_nodes:
            node = next(node for node in self.routing.to_ask(first=walk.node) if node in self.views)
            self.asked.append(node)
            self.routing.learn(self.views[node], node)
            walk.go_on(node)
            if not walk.between_nodes and walk.node is not None:
                self.walked.append(walk.node)
                walk.between_nodes = True
        return self


def test_each_node_is_asked_before_it_is_walked_and_afterwards():
    nodes = Nodes(dict.fromkeys((A, B), serving(A, B))).walk()
    assert nodes.walked == [A, B]
    assert nodes.asked == [A, A, B, B]


def test_another_one_is_not_believed():
    """C was not told that all that A had is at B by now."""
    nodes = Nodes({A: serving(B, B), B: serving(B, B), C: serving(A, B)})
    nodes.routing.learn(nodes.views[C], C)
    assert nodes.walk().walked == [B]


def test_a_node_that_does_not_answer_is_walked_by_the_word_of_another():
    """The walk itself then waits for it."""
    nodes = Nodes({B: serving(A, B)})
    nodes.routing.learn(nodes.views[B], B)
    assert nodes.walk().walked == [A, B]


def test_nodes_that_name_each_other():
    """Each says that the other one has it: there is an error in the end, not a walk without the slots."""
    with pytest.raises(ServerUnreachable, match="do not agree which of them serves slot 0, and each names another one"):
        Nodes({A: serving(B, B), B: serving(A, A)}).walk()
