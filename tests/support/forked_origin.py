"""The process that `tests.support.forks` forks: it imports all of limpyd, and becomes each program that it is told of.

It tells the number of each program and, when it has ended, its exit code.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import typer  # noqa: F401 - what programs import

import limpyd
import tests.support.examples
import tests.support.servers  # noqa: F401
from limpyd.lua.linker import providers

LONGEST = 1 << 17
"""The bytes of an order at most."""


def main(line: socket.socket) -> None:
    """Forks for each order, until the process that gives them has ended."""
    import_all()
    gc.collect()
    gc.freeze()
    ended, ends = os.pipe()
    os.set_blocking(ends, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ends, warn_on_full_buffer=False)
    programs: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([line, ended], [], [])
        if ended in ready:
            os.read(ended, LONGEST)
            tell_of_ends(programs)
        if line in ready:
            order, given, _, _ = socket.recv_fds(line, LONGEST, 4)
            if not order:
                return
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                line.close()
                for each in (ended, ends, *programs.values()):
                    os.close(each)
                become(json.loads(order), given)
            *its, programs[child] = given
            for each in its:
                os.close(each)
            tell(programs[child], child)


def import_all() -> None:
    """Imports all modules of limpyd, and reads its Lua files: each program would do so for most of half a second."""
    for module in pkgutil.walk_packages(limpyd.__path__, "limpyd."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    providers()


def tell_of_ends(programs: dict[int, int]) -> None:
    """Tells of each program that has ended by the pipe that is for it, and forgets the program."""
    with suppress(ChildProcessError):  # none is left
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            told = programs.pop(found[0])
            tell(told, os.waitstatus_to_exitcode(found[1]))
            os.close(told)


def tell(told: int, number: int) -> None:
    """Tells a number by a pipe, at whose other end there may be nobody any more."""
    with suppress(BrokenPipeError):
        os.write(told, b"%d\n" % number)


def become(order: dict[str, Any], given: list[int]) -> NoReturn:
    """Runs the program of an order, as Python itself would."""
    for number, each in enumerate(given[:3]):
        os.dup2(each, number)
    for each in given:
        os.close(each)
    sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    how, *argv = order["args"]
    folder = order["cwd"] if how in {"-m", "-c"} else str(Path(how).parent)
    sys.path[:0] = [folder, *filter(None, order["env"].get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv[:] = argv if how == "-m" else [how, *argv[how == "-c" :]]
    try:
        if how == "-m":
            runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
        elif how == "-c":
            exec(compile(argv[0], "<string>", "exec"), vars(sys.modules["__main__"]))
        else:
            runpy.run_path(how, run_name="__main__")
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        end(ended.code or 0)
    end(0)


def end(code: int) -> NoReturn:
    """Ends as Python does, but for taking apart all that was imported, which is most of what a small program costs."""
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # Python tells of it
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
