"""`limpyd import`: creates objects from the lines of a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.model_paths import class_method, model_named
from limpyd.cli.options import AsJson, Exclude, FileFormat, FileFormats, OneModel, Url
from limpyd.cli.output import printed
from limpyd.cli.progress import bar
from limpyd.cli.session import Session
from limpyd.model.bulk import USUAL_CHUNK, BulkCreated

STDIN = Path("-")


class OnConflicts(StrEnum):
    """The ways to go on when an object in the file conflicts with another one."""

    stop = "raise"
    skip = "skip"
    update = "update"


def import_(
    model: OneModel,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file, as `export` writes it; - for stdin.")],
    file_format: FileFormat = FileFormats.jsonl,
    exclude: Exclude = None,
    on_conflict: Annotated[
        OnConflicts,
        typer.Option(
            help=(
                "If another object has the primary key or a unique value: stop, skip the object of the file, or "
                "update the other object."
            )
        ),
    ] = OnConflicts.stop,
    new_pks: Annotated[bool, typer.Option("--new-pks", help="Create objects with new automatic primary keys.")] = False,
    from_line: Annotated[int, typer.Option(min=1, help="Continue from this line, after a refused import.")] = 1,
    skip_lines: Annotated[
        str, typer.Option(metavar="LINES", help="Skip these lines, which a refused import named, such as 14-20,25.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all lines and store nothing; nothing is sent to the server.")
    ] = False,
    chunk: Annotated[int, typer.Option(min=1, help="The maximum number of objects per request.")] = USUAL_CHUNK,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Create the objects of a file that `export` wrote, with their primary keys, in chunks.

    Exits with 4 at the first refused line, and names it; the lines before it are imported. If the command is stopped,
    call it again with --on-conflict skip.
    """
    target = model_named(model)
    with _opened(path) as lines, Session([target], url) as session, bar(f"Importing {target.__name__}") as progress:
        importing = class_method(target, "import_")(
            lines,
            format=file_format.value,
            exclude=exclude or (),
            on_conflict=on_conflict.value,
            new_pks=new_pks,
            from_line=from_line,
            skip_lines=skip_lines,
            dry_run=dry_run,
            chunk=chunk,
            progress=lambda done: progress(done, None),
        )
        done: BulkCreated = session.result(importing)
    document = {"dry_run": dry_run, "created": done.created, "skipped": done.skipped, "updated": done.updated}
    printed(document, lambda console: console.print(_summary(target.__name__, done, dry_run=dry_run)), as_json=as_json)
    return Ended.WELL


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        msg = f"the file {path} cannot be read: {error}"
        raise BadUsage(msg) from error
    with file:
        yield file


def _summary(name: str, done: BulkCreated, *, dry_run: bool) -> str:
    if dry_run:
        return f"{name}: {done.created:,} objects can be read; nothing was stored"
    others = [f"{count:,} {what}" for count, what in ((done.skipped, "skipped"), (done.updated, "updated")) if count]
    return ", ".join([f"{name}: {done.created:,} objects created", *others])
