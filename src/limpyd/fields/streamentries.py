"""The former path of `limpyd.fields.stream`."""

import warnings

from limpyd.fields.stream import StreamEntry

__all__ = ["StreamEntry"]

warnings.warn("limpyd.fields.streamentries is called limpyd.fields.stream now", DeprecationWarning, stacklevel=2)
