"""Calls of the async face, interrupted at each place in turn; after each, what the next calls get is judged.

    python -m tests.faults.programs.interrupted_tasks [every] [loop]

A call is cancelled at each of its suspensions, at once or just as what it waits for arrives; and an exception, such as
a signal handler raises, comes at each line of the async drivers and pipelines, with and without a connection at hand.
Prints the figures as JSON; `every=7` tries every seventh place.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

import limpyd
from limpyd import InstanceHashField, ListField, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import LimpydError, OutcomeUnknown, ServerTimeout, ServerUnreachable
from tests.support.servers import running

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
SOURCE = Path(limpyd.__file__).parent
TRACED = {
    str(SOURCE / name)
    for name in (
        "database/async_connections.py",
        "database/asynchronous.py",
        "drivers/async_execution.py",
        "drivers/async_transport.py",
        "drivers/asynchronous.py",
        "drivers/fast_path.py",
        "drivers/loop_connections.py",
        "drivers/multiplexed_connection.py",
        "pipelines/asynchronous.py",
        "pipelines/batching.py",
        "pipelines/blocks.py",
        "pipelines/collector.py",
        "pipelines/exchange.py",
        "pipelines/questions.py",
        "pipelines/settling.py",
        "pipelines/watch.py",
        "requests/async_runner.py",
    )
}
assert all(Path(path).exists() for path in TRACED), "one was moved"
PATIENCE = 4
"""Seconds after which a call hangs."""


class Alarm(Exception):
    """What a handler of SIGALRM might raise."""


class Stepped:
    """Awaits a coroutine, and cancels the task at one of its suspensions: at once, or as what it waits for arrives."""

    def __init__(self, coroutine: Any, at: int, late: bool) -> None:
        self._coroutine = coroutine
        self._at = at
        self._late = late
        self.steps = 0

    def __await__(self) -> Any:
        task: Any = asyncio.current_task()
        iterator = self._coroutine.__await__()
        step, value = iterator.send, None
        while True:
            try:
                waited_for = step(value)
            except StopIteration as end:
                return end.value
            self.steps += 1
            if self.steps == self._at:
                if self._late and waited_for is not None:
                    waited_for.add_done_callback(lambda _: task.cancel())
                else:
                    task.get_loop().call_soon(task.cancel)
            try:
                yield waited_for
            except BaseException as error:  # noqa: BLE001 - it goes on to the coroutine
                step, value = iterator.throw, error
            else:
                step, value = iterator.send, None


class Tracer:
    """Raises an exception at one line of the traced files, counted from when it is set."""

    def __init__(self, at: int, error: type[BaseException]) -> None:
        self._left = at
        self._error = error

    @property
    def has_raised(self) -> bool:
        return self._left <= 0

    def __call__(self, frame: Any, event: str, _arg: Any) -> Any:
        return self._line if frame.f_code.co_filename in TRACED else None

    def _line(self, _frame: Any, event: str, _arg: Any) -> Any:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                sys.settrace(None)
                raise self._error
        return self._line


class Interruptions:
    """Interrupts calls on objects of one database, and judges.

    Attributes:
        figures: how many places and calls there were, and what went wrong.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int, every: int) -> None:
        names = ("places", "judged", "wrong", "hangs", "untrue", "half done", "warnings")
        self.figures: Counter[str] = Counter(dict.fromkeys(names, 0))
        self._loop = loop
        self._every = every
        loop.set_exception_handler(self._reported)

        class Thing(AsyncRedisModel):
            database = AsyncRedisDatabase(host="127.0.0.1", port=port, socket_timeout=2)
            name = StringField(indexable=True)
            count = InstanceHashField(type=int)
            queue = ListField()

        self._model = Thing
        self._database = Thing.database
        self._things = self._run(self._made())

    def run(self) -> None:
        """Tries each kind of call at each place."""
        for call in [value for name, value in vars(Interruptions).items() if name.startswith("call_")]:
            for cold in (False, True):
                for late in (False, True):
                    self._each(lambda at, call=call, late=late: self._cancelled(call, at, late), cold)
                for error in (Alarm, KeyboardInterrupt):
                    self._each(lambda at, call=call, error=error: self._traced(call, at, error), cold)
        report = self._run(self._database.check())
        self.figures["half done"] = sum(report.found.values())
        self._run(self._database.close())
        self._run(asyncio.sleep(0.05))
        gc.collect()

    # --- the calls ---

    async def call_read(self) -> None:
        assert await self._things[0].name.get() == "n0"

    async def call_write(self) -> None:
        await self._things[0].count.hincrby()

    async def call_create(self) -> None:
        await self._model.create(name="new", count=1)

    async def call_query(self) -> None:
        assert await self._model.collection(name="n3").all() == ["4"]

    async def call_wait(self) -> None:
        await self._things[0].queue.blpop(timeout=0.01)

    async def call_pipeline(self) -> None:
        async with self._database.pipeline():
            name = self._things[0].name.get()
            self._things[0].count.hincrby()
        assert name.value == "n0"

    async def call_transaction(self) -> None:
        async with self._database.transaction():
            self._things[0].count.hincrby()
            self._things[0].queue.rpush("x")
            self._things[0].queue.lpop()

    async def call_watched(self) -> None:
        async def body(transaction: Any) -> None:
            name = await self._things[0].name.get()
            transaction.multi()
            self._things[0].name.set(name)

        await self._database.transaction(body, self._things[0].name)

    async def call_walk(self) -> None:
        async for _ in self._database.scan_keys(count=5):
            pass

    async def call_bulk(self) -> None:
        await self._model.bulk_create([{"name": "bulk"}, {"name": "bulk"}])

    # --- interrupting ---

    def _each(self, interrupt: Any, cold: bool) -> None:
        at = 1
        while True:
            if cold:
                self._run(self._database.close())
            self._before = self._run(self._counts())
            if cold:
                self._run(self._database.close())
            if not interrupt(at):
                return
            self.figures["places"] += 1
            self._run(self._judged())
            at += self._every

    def _cancelled(self, call: Any, at: int, late: bool) -> bool:
        stepped = Stepped(call(self), at, late)

        async def whole() -> None:
            await stepped

        self._together(whole())
        return stepped.steps >= at

    def _traced(self, call: Any, at: int, error: type[BaseException]) -> bool:
        tracer = Tracer(at, error)
        self._together(call(self), tracer)
        return tracer.has_raised

    def _together(self, coroutine: Any, tracer: Tracer | None = None) -> None:
        """Runs a call that is interrupted, and another one that is not, whose outcome must be told truly."""
        tasks = [self._loop.create_task(coroutine), self._loop.create_task(self._things[1].count.hincrby())]
        waiting = self._loop.create_task(asyncio.wait(tasks, timeout=PATIENCE))
        sys.settrace(tracer)
        while not waiting.done():
            with suppress(KeyboardInterrupt, Alarm):
                self._loop.run_until_complete(waiting)
        sys.settrace(None)
        for task in tasks:
            if not task.done():
                self.figures["hangs"] += 1
                task.cancel()
            elif not task.cancelled():
                self._told(task.exception())
        self._other = tasks[1]

    def _told(self, error: BaseException | None) -> None:
        if isinstance(error, AssertionError):
            self.figures["wrong"] += 1
        elif error is not None and not isinstance(error, LimpydError | Alarm | KeyboardInterrupt):
            self.figures[f"raised {type(error).__name__}"] += 1

    # --- judging ---

    async def _judged(self) -> None:
        """The next calls must get their own replies, and what was told of the others must be so."""
        self.figures["judged"] += 1
        try:
            async with asyncio.timeout(PATIENCE):
                names = await asyncio.gather(*[thing.name.get() for thing in self._things])
                counts = await self._counts()
                popped = [await self._things[2].queue.rpush("y"), await self._things[2].queue.blpop(timeout=1)]
        except TimeoutError:
            self.figures["hangs"] += 1
            return
        except LimpydError as error:
            self.figures[f"refused {type(error).__name__}"] += 1
            return
        own = names == [f"n{number}" for number in range(len(names))] and popped == [1, "y"]
        self.figures["wrong"] += not own or counts[2:] != self._before[2:]
        done = counts[1] - self._before[1]
        if self._other.cancelled() or isinstance(self._other.exception(), OutcomeUnknown | Alarm | KeyboardInterrupt):
            told = done in {0, 1}
        elif isinstance(self._other.exception(), ServerUnreachable | ServerTimeout):
            told = done == 0
        else:
            told = done == 1 and self._other.result() == counts[1]
        self.figures["untrue"] += not told or counts[0] - self._before[0] not in {0, 1}

    async def _made(self) -> list[Any]:
        return [await self._model.create(name=f"n{number}", count=0) for number in range(6)]

    async def _counts(self) -> list[int]:
        return await asyncio.gather(*[thing.count.hget() for thing in self._things])

    def _run(self, coroutine: Any) -> Any:
        return self._loop.run_until_complete(coroutine)

    def _reported(self, _loop: Any, context: dict[str, Any]) -> None:
        """What asyncio reports: of the exceptions that interrupted it, and nothing else."""
        error = context.get("exception")
        of_uvloop = "get_buffer()" in str(error)  # which has a RuntimeError in the place of ours
        if not of_uvloop and not isinstance(error, Alarm | KeyboardInterrupt):
            self.figures["warnings"] += 1
            print(context, file=sys.stderr)


def interrupted(loop_name: str, port: int, every: int) -> Counter[str]:
    """The figures of one run on an event loop."""
    loop = LOOPS[loop_name]()
    try:
        interruptions = Interruptions(loop, port, every)
        interruptions.run()
    finally:
        loop.close()
    return interruptions.figures


def main() -> None:
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    loop_name = sys.argv[2] if len(sys.argv) > 2 else "asyncio"
    with running("valkey-9.1") as server:
        print(json.dumps(interrupted(loop_name, server.port, every)))


if __name__ == "__main__":
    main()
