"""The process that `tests.support.forks` forks: it imports all of limpyd, and becomes each program that it is told of.

Each program is the child of a process that waits for it, and tells its number and, when it has ended, its exit code.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
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
    while True:
        order, given, _, _ = socket.recv_fds(line, LONGEST, 4)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # those that have told all
                pass
        if not order:
            return
        if os.fork() == 0:
            line.close()
            child = os.fork()
            if child == 0:
                become(json.loads(order), given)
            watch(child, given)
        for each in given:
            os.close(each)


def import_all() -> None:
    """Imports all modules of limpyd, and reads its Lua files: each program would do so for most of half a second."""
    for module in pkgutil.walk_packages(limpyd.__path__, "limpyd."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    providers()


def watch(child: int, given: list[int]) -> NoReturn:
    """Tells of a program, and waits for it; the pipes of the program are not held open."""
    *its, told = given
    for each in its:
        os.close(each)
    os.write(told, b"%d\n" % child)
    _, status = os.waitpid(child, 0)
    os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


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
