"""limpyd 2's names for what models have. A field may have one of these names, too."""

from __future__ import annotations

from typing import Any

from limpyd import exceptions
from limpyd.utils import make_key as joined


class Limpyd2ModelNames:
    """The part of a model with limpyd 2's names."""

    DoesNotExist = exceptions.DoesNotExist

    @property
    def connected(self) -> bool:
        """Whether the object was there when it was last asked for, and was not deleted by this process since."""
        instance: Any = self
        return instance._pk_bytes is not None and instance._checked is True

    @property
    def connection(self) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return getattr(self, "database").connection  # noqa: B009 - of the class that has this part

    @classmethod
    def get_connection(cls) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return getattr(cls, "database").connection  # noqa: B009

    @classmethod
    def make_key(cls, *args: Any) -> str:
        """Parts joined by colons: `limpyd.utils.make_key`."""
        return joined(*args)
