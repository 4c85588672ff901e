"""`limpyd explain`: shows how the server executes a query."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.model_paths import Model, model_named
from limpyd.cli.options import AsJson, OneModel, Url
from limpyd.cli.output import printed, shown
from limpyd.cli.session import Session
from limpyd.exceptions import InvalidValue
from limpyd.keys import to_bytes
from limpyd.query.explanation import Explanation
from limpyd.relations.references import ReferenceField

MULTI_VALUE_OPERATORS = {"in", "between"}
NUMBER_TYPES = {"int", "float", "Decimal"}
TRUTHS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def explain(
    model: OneModel,
    filters: Annotated[
        list[str] | None,
        typer.Argument(metavar="[name=value…]", help="Filters, such as name=x, age__gt=3 or age__in=1,2."),
    ] = None,
    sort: Annotated[list[str] | None, typer.Option(help="A field to sort by; -field for descending order.")] = None,
    alpha: Annotated[bool, typer.Option("--alpha", help="Sort as text.")] = False,
    analyze: Annotated[bool, typer.Option("--analyze", help="Also run the query, and count its commands.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Show how a query is executed: its conditions, the one that it starts from, and advice if it is slow.

    Exits with 1 if there is a warning.
    """
    target = model_named(model)
    with Session([target], url) as session:
        collection = target.collection(**asked_filters(target, filters or []))
        if sort:
            collection = collection.sort(sort, alpha=alpha or None)
        found: Explanation = session.result(collection.explain(analyze=analyze))
    document = {
        **found._asdict(),
        "leaves": [leaf._asdict() for leaf in found.leaves],
        "ran": [each._asdict() for each in found.ran],
    }
    printed(
        document,
        lambda console: console.print("\n".join(map(shown, str(found).splitlines())), markup=False),
        as_json=as_json,
    )
    return Ended.FOUND_SOMETHING if found.warnings else Ended.WELL


def asked_filters(model: Model, given: list[str]) -> dict[str, Any]:
    """Filters as `collection` takes them; what is given is text, and never run.

    Raises:
        BadUsage: one is no `name=value`.
    """
    filters: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name:
            msg = f"{each!r} is not a filter; write name=value, such as name=x or age__gt=3"
            raise BadUsage(msg)
        if name in filters:
            msg = f"{name} occurs twice; to match one of several values, write {name}__in=a,b"
            raise BadUsage(msg)
        filters[name] = _value(model, name, text)
    return filters


def _value(model: Model, name: str, text: str) -> Any:
    operator = name.rpartition("__")[2]
    if operator == "isnull":
        return _truth(name, text)
    if operator in MULTI_VALUE_OPERATORS:
        return [_typed(model, name, one) for one in text.split(",")]
    return _typed(model, name, text)


def _typed(model: Model, name: str, text: str) -> Any:
    """A value in the type of the field that a filter is on; as text if it is not written as that is stored."""
    field, schema = None, model._schema
    for part in name.split("__"):
        if part not in schema.fields:
            break
        field = schema.fields[part]
        if isinstance(field, ReferenceField):
            schema = field.target
    if field is None or not hasattr(field, "codec"):
        return text
    if field.codec.name == "bool":
        return _truth(name, text)
    try:
        return field.codec.decode(to_bytes(text))
    except (InvalidValue, ValueError, ArithmeticError):
        if field.codec.name in NUMBER_TYPES:
            msg = f"{name} takes a value of type {field.codec.name}, and {text!r} cannot be read as one"
            raise BadUsage(msg) from None
        return int(text) if text.isascii() and text.isdigit() else text  # such as born__year=2000


def _truth(name: str, text: str) -> bool:
    if text.lower() not in TRUTHS:
        msg = f"{name} takes yes or no (true or false, 1 or 0), not {text!r}"
        raise BadUsage(msg)
    return TRUTHS[text.lower()]
