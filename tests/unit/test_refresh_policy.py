"""How often the topology of a cluster is asked for: many callers at once see the same failover."""

from __future__ import annotations

from itertools import pairwise

from limpyd.drivers.cluster.refresh_policy import LONGEST, RefreshPolicy


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def refreshes(policy, clock, seconds):
    """The times at which a caller that asks each millisecond may refresh."""
    begun = []
    for _ in range(round(seconds * 1000)):
        clock.now += 0.001
        if policy.begin():
            begun.append(clock.now)
            policy.end()
    return begun


def test_at_most_ten_times_a_second_and_less_often_if_it_goes_on():
    for _ in range(20):
        clock = Clock()
        begun = refreshes(RefreshPolicy(clock), clock, 20)
        assert all(after - before >= 0.1 for before, after in pairwise(begun))
        assert all(after - before >= LONGEST for before, after in pairwise(begun[5:]))


def test_one_at_a_time_and_an_interrupted_one_does_not_hold_up_the_others_for_long():
    clock = Clock()
    policy = RefreshPolicy(clock)
    assert policy.begin()
    assert not policy.begin()
    clock.now += LONGEST
    assert policy.begin()


def test_after_a_quiet_time_it_is_asked_soon_again():
    clock = Clock()
    policy = RefreshPolicy(clock)
    refreshes(policy, clock, 20)
    clock.now += 60
    begun = refreshes(policy, clock, 0.2)
    assert len(begun) == 2
