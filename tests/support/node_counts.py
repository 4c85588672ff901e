"""The commands that each node of a cluster has run, as the nodes count them (INFO commandstats)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tests.support.cluster_nodes import Node

OF_THE_NODES = {"cluster", "config", "info", "ping", "psync", "replconf", "readonly", "client", "hello", "command"}
"""Commands of connections, replication and the tests themselves."""
OF_REQUESTS = re.compile(r"cmdstat_([^:|]+)[^:]*:calls=(\d+)")
OF_SCRIPTS = {"eval", "evalsha"}


def commands_of(node: Node) -> Counter[str]:
    """How often a node has run each command since its counts were reset; those of scripts are counted too."""
    found: Counter[str] = Counter()
    for name, calls in OF_REQUESTS.findall(node.call("INFO", "commandstats")):
        if name not in OF_THE_NODES:
            found[name] += int(calls)
    return found


@contextmanager
def counted(nodes: Iterable[Node]) -> Iterator[dict[Node, Counter[str]]]:
    """What each node runs in a block; it is there after the block."""
    found: dict[Node, Counter[str]] = {}
    nodes = list(nodes)
    for node in nodes:
        node.call("CONFIG", "RESETSTAT")
    yield found
    found.update((node, commands_of(node)) for node in nodes)
