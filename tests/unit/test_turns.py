"""Which pairs of a face and a server are in turn: over the parameters of a test all of them, and one for each set."""

from __future__ import annotations

from collections import Counter
from itertools import product
from types import SimpleNamespace

import pytest

from tests.support.servers import BINARIES, CLUSTERS
from tests.support.turns import in_turn, pair_of

EACH = [*BINARIES, *CLUSTERS]


def made(marks=(), later=0, nodeid="tests/x.py::test_y", **parameters):
    """The parameters of a test that are in turn."""
    sets = [dict(zip(parameters, values, strict=True)) for values in product(*parameters.values())]
    calls = [SimpleNamespace(params=each, id="-".join(map(str, each.values()))) for each in sets]
    definition = SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda mark: mark in marks)
    return list(in_turn(SimpleNamespace(definition=definition), calls, later))


def test_one_pair_of_each_set_of_other_parameters():
    calls = made(face=["sync", "async"], server=EACH, number=range(100))
    assert Counter(call.params["number"] for call in calls) == dict.fromkeys(range(100), 1)
    assert {pair_of(call) for call in calls} == set(product(["sync", "async"], EACH))


def test_over_the_tests_of_a_file_each_pair_is_met():
    pairs = [pair_of(*made(nodeid=f"t::{number}", face=["sync", "async"], server=EACH)) for number in range(300)]
    assert set(pairs) == set(product(["sync", "async"], EACH))


def test_neighbours_have_both_faces():
    faces = {
        call.params["number"]: call.params["any_face"] for call in made(any_face=["sync", "async"], number=range(6))
    }
    assert faces[0] == faces[2] == faces[4] != faces[1] == faces[3] == faces[5]


@pytest.mark.parametrize("number", range(20))
def test_a_run_of_one_server_has_the_other_face(number):
    of_all, of_one = (
        made(later=later, nodeid=f"t::{number}", face=["sync", "async"], server=servers)
        for later, servers in ((0, EACH), (1, EACH[:1]))
    )
    assert pair_of(*of_all).face != pair_of(*of_one).face


def test_marks():
    several = {"face": ["sync", "async"], "server": EACH}
    assert {pair_of(call).face for call in made(["each_face"], **several)} == {"sync", "async"}
    assert {pair_of(call).kind for call in made(["each_server"], **several)} == {*BINARIES}
    assert len(made(["each_face", "each_server"], **several)) == 2 * len(BINARIES)


def test_what_names_neither_is_always_in_turn():
    assert len(made(number=range(9))) == 9
