"""`limpyd rebuild`: builds the indexes of models."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from limpyd.cli import inspection
from limpyd.cli.failures import Ended
from limpyd.cli.model_paths import models_named
from limpyd.cli.options import AsJson, Models, Url
from limpyd.cli.output import printed, table
from limpyd.cli.progress import bar
from limpyd.cli.session import Session


def rebuild(
    names: Models,
    field: Annotated[list[str] | None, typer.Option(help="Only the indexes of this field; may be repeated.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Build indexes anew, while others read and write. If it is stopped, the next call goes on from there.

    Exits with 4 if a value stands against it: one that should be unique and is not, or that cannot be indexed.
    """
    results: list[dict[str, Any]] = []
    with Session(models_named(names), url) as session:
        for model in session.models:
            began = time.monotonic()
            for part in [model.get_field(name) for name in field] if field else [model]:
                with bar(str(part) if part is not model else model.__name__) as progress:
                    session.result(part.rebuild_indexes(progress=progress))
            objects = session.result(model.database._run_program(inspection.count(model)))
            seconds = round(time.monotonic() - began, 3)
            results.append(
                {"model": f"{model.__module__}:{model.__qualname__}", "objects": objects, "seconds": seconds}
            )
    rows = [[one["model"], one["objects"], f"{one['seconds']:.1f} s"] for one in results]
    printed(
        {"rebuilt": results},
        lambda console: console.print(table("", ["rebuilt", "objects", "in"], rows)),
        as_json=as_json,
    )
    return Ended.WELL
