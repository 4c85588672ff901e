"""`limpyd migrate`: moves the data of redis-limpyd 2 to the current keys, or that of any models to another database."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from limpyd.cli import migrate_to
from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.model_paths import models_named
from limpyd.cli.options import AsJson, Models, Url
from limpyd.cli.output import printed, shown, table
from limpyd.cli.progress import bar
from limpyd.cli.session import Session


def migrate(
    models: Models,
    url: Url = None,
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="Move the objects to this database, such as one of a cluster.")
    ] = None,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Give up a move to the database of --to before its end.")
    ] = False,
    delete_source: Annotated[
        bool, typer.Option("--delete-source", help="Delete what is left here after a move to the database of --to.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Move objects to another database; or, without --to, from the keys of redis-limpyd 2 in the same database.

    Other processes read and write meanwhile. If the command is stopped, the next call continues. With --to, the models
    have as many partitions there as they declare; writes here are refused from shortly before the end. Without it,
    declare the models without layout="limpyd2". An object that cannot be moved, or that an index refuses, is listed;
    the command then exits with 1.
    """
    targets = models_named(models)
    if abandon or delete_source or to is not None:
        if to is None or (abandon and delete_source):
            msg = "--abandon and --delete-source need --to URL, where the objects were to go, and exclude each other"
            raise BadUsage(msg)
        operation = (
            migrate_to.abandon if abandon else migrate_to.delete_source if delete_source else migrate_to.migrate_to
        )
        return operation(targets, url, to, as_json=as_json)
    results: list[dict[str, Any]] = []
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
