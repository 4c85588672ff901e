"""The former path of `limpyd.relations.foreign_keys`."""

import warnings

from limpyd.relations.foreign_keys import BoundFKHashEntry, BoundFKString

__all__ = ["BoundFKHashEntry", "BoundFKString"]

warnings.warn("limpyd.relations.fields is called limpyd.relations.foreign_keys now", DeprecationWarning, stacklevel=2)
