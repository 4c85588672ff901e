"""The checks of all models of a database, on both faces."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from limpyd.integrity.findings import Repair
from limpyd.integrity.generators import OnProgress, check
from limpyd.integrity.report import Report
from limpyd.requests.request import Program


class CheckedCore:
    """The base of both faces."""

    _models: dict[str, type]

    def _run_program(self, program: Program[Any]) -> Any:
        raise NotImplementedError

    def _checking(self, repair: Repair, progress: OnProgress | None) -> Any:
        schemas = [model._schema for model in self._models.values()]  # type: ignore[attr-defined]
        return self._run_program(check(schemas, repair, progress, all_models=True))


class Checked(CheckedCore):
    """A database on the sync face."""

    def check(self, repair: Repair = False, progress: OnProgress | None = None) -> Report:
        """Checks all models of the database as `Model.check` does, and finds data whose model is not declared.

        Args:
            repair: as for `Model.check`.
            progress: as for `Model.check`.

        Raises:
            InvalidValue: `repair` names no kind of findings that can be repaired.
        """
        report: Report = self._checking(repair, progress)
        return report


class AsyncChecked(CheckedCore):
    """A database on the async face."""

    def check(self, repair: Repair = False, progress: OnProgress | None = None) -> Coroutine[Any, Any, Report]:
        """Checks all models of the database as `Model.check` does, and finds data whose model is not declared.

        Args:
            repair: as for `Model.check`.
            progress: as for `Model.check`.

        Raises:
            InvalidValue: `repair` names no kind of findings that can be repaired.
        """
        checking: Coroutine[Any, Any, Report] = self._checking(repair, progress)
        return checking
