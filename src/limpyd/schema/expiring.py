"""The schema of a model whose objects or values expire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.lua.overdue import Overdue
from limpyd.schema.lapsing import lapses_of
from limpyd.schema.schema import Schema
from limpyd.schema.settled import Unsure
from limpyd.schema.sweeping import Sweeping
from limpyd.utils.cached_properties import cached_property


class ExpiringSchema(Unsure, Schema):
    """A schema with deadlines of objects, or of values."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lapses = lapses_of(self)
        self.overdue = None if self.lapses is None else Overdue(True, False, self.lapses.names)
        self.expires, self.is_swept_by_creations = True, self.objects_expire
        if self.parent is not None:
            what = f"objects with a deadline ({self.deadline_name})" if self.objects_expire else "values that expire"
            msg = f"{self.name}: {what} cannot be beside those of another model; leave out colocate_with"
            raise DeclarationError(msg)
        deadline: Any = self.deadline
        if deadline is not None and deadline.renew_on == "write":
            self.renewal = b"%b:%d" % (deadline.sub, deadline.ttl // timedelta(milliseconds=1))

    @property
    def deadline_name(self) -> str:
        """The name of the DeadlineField."""
        return "" if self.deadline is None else self.deadline.name

    @cached_property
    def sweeping(self) -> Sweeping:
        """The removal of objects whose deadline is over."""
        return Sweeping(self)
