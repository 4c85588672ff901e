"""`limpyd keys`: lists the keys of a model or an object."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from limpyd.cli import inspection
from limpyd.cli.failures import Ended
from limpyd.cli.model_paths import model_named
from limpyd.cli.options import AsJson, OneModel, Url
from limpyd.cli.output import printed, shown, size, table
from limpyd.cli.session import Session
from limpyd.keys import to_bytes
from limpyd.scripts.key_info import KeyFacts


def keys(
    model: OneModel,
    pk: Annotated[
        str | None, typer.Argument(help="The primary key of an object; by default all keys of the model.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="The maximum number of keys to list; 0 for all.")] = 1000,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """List keys: type, expiry, length (in members, or the bytes of a string), memory.

    The command walks the keys of the database in chunks. Characters that cannot be shown, such as NUL, are escaped.
    Exits with 1 if there are none.
    """
    target = model_named(model)
    with Session([target], url) as session:
        program = inspection.keys_of(target, limit and limit + 1)
        if pk is not None:
            program = inspection.keys_of_object(target, to_bytes(pk))
        facts: list[KeyFacts] = session.result(target.database._run_program(program))
    more = pk is None and 0 < limit < len(facts)
    facts = facts[:limit] if more else facts

    def page(console: Console) -> None:
        rows = [
            [
                each.key,
                each.type,
                "" if each.ttl is None else f"{each.ttl / 1000:.1f} s",
                each.length,
                size(each.memory),
            ]
            for each in facts
        ]
        if not rows:
            whose = target.__name__ if pk is None else f"{target.__name__} {shown(pk)}"
            console.print(f"{whose} has no keys.", markup=False)
            return
        console.print(table("", ["key", "type", "expires in", "length", "memory"], rows))
        if more:
            console.print(f"There are more than {limit}; --limit 0 lists all.", markup=False)

    printed({"keys": [each._asdict() for each in facts], "more": more}, page, as_json=as_json)
    return Ended.WELL if facts else Ended.FOUND_SOMETHING
