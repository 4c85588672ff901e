"""The display of collections in notebooks: a table of the first objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.query.results.columns import Column, columns_of
from limpyd.query.results.projections import Tuples
from limpyd.query.single_object import names_of_one_value
from limpyd.utils.html import Undecodable, failure, remark, table

MAX_ROWS = 10
"""The objects of a collection that are shown."""


def displayed(schema: Any, names: Sequence[str], *, scored: bool = False) -> Tuples:
    """Returns a projection to some values, in which those that do not decode stand as they are stored."""
    columns = columns_of(schema, names, scored=scored)
    for column in columns:
        column.decode = _tolerant(column)
    return Tuples(columns)


def _tolerant(column: Column) -> Callable[[Any], Any]:
    decode = column.decode

    def decoded(stored: Any) -> Any:
        if stored is None:
            return decode(None)  # the projection knows what it raises
        try:
            return decode(stored)
        except Exception:  # noqa: BLE001 - a codec of the user's
            return Undecodable(stored)

    return decoded


def collection_html(collection: Any) -> str:
    """Returns the table of the first objects of a collection, which takes one request; or the error of that."""
    title = "collection"
    try:
        title = repr(collection)
        collection._at_once("showing a collection", "show it afterwards")
        query, schema = collection._query, collection._schema
        names = [column.name for column in query.projection.columns] or names_of_one_value(schema)
        found = collection._with(query._replace(projection=displayed(schema, names, scored=True)))[: MAX_ROWS + 1]
    except Exception as error:  # noqa: BLE001 - a display raises nothing
        return failure(title, error)
    note = f"the first {MAX_ROWS}; there are more" if len(found) > MAX_ROWS else "" if found else "no object"
    return table(title, names, found[:MAX_ROWS], note)


def query_html(collection: Any) -> str:
    """Returns the query of a collection of the async face, whose objects have to be awaited."""
    return remark(repr(collection), "Await its objects: await collection.all(), or await collection[:10]")
