"""The former path of `limpyd.fields.bound.key_commands`."""

import warnings

from limpyd.fields.bound.key_commands import BoundKey

__all__ = ["BoundKey"]

warnings.warn(
    "limpyd.fields.key_commands is called limpyd.fields.bound.key_commands now", DeprecationWarning, stacklevel=2
)
