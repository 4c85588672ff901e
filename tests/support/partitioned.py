"""Runs tests with models of several partitions, although they declare none.

`--partitions 4` gives each model that can have several partitions so many. Tests of what only models of one partition
support are skipped, and so are those that look at the names of keys past limpyd.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from limpyd.model import partitions as model_partitions

REFUSED = "set partitions = 1 on"
"""Stands in the error for a declaration that needs one partition."""


def spread_models(partitions: int) -> None:
    """Gives models that declare no number of partitions so many."""
    declared = model_partitions._partitions_of

    def partitions_of(model: Any, database: Any) -> int:
        found = declared(model, database)
        return found if database.layout != "limpyd" or found > 1 or "partitions" in vars(model) else partitions

    model_partitions._partitions_of = partitions_of


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Has a test count as skipped whose models cannot have several partitions."""
    report = yield
    if item.config.getoption("--partitions") > 1 and call.excinfo is not None and REFUSED in str(call.excinfo.value):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Skipped: {call.excinfo.value}")
    return report
