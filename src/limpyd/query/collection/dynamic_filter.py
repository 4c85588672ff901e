"""`dynamic_filter`, limpyd-extensions' name for a filter by a version of a dynamic field."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from limpyd.expressions import SEPARATOR
from limpyd.fields.declaration.dynamic_version import Part
from limpyd.query.collection.narrowing import Narrowing

Item = TypeVar("Item")
M = TypeVar("M")


class WithDynamicFilter(Narrowing[Item, M]):
    """The part of a collection that filters by the part of a name."""

    __slots__ = ()

    def dynamic_filter(self, field_name: str, dynamic_part: Part, value: Any, index_suffix: str = "") -> Self:
        """The same collection, narrowed by a version of a dynamic field; limpyd-extensions' name for a filter by it.

        Args:
            field_name: the name of the dynamic field.
            dynamic_part: the part of the version.
            value: what it is compared with.
            index_suffix: how: what stands behind the name in a filter, such as `gte` or `__gte`.

        Raises as `filter`.
        """
        name, *path = field_name.split(SEPARATOR)
        field = self._schema.model.get_field_name_for(name, dynamic_part)
        return self.filter(
            **{SEPARATOR.join(filter(None, (field, *path, index_suffix.removeprefix(SEPARATOR)))): value}
        )
