"""Each command of each kind of field has an entry in the feed of changes if and only if it changes a value."""

from __future__ import annotations

from typing import Any

import pytest

from limpyd import ChangeFeed, LimpydError
from tests.support import command_calls as calls
from tests.support.full_use import COMMANDS, SORTED, models
from tests.support.recorded_changes import Recorded

WRITE_WHAT_IS_THERE = frozenset(
    {
        *("hset", "set", "setex", "psetex", "getset", "hsetex", "hmset", "setrange", "zadd", "geoadd", "lset", "ltrim"),
        *("bitop", "pfmerge", "sinterstore", "sunionstore", "sdiffstore", "smove", "sort_store", "zinterstore"),
        *("zunionstore", "zdiffstore", "zrangestore", "xdelex"),
    }
)
"""Commands that do not tell whether they have changed something: those that write what is there have an entry too."""


def arguments(field: str, command: str, args: Any, one: Any, two: Any) -> list[Any]:
    """The arguments of a call, with the field of another object where there is one."""
    other = one.bag if command == "sort_store" else getattr(two, field)
    args = args or ((other,) if command == "sort_store" else ())
    return [other if arg is calls.OTHER else arg for arg in args]


@pytest.mark.each_server
@pytest.mark.parametrize("field", sorted(COMMANDS))
async def test_each_command(any_face, field):
    do = any_face.do

    class Recording(any_face.Model):
        abstract = True
        namespace = "feed"
        changes = ChangeFeed()

    everything, _ = models(Recording, any_face.database)
    recorded = Recorded(any_face, {"everything": everything})
    commands, value = COMMANDS[field]
    calls_of_field = {**commands, **(calls.SORTING if field in SORTED else {})}
    found = 0
    for command, given in calls_of_field.items():
        await do(everything.collection().delete())
        values = {"entry": "x"} if value is None else {field: value}
        one = await do(everything.create(**values))
        two = await do(everything.create(**({"entry": "y"} if field in {"only", "stream"} else values)))
        if field == "stream" and command != "xadd":
            await do(one.stream.xadd({"a": "b"}, "1-1"))
            await do(one.stream.xgroup_create("g", 0))
            await do(one.stream.xreadgroup("g", "c"))
        before, known = recorded.snapshot(), recorded.newest()
        call = getattr(getattr(one, field), command)
        refused = False
        try:
            await do(call(*arguments(field, command, given, one, two), **calls.KEYWORDS.get(command, {})))
        except LimpydError:
            refused = True
        after, entries = recorded.snapshot(), recorded.entries_after(known)
        for who in before:
            changed = before[who] != after[who]
            told = who in entries
            assert not (refused and (changed or told)), command
            assert told or not changed, f"{field}.{command} of {who} has no entry"
            assert changed or not told or command in WRITE_WHAT_IS_THERE, f"{field}.{command} of {who} changes nothing"
            written = "bag" if command == "sort_store" else field
            assert not told or entries[who] == [("changed", [written], None)]
            found += changed
    assert found or field in {"places", "visitors"}  # whose calls write what is there
