"""The databases of this process after a fork."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """Something with locks. Another thread of the parent may have held them; nobody in the child would release them."""

    def _after_fork(self) -> None:
        """Renews the locks."""
        ...


_databases: weakref.WeakSet[Forked] = weakref.WeakSet()


def renew_locks_after_fork(database: Forked) -> None:
    """Has a database renew its locks in each child that is forked while it is there."""
    _databases.add(database)


def _renew_locks() -> None:
    for database in tuple(_databases):
        database._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
