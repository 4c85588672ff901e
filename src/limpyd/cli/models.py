"""`limpyd models`: lists declared models and their data."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from limpyd.cli import inspection
from limpyd.cli.failures import Ended
from limpyd.cli.inspection import Group
from limpyd.cli.model_paths import Model, models_named
from limpyd.cli.options import AsJson, Models, Url
from limpyd.cli.output import printed, shown, size, table
from limpyd.cli.session import Session
from limpyd.keys import to_text
from limpyd.relations.references import ReferenceField


def models(
    names: Models,
    memory: Annotated[bool, typer.Option(help="Estimate memory, which walks all keys of the database.")] = True,
    samples: Annotated[int, typer.Option(min=0, help="The number of keys of each kind to measure; 0 for all.")] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """List models: fields, indexes and whether they are built, objects, memory of the objects and of each index.

    Memory is an estimate: the MEMORY USAGE of some random keys of each kind, times the number of keys.
    Exits with 1 if an index is not built.
    """
    results = []
    with Session(models_named(names), url) as session:
        for model in session.models:
            run = model.database._run_program
            objects = session.result(run(inspection.count(model)))
            unbuilt = session.result(run(inspection.unbuilt(model)))
            groups = session.result(run(inspection.groups(model, samples))) if memory else {}
            results.append(_document(model, objects, unbuilt, groups, memory=memory))
    printed({"models": results}, lambda console: _page(console, results, samples if memory else None), as_json=as_json)
    return Ended.WELL if all(index["built"] for one in results for index in one["indexes"]) else Ended.FOUND_SOMETHING


def _document(
    model: Model, objects: int, unbuilt: frozenset[bytes], groups: dict[str, Group], *, memory: bool
) -> dict[str, Any]:
    nothing = Group(0, 0, 0)

    def of(name: str) -> dict[str, Any]:
        return groups.get(name, nothing)._asdict() if memory else dict.fromkeys(Group._fields)

    fields = [
        {
            "name": name,
            "class": type(field).__name__,
            "type": field.codec.name,
            "unique": getattr(field, "unique", False),
            "constraints": [str(constraint) for constraint in _declaring(field).constraints],
            **_reference(field),
        }
        for name, field in inspection.fields(model)
    ]
    indexes = [
        {
            "name": to_text(index.name),
            "index": index.description,
            "fields": [field.name for field in index.fields],
            "built": index.name not in unbuilt,
            **of(to_text(index.name)),
        }
        for index in inspection.indexes(model)
    ]
    return {
        "model": f"{model.__module__}:{model.__qualname__}",
        "keys": [to_text(prefix) + "*" for prefix in inspection.prefixes(model)],
        "database": str(model.database._endpoint),
        "objects": objects,
        "values": of(inspection.OBJECTS),
        "others": of(inspection.OTHERS),
        "fields": fields,
        "indexes": indexes,
    }


def _declaring(field: Any) -> Any:
    """Returns the field that has the constraints: of a dynamic field, the template of its versions."""
    return field.template if field.dynamic else field


def _reference(field: Any) -> dict[str, Any]:
    """Returns the model that a field refers to, and its `on_delete`."""
    if not isinstance(field, ReferenceField):
        return {"refers_to": None, "on_delete": None}
    model = field.target.model
    name = f"{model.namespace}:{model.__name__}" if model.namespace else model.__name__
    return {"refers_to": name, "on_delete": field.on_delete}


def _page(console: Console, results: list[dict[str, Any]], samples: int | None) -> None:
    for one in results:
        values = one["values"]["memory"]
        text = f"{one['model']}: {one['objects']:,} objects" + ("" if values is None else f", about {size(values)}")
        console.print(Text(shown(text), style="bold"))
        console.print(Text(shown(f"  {', '.join(one['keys'])} at {one['database']}")))
        console.print(
            table(
                "", ["field", "class", "type"], [[each["name"], each["class"], _type(each)] for each in one["fields"]]
            )
        )
        if one["indexes"]:
            rows = [
                [
                    each["index"],
                    ", ".join(each["fields"]),
                    "yes" if each["built"] else "no",
                    *([] if samples is None else [each["keys"], size(each["memory"])]),
                ]
                for each in one["indexes"]
            ]
            looked_at = [] if samples is None else ["keys", "about"]
            console.print(table("", ["index", "of", "built", *looked_at], rows))
        console.print()
    if samples is not None:
        console.print(
            f"Memory: MEMORY USAGE of {f'up to {samples}' if samples else 'all'} keys of each kind.", markup=False
        )


def _type(field: dict[str, Any]) -> str:
    kind = field["type"] if field["refers_to"] is None else f"{field['refers_to']}, on_delete={field['on_delete']}"
    return ", ".join([kind, *field["constraints"]])
