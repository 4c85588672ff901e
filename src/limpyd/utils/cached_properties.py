"""`cached_property` without a lock.

That of Python 3.11 has one for all instances of a class. A process that is forked while another thread has it would
wait for ever: the child has no such thread. Of two threads that make a value at the same time, the last one sets it.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

__all__ = ["cached_property"]

if TYPE_CHECKING:
    from builtins import property as cached_property  # which protocols with properties accept
elif sys.version_info >= (3, 12):
    from functools import cached_property as cached_property  # noqa: PLC0414 - it is a part of this module too
else:

    class cached_property(functools.cached_property):  # noqa: N801 - as in functools
        """A method whose result is kept in the instance."""

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.attrname] = self.func(instance)
            return value
