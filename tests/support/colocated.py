"""Orders, their lines and the notes on those: models in the same partitions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from limpyd import FKInstanceHashField, FKStringField, InstanceHashField, M2MSetField, SetField, StringField


def family(base: Any, shop: Any, count: int) -> Any:
    """The models on a database: `Order` of so many partitions, `Line` beside it, and `Note` beside that."""

    class Order(base):
        database = shop
        namespace = "shop"
        partitions = count
        status = InstanceHashField(indexable=True)
        total = InstanceHashField(type=int, indexable=True)
        main_line = FKStringField("Line", related_name="main_of")

    class Line(base):
        database = shop
        namespace = "shop"
        colocate_with = Order
        order = FKInstanceHashField(Order, related_name="lines", on_delete="cascade")
        sku = InstanceHashField(indexable=True)
        labels = SetField(indexable=True)
        text = StringField()

    class Note(base):
        database = shop
        namespace = "shop"
        colocate_with = Line
        line = FKStringField(Line, related_name="notes", on_delete="restrict")
        about = M2MSetField(Order, related_name="notes")
        answers = FKInstanceHashField("self", related_name="answered_by")

    return SimpleNamespace(Order=Order, Line=Line, Note=Note)


def number_of(instance: Any) -> int:
    """The number of the partition of an object."""
    number: int = instance._schema.keys.partition(instance._pk_bytes).number
    return number
