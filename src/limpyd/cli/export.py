"""`limpyd export`: writes the objects of a model as lines to stdout."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from limpyd.cli import inspection
from limpyd.cli.failures import Ended, OutputClosed
from limpyd.cli.model_paths import class_method, model_named
from limpyd.cli.options import Exclude, FileFormat, FileFormats, OneModel, Url
from limpyd.cli.progress import bar
from limpyd.cli.session import Session
from limpyd.model.bulk import USUAL_CHUNK


def export(
    model: OneModel,
    file_format: FileFormat = FileFormats.jsonl,
    exclude: Exclude = None,
    chunk: Annotated[int, typer.Option(min=1, help="The approximate number of objects per request.")] = USUAL_CHUNK,
    url: Url = None,
) -> int:
    """Write all objects of a model to stdout, as JSON lines or CSV for `import`. Other processes can read and write."""
    target = model_named(model)
    with Session([target], url) as session, bar(f"Exporting {target.__name__}") as progress:
        total: int = session.result(target.database._run_program(inspection.count(target)))
        lines = class_method(target, "export")(
            format=file_format.value,
            exclude=exclude or (),
            chunk=chunk,
            progress=lambda done: progress(done, max(done, total)),
        )
        output = sys.stdout.buffer
        try:
            for line in session.each(lines):
                output.write(line.encode())
            output.flush()
        except BrokenPipeError:
            raise OutputClosed from None
    return Ended.WELL
