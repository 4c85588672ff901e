"""`limpyd migrate`: moves the data of redis-limpyd 2 to the current keys."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from limpyd.cli.failures import Ended
from limpyd.cli.model_paths import models_named
from limpyd.cli.options import AsJson, Models, Url
from limpyd.cli.output import printed, shown, table
from limpyd.cli.progress import bar
from limpyd.cli.session import Session


def migrate(models: Models, url: Url = None, as_json: AsJson = False) -> int:
    """Move objects from the keys of redis-limpyd 2, in the same database, while other processes read and write.

    Declare the models without layout="limpyd2". Each object is moved in one step. If the command is stopped, the next
    call continues. An object that cannot be moved stays and is listed; the command then exits with 1.
    """
    results: list[dict[str, Any]] = []
    targets = models_named(models)
    with Session(targets, url) as session:
        for target in targets:
            with bar(target.__name__) as progress:
                moved = session.result(target.migrate_from_limpyd2(progress=progress))
            conflicts = [{"pk": conflict.pk, "error": str(conflict.error)} for conflict in moved.conflicts]
            results.append(
                {"model": target.__name__, "objects": moved.objects, "conflicts": conflicts, "kept": moved.kept}
            )
    printed({"migrated": results}, lambda console: _page(console, results), as_json=as_json)
    return Ended.FOUND_SOMETHING if any(one["conflicts"] or one["kept"] for one in results) else Ended.WELL


def _page(console: Console, results: list[dict[str, Any]]) -> None:
    for one in results:
        console.print(Text(shown(f"{one['model']}: moved {one['objects']:,} objects")))
        if one["conflicts"]:
            rows = [[conflict["pk"], conflict["error"]] for conflict in one["conflicts"]]
            console.print(table("Not moved:", ["primary key", "why"], rows))
        if one["kept"]:
            console.print(table("Keys that belong to no object:", ["key"], [[key] for key in one["kept"]]))
