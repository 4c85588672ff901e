"""The arguments that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Models = Annotated[
    list[str],
    typer.Argument(metavar="module:Model…", help="The models; `module` alone means all models of that module."),
]
OneModel = Annotated[str, typer.Argument(metavar="module:Model", help="The model.")]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Where the data is, if not where the models say: redis://…, rediss://…, unix://…"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
