"""The attributes of a field that is a version of a dynamic field."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from limpyd.keys import Partition, to_bytes
from limpyd.lua.arguments import IndexRow


class HasPrimaryKey(Protocol):
    """An instance of a model, which stands for its primary key."""

    @property
    def _pk_bytes(self) -> bytes | None: ...


Part: TypeAlias = str | int | HasPrimaryKey
"""The part of a name that identifies a version of a dynamic field."""


class MayBeVersion:
    """The part of a field's declaration that makes it a version of a dynamic field, if it is one."""

    version_of: Any = None
    """The dynamic field of which it is a version; None if it is none."""
    template_of: Any = None
    """The dynamic field of which it is what all versions have in common; None if it is none."""
    version_part: str = ""
    """The part of its name that identifies it among the other versions."""

    @property
    def declaring(self) -> Any:
        """The field that its indexes are declared on: itself; of a version what all versions have in common."""
        return self if self.version_of is None else self.version_of.template

    def listing_in(self, partition: Partition) -> IndexRow | None:
        """Returns the row that lists a version among those of its object, like an index; None for other fields."""
        if self.version_of is None:
            return None
        return IndexRow(b"inv", to_bytes(self.version_part), self.version_of.inventory_prefix(partition))
