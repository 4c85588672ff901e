"""Python programs in forks of one process that has imported limpyd: for each to import it takes most of a second.

    done = run("-m", "limpyd", "models", "shop")    # as subprocess.run
    process = Forked("program.py", "argument")      # as subprocess.Popen

For what depends on a new interpreter (its options, what it imports) take subprocess.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]


@cache
def origin() -> socket.socket:
    """The line to the process that is forked; it starts when it is first asked for, and ends with this one."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.support.forked_origin", str(its.fileno())]
    process = subprocess.Popen(command, pass_fds=[its.fileno()], cwd=ROOT)
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


class Forked:
    """A program in a process of its own; as subprocess.Popen with text, and pipes for standard input and output.

    Args:
        args: a path, or -m and a module, or -c and code; then the arguments of the program.
        cwd: its working directory.
        env: its environment; this process's if none is given.

    Attributes:
        pid: the number of the process.
        returncode: its exit code, negative after a signal; None until somebody asked when it had ended.
    """

    def __init__(self, *args: object, cwd: Path | str = ROOT, env: Mapping[str, str] | None = None) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - communicate closes it
        (its_input, our_end), (told, its_end), (its_output, out) = os.pipe(), os.pipe(), os.pipe()[::-1]
        order = {"args": list(map(str, args)), "cwd": str(cwd), "env": dict(os.environ if env is None else env)}
        socket.send_fds(origin(), [json.dumps(order).encode()], [its_input, its_output, self._errors.fileno(), its_end])
        for each in (its_input, its_output, its_end):
            os.close(each)
        self.stdin, self.stdout, self._told = os.fdopen(our_end, "w"), os.fdopen(out), os.fdopen(told)
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Sends it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        has_ended = self.returncode is not None or select.select([self._told], [], [], 0)[0]
        return self.wait() if has_ended else None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended.

        Raises:
            TimeoutError: it has not after so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                msg = f"process {self.pid} runs after {timeout} seconds"
                raise TimeoutError(msg)
            self.returncode = int(self._told.readline())
        return self.returncode

    def communicate(self, said: str = "") -> tuple[str, str]:
        """Gives it its input, waits until it has ended, and gives what it wrote to standard output and error."""
        with suppress(BrokenPipeError):  # it has ended, or wants none
            if not self.stdin.closed:
                self.stdin.write(said)
            self.stdin.close()
        output = self.stdout.read()
        self.wait()
        self._errors.seek(0)
        errors = self._errors.read().decode()
        for each in (self.stdout, self._told, self._errors):
            each.close()
        return output, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self.kill()
        if not self.stdout.closed:
            self.communicate()


def run(
    *args: object, cwd: Path | str = ROOT, env: Mapping[str, str] | None = None, said: str = ""
) -> subprocess.CompletedProcess[str]:
    """What came of a program, when it has ended."""
    process = Forked(*args, cwd=cwd, env=env)
    output, errors = process.communicate(said)
    return subprocess.CompletedProcess(args, process.wait(), output, errors)
