"""The former path of `limpyd.fields.key_commands`."""

import warnings

from limpyd.fields.key_commands import BoundKey

__all__ = ["BoundKey"]

warnings.warn("limpyd.fields.keyed is called limpyd.fields.key_commands now", DeprecationWarning, stacklevel=2)
