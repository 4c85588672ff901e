"""A cluster of three nodes, for models whose partitions are spread over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.clusters import Cluster
from tests.support.servers import NEWEST


@pytest.fixture(autouse=True)
def movers_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """For processes that run with a former number of partitions; tests of those let the time pass themselves."""
    monkeypatch.setattr("limpyd.repartitioning.fences.NOTICED", 0)
    monkeypatch.setattr("limpyd.repartitioning.slices.REST", 0)


@pytest.fixture(scope="session")
def three_nodes() -> Iterator[Callable[[], Cluster]]:
    """Returns the cluster, which starts when it is first asked for."""
    started: list[Cluster] = []

    def get() -> Cluster:
        if not started:
            started.append(Cluster(NEWEST))
        return started[0]

    yield get
    for cluster in started:
        cluster.stop()
