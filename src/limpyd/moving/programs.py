"""The former path of `limpyd.migrations.generators`."""

import warnings

from limpyd.migrations.generators import Moved

__all__ = ["Moved"]

warnings.warn("limpyd.moving.programs is called limpyd.migrations.generators now", DeprecationWarning, stacklevel=2)
