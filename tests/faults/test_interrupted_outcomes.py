"""Pipelines and transactions that are interrupted at any line, or cancelled at any turn, tell truly what was done."""

from __future__ import annotations

import asyncio
import gc
import sys
from types import FrameType
from typing import Any

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import NotExecuted, OutcomeUnknown
from tests.support.amounts import amount

STRIDE = amount("LIMPYD_STRIDE", 5)
"""Each how many-th line is tried."""
COLLECTED = 20
"""After how many tries garbage is collected: behind thousands of tests, each time takes most of a tenth of a second."""
KINDS = ["pipeline", "transaction", "watched"]
WITHIN = ("limpyd/pipelines", "limpyd/drivers")


class Interrupted(BaseException):
    """What a signal handler raises."""


def declare(base: Any, database: Any) -> Any:
    fields = {"count": InstanceHashField(type=int), "total": StringField(type=int), "name": StringField(indexable=True)}
    return type("Thing", (base,), {"database": database, **fields})


def judge(pendings: list[Any], changed: tuple[int, int]) -> list[str]:
    """What was told wrongly of the two operations that count."""
    wrong = []
    for pending, by in zip((pendings[0:1] + pendings[2:3]), changed, strict=False):
        if not pending.is_done or isinstance(pending.error, NotExecuted):
            told, true = "not executed", by == 0
        elif pending.error is None:
            told, true = "a result", by == 1
        else:
            told, true = repr(pending.error), isinstance(pending.error, OutcomeUnknown)
        if not true:
            wrong.append(f"{told}, and it was done {by} times")
    return wrong


def interrupted_at(number: int, call: Any) -> int:
    """Calls something, and raises at one of its lines; how many there were."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if "limpyd" not in frame.f_code.co_filename:
            return None
        if event == "line" and any(part in frame.f_code.co_filename for part in WITHIN):
            lines += 1
            if lines == number:
                sys.settrace(None)
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except Interrupted:
        pass
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("kind", KINDS)
def test_at_any_line(one_server, kind):
    database = RedisDatabase(port=one_server.port)
    thing = declare(RedisModel, database)(count=0, total=0, name="x")
    number, faults = 1, []
    while True:
        before, pendings = (thing.count.hget(), thing.total.get()), []

        def collect(*_: Any, pendings: list[Any] = pendings) -> None:
            pendings.extend((thing.count.hincrby(), thing.name.get(), thing.total.incr()))

        def call(collect: Any = collect) -> None:
            if kind == "watched":
                database.transaction(collect)
            else:
                with getattr(database, kind)():
                    collect()

        lines = interrupted_at(number, call)
        if number % (COLLECTED * STRIDE) == 1:
            gc.collect()  # what interrupted calls lost is closed, or a warning fails the test
        changed = (thing.count.hget() - before[0], thing.total.get() - before[1])
        faults += [f"line {number}: {fault}" for fault in judge(pendings, changed)]
        if lines < number:
            break
        number += STRIDE
    gc.collect()
    database.close()
    assert number > 100
    assert faults == []


@pytest.mark.parametrize("kind", KINDS)
async def test_cancelled_at_any_turn(one_server, kind):
    database = AsyncRedisDatabase(port=one_server.port)
    thing = await declare(AsyncRedisModel, database).create(count=0, total=0, name="x")
    turns, faults, finished = 0, [], False
    while not finished:
        before, pendings = (await thing.count.hget(), await thing.total.get()), []

        def collect(pendings: list[Any] = pendings) -> None:
            pendings.extend((thing.count.hincrby(), thing.name.get(), thing.total.incr()))

        async def call(collect: Any = collect) -> None:
            async def func(_: Any) -> None:
                collect()

            if kind == "watched":
                await database.transaction(func)
            else:
                async with getattr(database, kind)():
                    collect()

        task = asyncio.create_task(call())
        for _ in range(turns):
            await asyncio.sleep(0)
        finished = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        changed = (await thing.count.hget() - before[0], await thing.total.get() - before[1])
        faults += [f"turn {turns}: {fault}" for fault in judge(pendings, changed)]
        turns += 1
    await database.close()
    assert turns > 3
    assert faults == []
