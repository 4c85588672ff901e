"""Looks at each request of a script that a test makes: among its keys is the one that is never written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from limpyd.requests.request import Request
from limpyd.statements.statement import Statement

WITHOUT: list[tuple[Any, ...]] = []
"""What is sent without that key."""


@pytest.fixture(scope="session", autouse=True)
def look_at_keys() -> Iterator[None]:
    """Has each request, and each statement, looked at when it is made."""
    with pytest.MonkeyPatch.context() as patch:
        of_request, of_statement = Request.__init__, Statement.__init__

        def request(self: Any, args: tuple[Any, ...], *others: Any, **options: Any) -> None:
            of_request(self, args, *others, **options)
            if self.script is not None and args:
                look(args)

        def statement(self: Any, *args: Any, **options: Any) -> None:
            of_statement(self, *args, **options)
            look(self._prefix)

        patch.setattr(Request, "__init__", request)
        patch.setattr(Statement, "__init__", statement)
        yield


@pytest.fixture(autouse=True)
def every_script_declares_it(look_at_keys: None) -> Iterator[None]:
    """Fails the test that made one without it."""
    WITHOUT.clear()
    yield
    assert not WITHOUT


def look(args: tuple[Any, ...]) -> None:
    """Notes a command that runs a script, and has several keys, but not that one: one key is never half moved."""
    keys = args[3 : 3 + int(args[2])]
    if len(set(keys)) > 1 and not any(key.endswith(b":nothing") for key in keys):
        WITHOUT.append(args)
