"""The order of the requests of a batch on a cluster, by replies that a test makes up."""

from __future__ import annotations

from redis import exceptions as redis_errors

from limpyd.drivers.cluster.batch import ClusterBatch
from limpyd.drivers.cluster.routing import Routing
from limpyd.drivers.cluster.topology import NodeAddress
from limpyd.exceptions import NotExecuted, ServerUnreachable
from limpyd.keys.slots import slot_of
from limpyd.lua.script import Script
from limpyd.requests.request import Request

NODE, OTHER = NodeAddress("one", 1), NodeAddress("other", 2)
LATER = redis_errors.TryAgainError("TRYAGAIN Multiple keys request during rehashing of slot")
SCRIPT = Script("write")


def plain(command, key, *args, readonly=False):
    return Request((command, key, *args), bytes, readonly=readonly)


def script(key, *, readonly=False):
    return Request((b"EVALSHA", b"0" * 40, 1, key), bytes, readonly=readonly, script=SCRIPT)


def batch_of(*requests, patience=5.0):
    routing = Routing([NODE], patience)
    for number in range(16384):
        routing.topology.move(number, NODE)
    return ClusterBatch(requests, [request.args for request in requests], "none", routing, atomic=False)


def tried(batch, *replies):
    """Answers what the batch sends, in order; returns the positions that were sent, and those that are left."""
    shares = batch.shares()
    left = list(replies)
    for share in shares:
        batch.note(share, [left.pop(0) for _ in share.numbers])
    batch.settle()
    return [number for share in shares for number in share.numbers], batch.left


def ask(key):
    return redis_errors.AskError(f"{slot_of(key)} {OTHER}")


class TestAWriteThatWasRefused:
    def test_it_is_sent_again_alone_and_then_what_comes_after_it(self):
        batch = batch_of(script(b"{a}:x"), script(b"{a}:x"), script(b"{a}:x"), script(b"{b}:x"))
        assert tried(batch, LATER, LATER, LATER, b"3") == ([0, 1, 2, 3], [0, 1, 2])
        assert tried(batch, LATER) == ([0], [0, 1, 2])
        assert tried(batch, b"0") == ([0], [1, 2])
        assert tried(batch, b"1", b"2") == ([1, 2], [])
        assert batch.replies == [b"0", b"1", b"2", b"3"]

    def test_a_later_write_was_executed(self):
        batch = batch_of(script(b"{a}:x"), plain("GET", b"{a}:y", readonly=True), script(b"{a}:x"), script(b"{b}:x"))
        assert tried(batch, LATER, b"1", b"2", b"3") == ([0, 1, 2, 3], [])
        assert isinstance(batch.replies[0], NotExecuted)
        assert batch.replies[1:] == [b"1", b"2", b"3"]

    def test_a_later_write_failed_by_itself(self):
        wrong = redis_errors.ResponseError("WRONGTYPE of a key")
        batch = batch_of(script(b"{a}:x"), script(b"{a}:x"))
        assert tried(batch, LATER, wrong) == ([0, 1], [0])
        assert tried(batch, b"0") == ([0], [])
        assert batch.replies == [b"0", wrong]

    def test_a_later_write_on_another_slot_was_executed(self):
        batch = batch_of(script(b"{a}:x"), script(b"{b}:x"))
        assert tried(batch, LATER, b"1") == ([0, 1], [0])
        assert tried(batch, b"0") == ([0], [])

    def test_only_those_before_the_executed_write_fail(self):
        batch = batch_of(script(b"{a}:x"), script(b"{a}:x"), script(b"{a}:x"), script(b"{a}:x"))
        assert tried(batch, LATER, b"1", LATER, LATER) == ([0, 1, 2, 3], [2, 3])
        assert tried(batch, b"2") == ([2], [3])
        assert tried(batch, b"3") == ([3], [])
        assert isinstance(batch.replies[0], NotExecuted)

    def test_moved_slots_are_followed_with_everything(self):
        moved = redis_errors.MovedError(f"{slot_of(b'{a}')} {OTHER}")
        batch = batch_of(script(b"{a}:x"), script(b"{a}:x"))
        assert tried(batch, moved, moved) == ([0, 1], [0, 1])
        assert tried(batch, b"0", b"1") == ([0, 1], [])

    def test_patience_ends_while_others_wait_for_nothing(self):
        batch = batch_of(script(b"{a}:x"), script(b"{a}:x"), script(b"{b}:x"), script(b"{b}:x"), script(b"{c}:x"))
        assert tried(batch, LATER, LATER, LATER, LATER, b"4") == ([0, 1, 2, 3, 4], [0, 1, 2, 3])
        batch.attempts._until = 0
        assert tried(batch, LATER, b"2") == ([0, 2], [3])
        assert tried(batch, b"3") == ([3], [])
        assert [*map(type, batch.replies[:2])] == [ServerUnreachable] * 2
        assert batch.replies[2:] == [b"2", b"3", b"4"]


class TestReads:
    def test_they_are_sent_again_after_a_refused_write(self):
        batch = batch_of(plain("GET", b"{a}:x", readonly=True), script(b"{a}:x"), plain("GET", b"{a}:x", readonly=True))
        assert tried(batch, b"0", LATER, b"old") == ([0, 1, 2], [1, 2])
        assert tried(batch, b"1") == ([1], [2])
        assert tried(batch, b"new") == ([2], [])
        assert batch.replies == [b"0", b"1", b"new"]

    def test_a_read_never_shows_what_was_written_after_it(self):
        batch = batch_of(script(b"{a}:x", readonly=True), script(b"{a}:x"))
        assert tried(batch, LATER, b"1") == ([0, 1], [])
        assert isinstance(batch.replies[0], NotExecuted)

    def test_reads_alone_are_sent_again_together(self):
        batch = batch_of(*(script(b"{a}:x", readonly=True) for _ in range(3)))
        assert tried(batch, LATER, LATER, LATER) == ([0, 1, 2], [0, 1, 2])
        assert tried(batch, b"0", b"1", b"2") == ([0, 1, 2], [])


class TestPlainCommandsOnKeysThatHaveLeft:
    def test_those_on_other_keys_are_independent(self):
        batch = batch_of(plain("SET", b"{a}:x", 1), plain("SET", b"{a}:y", 1), plain("SET", b"{a}:x", 2))
        assert tried(batch, ask(b"{a}:x"), b"1", ask(b"{a}:x")) == ([0, 1, 2], [0, 2])
        assert batch.shares() == [(OTHER, True, [0, 2])]

    def test_a_later_one_on_the_same_key_was_executed(self):
        batch = batch_of(plain("SET", b"{a}:x", 1), plain("SET", b"{a}:x", 2))
        assert tried(batch, ask(b"{a}:x"), b"1") == ([0, 1], [])
        assert isinstance(batch.replies[0], NotExecuted)

    def test_a_later_script_was_executed(self):
        batch = batch_of(plain("SET", b"{a}:x", 1), script(b"{a}:y"))
        assert tried(batch, ask(b"{a}:x"), b"1") == ([0, 1], [])
        assert isinstance(batch.replies[0], NotExecuted)

    def test_reads_of_other_keys_need_not_be_sent_again(self):
        batch = batch_of(plain("SET", b"{a}:x", 1), plain("GET", b"{a}:y", readonly=True), plain("SET", b"{a}:y", 2))
        assert tried(batch, ask(b"{a}:x"), b"before", b"2") == ([0, 1, 2], [0])
        assert batch.replies[1] == b"before"
