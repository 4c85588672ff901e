"""Clusters of several nodes, one of each kind and server in a session; each test gets them empty and as at first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.clusters import Cluster
from tests.support.servers import BINARIES

GetCluster = Callable[..., Cluster]


@pytest.fixture(scope="session")
def clusters() -> Iterator[GetCluster]:
    """Starts clusters by the server's name and the number of replicas as they are asked for."""
    started: dict[tuple[str, int], Cluster] = {}

    def get(name: str, replicas: int = 0) -> Cluster:
        if (name, replicas) not in started:
            started[name, replicas] = Cluster(name, replicas=replicas)
        return started[name, replicas]

    yield get
    for each in started.values():
        each.stop()


@pytest.fixture(params=[*BINARIES])
def cluster(request: pytest.FixtureRequest, clusters: GetCluster) -> Iterator[Cluster]:
    """Three primaries of each server in turn, empty."""
    yield from lent(clusters(request.param))


@pytest.fixture(params=[*BINARIES])
def replicated(request: pytest.FixtureRequest, clusters: GetCluster) -> Iterator[Cluster]:
    """Three primaries, each with a replica, of each server in turn, empty."""
    yield from lent(clusters(request.param, replicas=1))


def lent(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster for one test, empty before and after it."""
    yield cluster
    cluster.restore()
