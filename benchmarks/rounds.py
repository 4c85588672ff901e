"""Workers that take turns on one core with the server, and what their times say."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = Path(os.environ.get("LIMPYD_PEERS", ROOT / ".venv-peers"))
"""Where `make bench-peers` puts the environments of the peers."""
FIRST_CALLS = 20
"""The calls before an operation is timed: the first ones link scripts, and compile statements."""
MAX_CALLS = 5000


class Side(NamedTuple):
    """What is compared.

    Attributes:
        name: as the tables name it.
        module: what the worker imports.
        tasks: how many at once, on an asynchronous side.
        environment: the Python environment of a peer.
        imports: what its users import.
        serves: whether any server will do for it.
    """

    name: str
    module: str
    tasks: int = 1
    environment: str = ""
    imports: str = "limpyd"
    serves: bool = True

    @property
    def python(self) -> Path:
        """The interpreter that runs it."""
        return ENVIRONMENTS / self.environment / "bin" / "python" if self.environment else Path(sys.executable)

    @property
    def at_hand(self) -> bool:
        """Whether it can be run here."""
        return self.python.exists()


LIMPYD = Side("limpyd", "benchmarks.sides.limpyd_sync")
BY_HAND = Side("by hand", "benchmarks.sides.hand_written")
LIMIT = Side("bare socket", "benchmarks.sides.bare_socket")
ASYNC_SIDES = [
    side
    for tasks in (1, 50)
    for side in (
        Side(f"limpyd, {tasks} at once", "benchmarks.sides.limpyd_async", tasks),
        Side(f"by hand, {tasks} at once", "benchmarks.sides.hand_written_async", tasks),
    )
]
PEERS = [
    Side("limpyd 2", "benchmarks.peers.limpyd2", environment="limpyd2"),
    Side("walrus", "benchmarks.peers.walrus", environment="walrus", imports="walrus"),
    Side("rom", "benchmarks.peers.rom", environment="rom", imports="rom"),
    Side("redis-om", "benchmarks.peers.redis_om", environment="redis_om", imports="redis_om", serves=False),
]


class Worker:
    """A process that runs the operations of a side (see worker.py)."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.operations: list[str] = []
        known = dict(os.environ)
        if side.environment:  # which has none of our packages
            known["PYTHONPATH"] = str(ROOT)
        self._process = subprocess.Popen(
            [side.python, "-m", "benchmarks.worker", side.module],
            cwd=ROOT,
            env=known,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def tell(self, **told: Any) -> None:
        """Tells it what to do."""
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._process.stdin.write(json.dumps(told) + "\n")

    def hear(self) -> Any:
        """What it replies.

        Raises:
            RuntimeError: it failed.
        """
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        reply = json.loads(line) if line else {"error": "its process ended"}
        if isinstance(reply, dict) and "error" in reply:
            msg = f"{self.side.name}: {reply['error']}"
            raise RuntimeError(msg)
        return reply

    def ask(self, **told: Any) -> Any:
        """Tells it what to do, and waits for its reply."""
        self.tell(**told)
        return self.hear()

    def open(self, scene: str, port: int, db: int, size: int) -> Self:
        """Has it make what a scene needs, in a database of its own."""
        self.operations = self.ask(open=scene, port=port, db=db, size=size)
        return self

    def seconds(self, operation: str, calls: int) -> float:
        """How long so many calls take, what they need being there."""
        self.ask(prepare=operation, calls=calls)
        return float(self.ask(time=operation, calls=calls, tasks=self.side.tasks))

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.communicate()


@contextmanager
def workers(sides: Sequence[Side], scene: str, port: int, size: int) -> Iterator[list[Worker]]:
    """A worker of each side, ready."""
    with ExitStack() as stack:
        opened = []
        for db, side in enumerate(sides):
            worker = Worker(side)
            stack.callback(worker.close)
            opened.append(worker.open(scene, port, db, size))
        yield opened


class Times(NamedTuple):
    """The seconds a call took on each side, round by round."""

    line: str
    rounds: dict[str, list[float]]

    def microseconds(self, side: str) -> float:
        """The median of a side."""
        return statistics.median(self.rounds[side]) * 1e6

    def ratio(self, fast: str, slow: str) -> float | None:
        """How many times as fast one side is as another: the median of the rounds; None where one cannot do it."""
        if fast not in self.rounds or slow not in self.rounds:
            return None
        pairs = zip(self.rounds[fast], self.rounds[slow], strict=True)
        return statistics.median(theirs / mine for mine, theirs in pairs)


def take_turns(present: Sequence[Worker], lines: Sequence[str], rounds: int, seconds: float) -> Iterator[Times]:
    """Times each line: in each round every side is timed for so many seconds, one right after the other."""
    for line in lines:
        able = [worker for worker in present if line in worker.operations]
        calls = {worker: _calls_within(worker, line, seconds) for worker in able}
        times: dict[str, list[float]] = {worker.side.name: [] for worker in able}
        for number in range(rounds):
            turn = number % len(able)
            for worker in able[turn:] + able[:turn]:
                times[worker.side.name].append(worker.seconds(line, calls[worker]) / calls[worker])
        yield Times(line, times)


def _calls_within(worker: Worker, line: str, seconds: float) -> int:
    """How many calls take so long, a multiple of the tasks."""
    tasks = worker.side.tasks
    worker.seconds(line, max(FIRST_CALLS, tasks))
    calls = tasks
    while True:
        taken = worker.seconds(line, calls)
        if taken > seconds / 4 or calls >= MAX_CALLS:
            fitting = min(MAX_CALLS, max(1, round(seconds / taken * calls)))
            return -(-fitting // tasks) * tasks
        calls *= 4


def pin_to_one_core() -> int | None:
    """Keeps this process, and what it starts from now on, on one core; which."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core
