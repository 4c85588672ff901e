"""Commands for the expiry of a value: a key of its own, or an entry of a hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue, UnsupportedCommand
from limpyd.fields import checks
from limpyd.fields.bound.value import BoundValue
from limpyd.requests.request import Argument

if TYPE_CHECKING:
    from limpyd.fields.bound.lapsing import LapsingValue

EXPIRIES: dict[str, Callable[[str, Any], int]] = {
    "ex": lambda what, value: checks.seconds(what, value, low=1),
    "px": lambda what, value: checks.milliseconds(what, value, low=1),
    "exat": lambda what, value: checks.timestamp(what, value, low=1),
    "pxat": lambda what, value: checks.timestamp_ms(what, value, low=1),
}
"""The arguments that set when a value expires."""


class BoundExpiry(BoundValue[Face]):
    """A value that may expire, of one instance."""

    __slots__ = ()

    @property
    def _lapsing(self) -> LapsingValue[Face] | None:
        """The value with its deadline, if it lapses."""
        if not self._field.lapses:
            return None
        from limpyd.fields.bound.lapsing import LapsingValue  # noqa: PLC0415 - the values of most models do not lapse

        return LapsingValue(self)

    def _may_expire(self, command: str) -> None:
        """Writes update an index, but the server writes nothing when a value expires."""
        if self._field.lapses:
            return
        if self._field.indexed:
            cure = "declare it with expires=True" if self._field.can_lapse else "delete the value yourself"
            msg = (
                f"{self._field} is indexed: if its value expired, its index entry would stay. {command} needs a "
                f"field without an index; or {cure}"
            )
            raise UnsupportedCommand(msg)
        if self._field.required:
            msg = f"{self._field} is required, so its value cannot expire; {command} needs one that may be without"
            raise UnsupportedCommand(msg)

    def _expiry_args(self, command: str, **options: Any) -> list[Argument]:
        """The arguments for an expiry, of which at most one may be given."""
        checks.at_most_one(command, **options)
        for name, value in options.items():
            if value is None or value is False:
                continue
            if name in {"keepttl", "persist"}:
                return checks.flags(command, **{name: value})
            self._may_expire(f"{command} with {name}")
            return [name.upper(), EXPIRIES[name](f"{command}'s {name}", value)]
        return []


def persist_args(command: str, option: Any, fnx: bool, fxx: bool) -> list[Argument]:
    """The condition of HSETEX: by a flag, or by redis-py's HashDataPersistOptions, which needs no import here."""
    args = checks.flags(command, fnx=fnx, fxx=fxx)
    if option is not None:
        args.append(checks.one_of(f"{command}'s data_persist_option", getattr(option, "value", option), ("FNX", "FXX")))
    if len(args) > 1:
        msg = f"{command} takes only one of fnx, fxx and data_persist_option"
        raise InvalidValue(msg)
    return args
