"""The former path of `limpyd.fields.string`."""

import warnings

from limpyd.fields.string import Get, IncrBy, Operation, Set

__all__ = ["Get", "IncrBy", "Operation", "Set"]

warnings.warn("limpyd.fields.bits is called limpyd.fields.string now", DeprecationWarning, stacklevel=2)
