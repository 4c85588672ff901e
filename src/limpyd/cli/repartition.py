"""`limpyd repartition`: moves the objects of a model to the number of partitions that it declares."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.model_paths import model_named
from limpyd.cli.options import AsJson, OneModel, Url
from limpyd.cli.output import printed, shown, table
from limpyd.cli.progress import bar
from limpyd.cli.session import Session
from limpyd.repartitioning.mover import Repartitioned


def repartition(
    model: OneModel,
    partitions: Annotated[int, typer.Argument(help="The number of partitions, as the model declares it.")],
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Move the objects of a model to a greater number of partitions, while it is in use.

    If the former number is 1, or values are unique, nothing else can use the model meanwhile. First end the processes
    that declare the former number, if that is 1. If the command is
    stopped, the next call continues. If an index refused an object, the object is moved and listed; the command then
    exits with 1.
    """
    target = model_named(model)
    declared = target._schema.keys.count
    if partitions != declared:
        msg = (
            f"{target.__name__} is declared with {declared} partitions; declare partitions = {partitions} first, since "
            "processes have to declare the number that its objects are in"
        )
        raise BadUsage(msg)
    with Session([target], url) as session, bar(target.__name__) as progress:
        moved: Repartitioned = session.result(target.repartition(progress=progress))
    unindexed = [{"pk": pk, "error": str(error)} for pk, error in moved.unindexed]
    document = {"model": target.__name__, "partitions": partitions, "objects": moved.objects, "unindexed": unindexed}
    printed(document, lambda console: _page(console, document), as_json=as_json)
    return Ended.FOUND_SOMETHING if unindexed else Ended.WELL


def _page(console: Console, document: dict[str, object]) -> None:
    model, partitions, objects = document["model"], document["partitions"], document["objects"]
    console.print(Text(shown(f"{model}: moved {objects:,} objects; there are {partitions} partitions now")))
    unindexed: list[dict[str, str]] = document["unindexed"]  # type: ignore[assignment]
    if unindexed:
        rows = [[each["pk"], each["error"]] for each in unindexed]
        console.print(table("Not indexed:", ["primary key", "why"], rows))
