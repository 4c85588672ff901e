"""Clusters of several nodes, one of each kind and server for all tests; each test gets them empty and as at first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clusters import Cluster
from tests.support.servers import BINARIES
from tests.support.shared_clusters import SharedClusters, clusters, pytest_runtest_teardown  # noqa: F401 - for pytest


@pytest.fixture(params=[*BINARIES])
def cluster(request: pytest.FixtureRequest, clusters: SharedClusters) -> Iterator[Cluster]:  # noqa: F811 - the fixture
    """Three primaries of each server in turn, empty."""
    yield from lent(clusters(request.param))


@pytest.fixture(params=[*BINARIES])
def replicated(request: pytest.FixtureRequest, clusters: SharedClusters) -> Iterator[Cluster]:  # noqa: F811 - the same
    """Three primaries, each with a replica, of each server in turn, empty."""
    yield from lent(clusters(request.param, replicas=1))


def lent(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster for one test, empty before and after it."""
    yield cluster
    cluster.restore()
