"""Merging the assumptions of many requests costs each of them the same."""

from __future__ import annotations

from limpyd.claims.claim import claim_of
from limpyd.keys.partitioned import PartitionedKeys
from limpyd.requests.request import merged
from limpyd.targets.check import TargetCheck
from tests.support.counting import calls

KEYS = PartitionedKeys("blog", "account", 4)


class Model:
    keys = KEYS


def claims(count):
    key = KEYS.first.prefix + b"uniq:email"
    return [claim_of(Model, KEYS.first, key, b"%d" % (number // 2), b"%d" % number) for number in range(count)]


def checks(count):
    return [TargetCheck(Model, KEYS.first, Model, {b"%d" % (number // 2): False}) for number in range(count)]


def test_costs_are_linear():
    for make in (claims, checks):
        few, many = make(200), make(800)
        assert calls(lambda: merged(many)) < 5 * calls(lambda: merged(few))  # noqa: B023


def test_those_about_the_same_are_one():
    assert len(merged(claims(10))) == 5
    (both,) = merged(checks(10))
    assert set(both._targets) == {b"0", b"1", b"2", b"3", b"4"}
