"""Clusters of several nodes that the tests of a folder share; they stop when a process has run the last of those.

Nodes talk to each other: the clusters of all servers, with and without replicas, would take a tenth of a core until
the end of all tests.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.support.clusters import Cluster


class SharedClusters:
    """Clusters by the server's name and the number of replicas of each primary; each starts when it is first needed."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, int], Cluster] = {}

    def __call__(self, name: str, replicas: int = 0) -> Cluster:
        """The cluster with three primaries, as the test before has left it."""
        if (name, replicas) not in self._started:
            self._started[name, replicas] = Cluster(name, replicas=replicas)
        return self._started[name, replicas]

    def stop(self) -> None:
        """Stops all; whoever asks for one later gets a new one."""
        while self._started:
            self._started.popitem()[1].stop()


_shared = SharedClusters()


@pytest.fixture(scope="session")
def clusters() -> SharedClusters:
    """The clusters that tests share."""
    return _shared


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    """Stops the clusters after the last test of a folder."""
    result = yield
    if nextitem is None or nextitem.path.parent != item.path.parent:
        _shared.stop()
    return result
