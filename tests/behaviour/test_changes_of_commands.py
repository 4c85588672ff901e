"""Each command of each kind of field has an entry in the feed of changes if and only if it changes a value."""

import pytest

from limpyd import ChangeFeed
from tests.support.each_command import NO_CALL_CHANGES, each_call
from tests.support.full_use import COMMANDS, everything
from tests.support.recorded_changes import Recorded

WRITE_WHAT_IS_THERE = frozenset(
    {
        *("hset", "set", "setex", "psetex", "getset", "hsetex", "hmset", "setrange", "zadd", "geoadd", "lset", "ltrim"),
        *("bitop", "pfmerge", "sinterstore", "sunionstore", "sdiffstore", "smove", "sort_store", "zinterstore"),
        *("zunionstore", "zdiffstore", "zrangestore", "xdelex"),
    }
)
"""Commands that do not tell whether they have changed something: those that write what is there have an entry too."""


@pytest.mark.parametrize("field", sorted(COMMANDS))
async def test_each_command(any_face, field):
    class Recording(any_face.Model):
        abstract = True
        namespace = "feed"
        changes = ChangeFeed()

    model = everything(Recording, any_face.database)
    recorded = Recorded(any_face, {"everything": model})
    found = 0
    async for call in each_call(any_face, model, field):
        command = call.command
        before, known = recorded.snapshot(), recorded.newest()
        is_done = await call.make()
        after, entries = recorded.snapshot(), recorded.entries_after(known)
        for who in before:
            changed = before[who] != after[who]
            told = who in entries
            assert is_done or not (changed or told), command
            assert told or not changed, f"{field}.{command} of {who} has no entry"
            assert changed or not told or command in WRITE_WHAT_IS_THERE, f"{field}.{command} of {who} changes nothing"
            assert not told or entries[who] == [("changed", [call.written], None)]
            found += changed
    assert found or field in NO_CALL_CHANGES
