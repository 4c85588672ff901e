"""The values and objects that scripts of a model remove before anything else, since their deadline is over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Overdue(NamedTuple):
    """The values of a model, and the objects to which others refer, that its scripts remove first.

    Attributes:
        values: true if values lapse (see lua/lapsing.lua).
        objects: true if others refer to objects that expire (see lua/overdue_targets.lua).
        value_names: the part of the name of the key that is never written that is about these values.
        targets: the beginnings of the keys of the models of these objects, without the hash tag if that is the same.
    """

    values: bool
    objects: bool
    value_names: bytes = b""
    targets: tuple[bytes, ...] = ()

    @property
    def names(self) -> bytes:
        """The part of the name of the key that is never written."""
        if not self.targets:
            return self.value_names
        return b"%btargets=%b:" % (self.value_names, b"".join(b"%d:%b" % (len(one), one) for one in self.targets))


def overdue_of_all(parts: Iterable[Overdue | None]) -> Overdue | None:
    """Returns what a script removes first that is made of others, whose keys name it; None if it is nothing."""
    found = [each for each in parts if each is not None]
    if not found:
        return None
    return Overdue(any(each.values for each in found), any(each.objects for each in found))


def with_targets_of(own: Overdue | None, others: Iterable[Overdue | None]) -> Overdue | None:
    """Returns the same for a script that also looks at objects of other models: their targets, too."""
    targets = dict.fromkeys(target for each in (own, *others) if each is not None for target in each.targets)
    if not targets or (own is not None and len(targets) == len(own.targets)):
        return own
    return (
        Overdue(False, True, targets=tuple(targets))
        if own is None
        else own._replace(objects=True, targets=tuple(targets))
    )
