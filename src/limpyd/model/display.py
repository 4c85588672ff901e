"""The display of instances in notebooks: their values."""

from __future__ import annotations

from typing import Any

from limpyd.model.object_values import alone, read
from limpyd.query.display import displayed
from limpyd.query.single_object import names_of_one_value
from limpyd.utils.html import failure, remark, table


def instance_html(instance: Any) -> str:
    """Returns the table of the values of an object, which takes one request; or the error of that."""
    title = type(instance).__name__
    try:
        title = repr(instance)
        if instance._pk_bytes is None:
            return remark(title, "It has no primary key yet, and no values.")
        instance.database._at_once("showing an instance", "show it afterwards")
        names = names_of_one_value(instance._schema)
        one = alone(instance)
        shown = one._query._replace(projection=displayed(instance._schema, names))
        values = instance._asked(lambda: read(instance, one._with(shown)))
    except Exception as error:  # noqa: BLE001 - a display raises nothing
        return failure(title, error)
    return table(title, ("field", "value"), zip(names, values, strict=True))


def awaited_html(instance: Any) -> str:
    """Returns the instance of the async face, whose values have to be awaited."""
    return remark(repr(instance), "Await its values: await instance.values()")
