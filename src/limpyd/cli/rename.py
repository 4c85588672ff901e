"""`limpyd rename`: moves the data of a class or a field to its new name."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.model_paths import model_named
from limpyd.cli.options import AsJson, OneModel, Url
from limpyd.cli.output import printed, shown, table
from limpyd.cli.progress import bar
from limpyd.cli.session import Session
from limpyd.migrations.generators import Moved


def rename(
    model: OneModel,
    former: Annotated[
        str | None,
        typer.Option("--from", help="The former class, in the same namespace; or namespace:model, as in the keys."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="old=new", help=("The former and the new name of a field; may be repeated.")),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Move the data of a class or a field from its former name, while other processes read and write.

    Each object is moved in one step. If the command is stopped, the next call continues. An object that conflicts with
    other data under the new name is not moved and is listed; the command then exits with 1.
    """
    pairs = [_pair(each) for each in field or []]
    if former is None and not pairs:
        msg = "rename needs --from Old, for a class, or --field old=new"
        raise BadUsage(msg)
    target = model_named(model)
    results: list[dict[str, Any]] = []
    with Session([target], url) as session:
        if former is not None:
            with bar(f"{former} to {target.__name__}") as progress:
                results.append(
                    _document(former, target.__name__, session.result(target.rename_from(former, progress=progress)))
                )
        for old, new in pairs:
            with bar(f"{old} to {new}") as progress:
                results.append(_document(old, new, session.result(target.rename_field(old, new, progress=progress))))
    printed({"renamed": results}, lambda console: _page(console, results), as_json=as_json)
    return Ended.FOUND_SOMETHING if any(one["conflicts"] or one["kept"] for one in results) else Ended.WELL


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        msg = f"--field takes old=new, not {text!r}"
        raise BadUsage(msg)
    return old, new


def _document(old: str, new: str, moved: Moved) -> dict[str, Any]:
    conflicts = [{"pk": conflict.pk, "error": str(conflict.error)} for conflict in moved.conflicts]
    return {"from": old, "to": new, "objects": moved.objects, "conflicts": conflicts, "kept": moved.kept}


def _page(console: Console, results: list[dict[str, Any]]) -> None:
    for one in results:
        text = f"{one['from']} to {one['to']}: moved {one['objects']:,} objects"
        if not (one["objects"] or one["conflicts"] or one["kept"]):
            text += f"; there is no data under {one['from']}"
        console.print(Text(shown(text)))
        if one["conflicts"]:
            rows = [[conflict["pk"], conflict["error"]] for conflict in one["conflicts"]]
            console.print(table("Not moved:", ["primary key", "why"], rows))
        if one["kept"]:
            console.print(
                table(
                    "Keys of no object, whose new name is taken:",
                    ["key"],
                    [[key] for key in one["kept"]],
                )
            )
