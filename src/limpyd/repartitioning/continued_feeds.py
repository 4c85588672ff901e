"""The feeds of changes of partitions from which objects move: they go on in those that get the objects.

The entries of an object stay in the feed of the partition that gives it, and later ones come into that of its new home.
So before a slice opens, its new homes note the last entry of the other feed (see limpyd.changes.origins), and get the
groups that read it. That is done whether this process declares a feed or not, as another one may.

`tests/protocols/moving_feeds_model.py` explores that.
"""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.in_place import in_place
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema

END = Script("feed_end")
CONTINUE = Script("continue_feed")


def continue_feed(target: Schema, source: Schema, old: Partition, homes: Sequence[Partition]) -> Program[None]:
    """Notes in partitions that get objects where the feed of the one that gives them ends; all are closed.

    Args:
        target: the model as movers see it.
        source: the model that `old` is a partition of, as movers see it.
        old: the partition that gives objects.
        homes: those that get some.
    """
    last, *groups = yield _end(source, old)
    if last or groups:
        yield [_continue(target, old, home, last, groups) for home in homes]


def _end(source: Schema, old: Partition) -> Request[list[bytes]]:
    args = evalsha(END, (old.changes,), ())
    return in_place(Request(args, list, readonly=True, script=END, subject=source), source, old)


def _continue(target: Schema, old: Partition, home: Partition, last: bytes, groups: Sequence[bytes]) -> Request[int]:
    args = evalsha(CONTINUE, (home.changes, home.feed_origin), (old.number, last, *groups))
    return in_place(Request(args, int, readonly=True, script=CONTINUE, subject=target), target, home)
