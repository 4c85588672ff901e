"""`limpyd check`: finds inconsistent data, and repairs it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.model_paths import models_named
from limpyd.cli.options import AsJson, Models, Url
from limpyd.cli.output import printed, shown
from limpyd.cli.progress import bar
from limpyd.cli.session import Session
from limpyd.integrity import KINDS, Kind, Report
from limpyd.integrity.findings import kinds_to_repair
from limpyd.integrity.generators import check_models

EVERYTHING = "all"


def check(
    models: Models,
    repair: Annotated[bool, typer.Option("--repair", help="Make all repairs that lose no data.")] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help=(
                "Also repair this kind of finding, which removes data: half, unexplained, mistyped, bare, "
                "lasting, or all of them. May be repeated."
            ),
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Check all models on the same databases, and look for data of undeclared models."),
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Compare indexes, keys and references with the objects, while other processes read and write.

    Exits with 1 if findings remain that were not repaired.
    """
    repairs = asked_repairs(repair=repair, also=also or [])
    targets = models_named(models)
    reports: list[Report] = []
    with Session(targets, url) as session:
        for database in dict.fromkeys(model.database for model in targets):
            mine = [model for model in targets if model.database is database]
            with bar("Checking") as progress:
                checking: Any = (
                    database.check(repairs, progress) if whole else check_models(database, mine, repairs, progress)
                )
                reports.append(session.result(checking))
    ok = all(report.ok for report in reports)
    document = {"ok": ok, "reports": [report.as_dict() for report in reports]}
    printed(document, lambda console: _page(console, reports), as_json=as_json)
    return Ended.WELL if ok else Ended.FOUND_SOMETHING


def asked_repairs(*, repair: bool, also: list[str]) -> frozenset[Kind]:
    """The kinds of findings to be repaired.

    Raises:
        BadUsage: there is no such kind, or it is named without `--repair`.
    """
    if also and not repair:
        msg = "--also adds kinds to --repair; pass both options"
        raise BadUsage(msg)
    named: list[Any] = [kind for kind in also if kind != EVERYTHING]
    unknown = [kind for kind in named if kind not in KINDS or KINDS[kind].repair == "none"]
    if unknown:
        removing = ", ".join(kind for kind, facts in KINDS.items() if facts.repair == "named")
        msg = f"--also {unknown[0]}: the kinds that can be repaired by removing data are {removing}, or {EVERYTHING}"
        raise BadUsage(msg)
    return kinds_to_repair(repair) | kinds_to_repair("all" if EVERYTHING in also else named)


def _page(console: Console, reports: list[Report]) -> None:
    for report in reports:
        console.print("\n".join(map(shown, report.as_text(cure).splitlines())), markup=False)


def cure(kind: Kind) -> str:
    """Returns the command that repairs findings of a kind."""
    facts = KINDS[kind]
    if kind == "unowned":
        return "pass the module that declares the model; or move its data to its new name with `limpyd rename`"
    if facts.repair == "none":
        return facts.cure
    return f"{'--repair' if facts.repair == 'usual' else f'--repair --also {kind}'}: {facts.cure}"
