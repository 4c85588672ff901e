"""Which pair of a face and a server each test runs on: one, which is in turn.

What the faces send differs little, and by the server less. So a test whose parameters name a face, a server or both
has one pair. The sets of its other parameters take the pairs one after the other: over the tests of a file each face
meets each server, and each as a cluster. A test of what differs is marked `each_face` or `each_server`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from zlib import crc32

import pytest

from tests.support.servers import BINARIES, CLUSTERS

FACES = ("sync", "async")
SERVERS = (*BINARIES, *CLUSTERS)
TURNS = [("sync", False), ("async", True), ("sync", True), ("async", False)]
"""Faces, and whether the server is a cluster of one node: two neighbours have both faces, three both of both."""


class Pair(NamedTuple):
    """The face and the server that parameters name; None where they name none."""

    face: str | None
    server: str | None

    @property
    def kind(self) -> str | None:
        """The server, whether or not it is a cluster."""
        return self.server and self.server.removesuffix("-cluster")

    @property
    def turn(self) -> tuple[str, bool]:
        """Where it stands among the turns."""
        return self.face or "sync", bool(self.server) and self.server != self.kind


def pair_of(call: Any) -> Pair:
    """The pair that a set of parameters names, by whatever names it has them."""
    texts = [value for value in call.params.values() if isinstance(value, str)]
    face, server = (next((text for text in texts if text in those), None) for those in (FACES, SERVERS))
    return Pair(face, server)


def in_turn(metafunc: pytest.Metafunc, calls: list[Any], later: int) -> Iterator[Any]:
    """The sets of parameters of a test; of those that differ in their pair one, or one for each face or server marked.

    Args:
        metafunc: the test.
        calls: all its sets of parameters.
        later: how many turns later than it would be by the name of the test.
    """
    marks = {"each_face": "face", "each_server": "kind"}
    kept = [name for mark, name in marks.items() if metafunc.definition.get_closest_marker(mark)]
    same: dict[tuple[str | None, ...], dict[Pair, Any]] = defaultdict(dict)
    for call in calls:
        pair = pair_of(call)
        same[_without(call.id, pair), *(getattr(pair, name) for name in kept)][pair] = call
    first = crc32(metafunc.definition.nodeid.encode()) + later
    selected = {id(_selected(pairs, first + number)) for number, pairs in enumerate(same.values())}
    return (call for call in calls if id(call) in selected)


def _selected(pairs: dict[Pair, Any], number: int) -> Any:
    kinds = list(dict.fromkeys(pair.kind for pair in pairs))
    kind = kinds[sum(divmod(number, len(TURNS))) % len(kinds)]
    found = {pair.turn: call for pair, call in pairs.items() if pair.kind == kind}
    # One that is not there gives its turn to that of the same face.
    turns = (TURNS[(number + others) % len(TURNS)] for others in (0, 2, 1, 3))
    return next(found[turn] for turn in turns if turn in found)


def _without(name: str, pair: Pair) -> str:
    """What a set of parameters is called, whatever its pair."""
    for part in filter(None, pair):
        name = name.replace(part, "", 1)
    return name
