"""The former path of `limpyd.migrations.requests`."""

import warnings

from limpyd.migrations.requests import Conflict

__all__ = ["Conflict"]

warnings.warn("limpyd.moving.steps is called limpyd.migrations.requests now", DeprecationWarning, stacklevel=2)
