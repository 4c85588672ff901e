"""A cluster of three nodes, for models whose partitions are spread over them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clusters import Cluster
from tests.support.servers import NEWEST
from tests.support.shared_clusters import SharedClusters, clusters, pytest_runtest_teardown  # noqa: F401 - for pytest


@pytest.fixture(autouse=True)
def movers_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """For processes that run with a former number of partitions; tests of those let the time pass themselves."""
    monkeypatch.setattr("limpyd.repartitioning.fences.NOTICED", 0)
    monkeypatch.setattr("limpyd.repartitioning.slices.REST", 0)


@pytest.fixture(scope="session")
def three_nodes(clusters: SharedClusters) -> Callable[[], Cluster]:  # noqa: F811 - the fixture
    """Returns the cluster, which starts when it is first asked for."""
    return lambda: clusters(NEWEST)
