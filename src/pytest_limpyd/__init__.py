"""The plugin of pytest that comes with limpyd: a private, empty database for each test.

It stands outside of the package, since pytest imports it at each start: limpyd is imported when a fixture is used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from limpyd import RedisDatabase
    from limpyd.testing import AssertRequests, LimpydUse

HELP = "where the fixtures of limpyd find an empty database; without it they start a private server"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--limpyd-url`, and `limpyd_url` for configuration files."""
    parser.getgroup("limpyd").addoption("--limpyd-url", metavar="URL", help=HELP)
    parser.addini("limpyd_url", HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Adds the fixture that needs pytest-asyncio, if that is there."""
    if config.pluginmanager.hasplugin("asyncio"):
        from pytest_limpyd import asynchronous  # noqa: PLC0415 - it imports pytest-asyncio

        config.pluginmanager.register(asynchronous, "limpyd-asyncio")


@pytest.fixture(scope="session")
def limpyd_settings(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The settings of the database that tests use: of a private server, or of `--limpyd-url`.

    With pytest-xdist each worker has a server of its own; of a URL, the next numbers of databases.
    """
    from limpyd import RedisDatabase  # noqa: PLC0415
    from limpyd.exceptions import LimpydError  # noqa: PLC0415

    url = request.config.getoption("--limpyd-url") or request.config.getini("limpyd_url")
    try:
        database = RedisDatabase.from_url(url) if url else RedisDatabase.embedded()
    except LimpydError as error:
        pytest.exit(f"--limpyd-url: {error}" if url else str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    if url:
        worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
        if worker:
            database.reset(
                **{**database.connection_settings, "db": database.connection_settings["db"] + int(worker[1])}
            )
        try:
            keys = database.connect().dbsize()
        except LimpydError as error:
            pytest.exit(f"--limpyd-url: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
        if keys:
            msg = f"--limpyd-url: {database!r} holds {keys} keys, and tests would empty it; name an empty one"
            pytest.exit(msg, returncode=pytest.ExitCode.USAGE_ERROR)
    yield database._endpoint.resolved_settings()
    database.close()


@pytest.fixture
def limpyd_database(limpyd_settings: dict[str, Any]) -> Iterator[RedisDatabase]:
    """A `RedisDatabase` that is empty when the test begins, and emptied after it."""
    from limpyd import RedisDatabase  # noqa: PLC0415

    database = RedisDatabase(**limpyd_settings)
    database.connect().flushdb()
    yield database
    database.connection.flushdb()
    database.close()


@pytest.fixture
def limpyd_use(request: pytest.FixtureRequest) -> Iterator[LimpydUse]:
    """A function that points models at a database until the test ends.

    It takes models, or databases for all their models. They go to `limpyd_database`, or to `database=`.
    """
    from limpyd.testing import using  # noqa: PLC0415

    with ExitStack() as until_the_end:

        def use(*models: Any, database: Any = None) -> Any:
            database = database or request.getfixturevalue("limpyd_database")
            return until_the_end.enter_context(using(database, *models))

        yield use


@pytest.fixture
def assert_requests() -> AssertRequests:
    """Counts requests: the function of `limpyd.testing`, for `with` statements."""
    from limpyd import testing  # noqa: PLC0415

    return testing.assert_requests
