"""Raises at each place of a call in turn, as a signal handler may, and judges what is left; the sync face.

A place is a line, or the entry of a function, that runs during a call in the drivers, the pipelines, the database, or
in redis-py. At each an Exception is raised, then a KeyboardInterrupt; and instead of that the database is used. Then
handlers of real signals, which arrive at random moments of the calls, do the same.

    python -m tests.faults.programs.interrupted_calls [STEP]

STEP: only every so many places, and so many times fewer signals.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

import redis

import limpyd
from limpyd import RedisDatabase
from tests.support.calls_to_interrupt import CALLS, CHANGES, MARK, WHOLE, Interrupted
from tests.support.servers import running

SOURCE = Path(limpyd.__file__).parent
TRACED = tuple(
    str(path)
    for path in (
        SOURCE / "drivers",
        SOURCE / "pipelines",
        SOURCE / "database",
        SOURCE / "requests/sync_runner.py",
        SOURCE / "model/creation_lock.py",
        Path(redis.__file__).parent,
    )
)
"""The files, and the folders, at whose lines calls are interrupted."""
assert all(Path(path).exists() for path in TRACED), "one was moved"
LONGEST = 15
"""Seconds after which a call hangs."""
MAX_LINES = 4
SIGNALS = 24_000
THRESHOLDS = gc.get_threshold()


class Late(Exception):
    """What a task queue raises when the time is over."""


class Hang(BaseException):
    """A call took too long."""


class Place:
    """Does something once, at the place with a number; counts places.

    Attributes:
        seen: how many places there were so far.
        places: their files and lines.
    """

    def __init__(self, number: int = -1, act: Callable[[], Any] | None = None) -> None:
        self.seen = 0
        self.places: set[tuple[str, int]] = set()
        self._number = number
        self._act = act

    def begin(self) -> None:
        """Begins to trace."""
        signal.signal(signal.SIGALRM, _hangs)
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        # Python 3.11 calls a trace function without holding it. If the collector runs a finalizer while the frame is
        # made that is to be traced, and tracing ends in that finalizer, it calls what is no more: it crashes, or tells
        # that a 'traceback' object is not callable. So it is held here.
        self._held = self._trace
        sys.settrace(self._held)

    def end(self) -> None:
        """Ends tracing."""
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """Looks at each event of a traced frame."""
        if not frame.f_code.co_filename.startswith(TRACED):
            return None
        if event in {"call", "line"}:
            if self.seen == self._number and self._act is not None:
                sys.settrace(None)
                self.seen += 1
                self._act()
                return None
            self.seen += 1
            self.places.add((frame.f_code.co_filename, frame.f_lineno))
        return self._trace


class Moment:
    """Does something in the handler of a signal, so many seconds after it began; 0 for never.

    Attributes:
        seen: how often the signal has arrived.
        places: none.
        took: how many seconds it was from the beginning to the end.
    """

    def __init__(self, seconds: float = 0, act: Callable[[], Any] | None = None) -> None:
        self.seen = 0
        self.places: set[tuple[str, int]] = set()
        self.took = 0.0
        self._seconds = seconds
        self._act = act
        self._began = perf_counter()

    def begin(self) -> None:
        """Sets the timer, which goes off once more if the call hangs."""
        signal.signal(signal.SIGALRM, self._arrives)
        self._began = perf_counter()
        signal.setitimer(signal.ITIMER_REAL, self._seconds, LONGEST)

    def end(self) -> None:
        """Stops the timer."""
        self.took = perf_counter() - self._began
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _arrives(self, *_: object) -> None:
        self.seen += 1
        if self.seen > 1:
            raise Hang
        if self._act is not None:
            self._act()


@contextmanager
def finalizers_noted() -> Iterator[None]:
    """Has what finalizers raise within a block reported after it, but for interruptions.

    A hook that formats it at once, as pytest's, might be interrupted itself.
    """
    raised: list[Any] = []
    hook, sys.unraisablehook = sys.unraisablehook, raised.append
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for each in raised:
            if each.exc_type not in {Late, KeyboardInterrupt}:
                hook(each)


class Judge:
    """Makes calls, interrupts them, and judges what is left.

    Attributes:
        found: how many calls were judged, how many signals arrived in them, and how many went wrong, by how.
        examples: some that went wrong.
    """

    def __init__(self, port: int) -> None:
        self.database = RedisDatabase(port=port, socket_timeout=5)
        Interrupted.use_database(self.database)
        self.client = redis.Redis(port=port)
        self.found: Counter[str] = Counter()
        self.places: set[tuple[str, int]] = set()
        self.examples: list[str] = []

    def all_places(self, name: str, step: int = 1, first: int = 0) -> None:
        """Interrupts a call at all its places, or at some of them."""
        place = Place()
        self._run(name, place, None)
        for number in range(first, place.seen + 2, step):
            for error in (Late, KeyboardInterrupt, None):
                self._interrupted(name, Place, number, error)

    def random_moments(self, name: str, times: int) -> None:
        """Has a signal arrive at random moments of a call."""
        for _ in range(2):
            moment = Moment()
            self._run(name, moment, None)
        for _ in range(times):
            seconds = max(1e-6, random.random() * moment.took * 1.1)
            self._interrupted(name, Moment, seconds, random.choice((Late, KeyboardInterrupt, None)))

    def _interrupted(self, name: str, kind: Any, where: float, error: type[BaseException] | None) -> None:
        replies: list[Any] = []

        def act() -> None:
            if error is not None:
                raise error
            if self.database._pipeline() is None:  # within a block it would be a part of it
                replies.append(self.thing.other.get())

        place = kind(where, act)
        told = f"{name}, {kind.__name__} {where}, {error}"
        try:
            self._run(name, place, error)
        except AssertionError as wrong:
            self._wrong(f"{wrong.args[0][0]}", f"{told}: {wrong.args[0][1]}")
        except Hang:
            self._wrong("hangs", told)
        if replies not in ([], [MARK]):
            self._wrong("wrong replies", f"{told}: the handler got {replies}")
        self.found["judged"] += 1
        self.found["signals"] += kind is Moment and place.seen

    def _wrong(self, kind: str, example: str) -> None:
        self.found[kind] += 1
        self.examples.append(f"{kind}: {example}")

    def _run(self, name: str, place: Place | Moment, error: type[BaseException] | None) -> None:
        before, call, right = CALLS[name]
        self.client.flushall()
        self.database._models.forget_indexes()
        self.thing = thing = Interrupted(number=5, other=MARK, name="old")
        list(Interrupted.collection(name="old"))
        before(self.database, self.client, thing)
        try:
            with finalizers_noted():
                try:
                    place.begin()
                    told = call(self.database, thing)
                finally:
                    place.end()
        except (Late, KeyboardInterrupt) as raised:
            _demand(type(raised) is error, "wrong errors", repr(raised))
            self._judge(name, done=None)  # while it is handled: its frames are still there
        except Hang:
            raise
        except Exception as raised:  # noqa: BLE001 - judged
            _demand(False, "wrong errors", repr(raised))
        else:
            _demand(told == right, "wrong replies", f"{told!r} instead of {right!r}")
            self._judge(name, done=True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            gc.set_threshold(*THRESHOLDS)
        self.places |= place.places

    def _judge(self, name: str, *, done: bool | None) -> None:
        """Looks at what a call left: by the same database, and by another client."""
        _demand(self.database._pipeline() is None, "open pipelines", "there is one")
        for _ in range(2):
            _demand(self.thing.other.get() == MARK, "wrong replies", "other")
            number, hash_name = self.thing.number.get(), self.thing.name.hget()
            changed = (number == 6, hash_name == "new")
            _demand((number, hash_name) in {(5, "old"), (6, "old"), (5, "new"), (6, "new")}, "wrong replies", "fields")
            if name in WHOLE:
                _demand(changed[0] == changed[1], "half done", str(changed))
            if done and CALLS[name][1] in CHANGES:
                _demand(changed == (True, True), "half done", f"{changed}, and no error")
            stored = self.client.get("{interrupted}:field:number:1") or b""
            _demand(int(stored) == number, "wrong replies", f"{number}, and there is {stored!r}")
            _demand("1" in set(Interrupted.collection(number=number)), "half done", "the index of number")
            _demand("1" in set(Interrupted.collection(name=hash_name)), "half done", "the index of name")
            pks = set(Interrupted.collection())
            made = [[made.number.get(), made.name.hget()] for made in map(Interrupted.lazy_connect, pks - {"1"})]
            _demand(made in ([], [[6, "made"]]), "half done", f"objects {made}")
        driver = self.database._access.driver
        if driver is not None and len(driver.connections._connections) > MAX_LINES:
            gc.collect()
            _demand(len(driver.connections._connections) <= MAX_LINES, "leaked connections", "too many")


def _demand(met: bool, kind: str, what: str) -> None:
    if not met:
        raise AssertionError((kind, what))


def _hangs(*_: object) -> None:
    raise Hang


def interrupt_all(names: list[str], port: int, step: int = 1, first: int = 0, signals: int = 0) -> Judge:
    """Interrupts some calls at each of their places, or at every so many of them from a first one on.

    Args:
        names: the calls.
        port: where the server is.
        step: every how many places.
        first: the first place.
        signals: how often, besides that, a signal arrives in each call at a random moment.
    """
    judge = Judge(port)
    usual = signal.getsignal(signal.SIGALRM)
    try:
        for name in names:
            judge.all_places(name, step, first)
            judge.random_moments(name, signals)
    finally:
        signal.signal(signal.SIGALRM, usual)
        judge.database.close()
        judge.client.close()
    return judge


def main() -> None:
    """Prints what was found, and fails if anything was."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with running("valkey-9.1") as server:
        judge = interrupt_all(list(CALLS), server.port, step, signals=SIGNALS // len(CALLS) // step)
        with server.client() as client:
            clients = client.info("clients")["connected_clients"]
    found = judge.found
    print(f"{len(judge.places)} places (lines), {found['judged']} interrupted calls judged, ", end="")
    print(f"{found['signals']} of them by signals; ", end="")
    kinds = ("wrong replies", "wrong errors", "hangs", "half done", "open pipelines", "leaked connections")
    print(", ".join(f"{kind}: {found[kind]}" for kind in kinds) + f"; connections at the end: {clients}")
    sys.exit("\n".join(judge.examples[:30]) or None)


if __name__ == "__main__":
    main()
