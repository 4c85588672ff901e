"""The arguments that commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Models = Annotated[
    list[str],
    typer.Argument(metavar="module:Model…", help="The models; `module` alone means all models of that module."),
]
OneModel = Annotated[str, typer.Argument(metavar="module:Model", help="The model.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", help=("The URL of the data, instead of the models' own database: redis://…, rediss://…, unix://…")
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]


class FileFormats(StrEnum):
    """The formats of files of objects."""

    jsonl = "jsonl"
    csv = "csv"


FileFormat = Annotated[
    FileFormats, typer.Option("--format", help="JSON lines, for all types; or CSV, for fields of one value.")
]
Exclude = Annotated[list[str] | None, typer.Option(metavar="FIELD", help="A field to leave out; may be repeated.")]
