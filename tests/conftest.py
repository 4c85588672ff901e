"""Real servers, and the two faces: most tests run on each face against each server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.compiled import pytest_collection  # noqa: F401 - a hook of pytest
from tests.support.declared_keys import every_script_declares_it, look_at_keys  # noqa: F401 - fixtures of all tests
from tests.support.face import Face
from tests.support.partitioned import pytest_runtest_makereport  # noqa: F401 - a hook of pytest
from tests.support.selection import (  # noqa: F401 - hooks of pytest
    pytest_addoption,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_generate_tests,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
from tests.support.servers import BINARIES, CLUSTERS, NEWEST, ClusterNode, Server, socket_path


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Server]]:
    """Starts servers by name as they are asked for; one whose name ends in -cluster is a cluster of one node.

    A cluster takes two seconds to serve, so a process that runs a part of all tests starts those meanwhile.
    """
    with ThreadPoolExecutor() as executor:
        started: dict[str, Future[Server]] = {}

        def begin(name: str) -> Future[Server]:
            if name not in started:
                kind = ClusterNode if name.endswith("-cluster") else Server
                started[name] = executor.submit(kind, BINARIES[name.removesuffix("-cluster")])
            return started[name]

        def get(name: str) -> Server:
            if not started and hasattr(request.config, "workerinput"):
                for cluster in CLUSTERS:
                    begin(cluster)
            return begin(name).result()

        yield get
        for each in started.values():
            each.result().stop()


@pytest.fixture(params=[*BINARIES, *CLUSTERS])
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """Each server in turn, empty."""
    server = servers(request.param)
    server.empty()
    return server


@pytest.fixture
def one_server(servers: Callable[[str], Server]) -> Server:
    """The server that embedded databases run on, empty; for tests of what is the same on all."""
    server = servers(NEWEST)
    server.empty()
    return server


@pytest.fixture
def unix_socket() -> Iterator[str]:
    """A path for a Unix socket."""
    with socket_path() as path:
        yield path


@pytest.fixture(params=["sync", "async"])
async def face(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Face]:
    """Each face on each server."""
    face = Face(request.param, server)
    yield face
    await face.do(face.database.close())
    face.client.close()


@pytest.fixture(params=["sync", "async"])
async def any_face(request: pytest.FixtureRequest, one_server: Server) -> AsyncIterator[Face]:
    """Each face on one server; for tests of what the server has no part in."""
    face = Face(request.param, one_server)
    yield face
    await face.do(face.database.close())
    face.client.close()
