"""Test files are compiled once: several processes that collect at the same time would each compile all of them.

pytest rewrites the assertions of each test file that it compiles, which takes twice the time of all other collecting.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import rewrite

TESTS = Path(__file__).parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Compiles the part of a worker first; the garbage collector would find nothing among all that is collected."""
    worker = getattr(session.config, "workerinput", None)
    if worker is not None and not sys.dont_write_bytecode:
        compile_part(session.config, int(worker["workerid"].removeprefix("gw")), worker["workercount"])
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def compile_part(config: pytest.Config, number: int, parts: int) -> None:
    """Compiles each nth of the test files that never were, as pytest would when it imports them."""
    state = config.stash[rewrite.assertstate_key]
    for file in sorted(TESTS.rglob("test_*.py"), key=lambda file: -file.stat().st_size)[number::parts]:
        compiled = rewrite.get_cache_dir(file) / f"{file.stem}{rewrite.PYC_TAIL}"
        if not compiled.exists() and rewrite.try_makedirs(compiled.parent):
            digest, code = rewrite._rewrite_test(file, config)
            rewrite._write_pyc(state, code, digest, compiled)
