"""Arguments and replies of the commands of places."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.requests.request import Argument
from limpyd.types import FARTHEST_EAST, FARTHEST_NORTH, GeoPoint

UNITS = ("M", "KM", "MI", "FT")


def order_args(name: str, sort: str | None, count: int | None, any_will_do: bool) -> list[Argument]:
    """In which order, and how many."""
    args: list[Argument] = []
    if sort is not None:
        args.append(checks.one_of(f"{name}'s sort", sort, ("ASC", "DESC")))
    if count is not None:
        args += ("COUNT", checks.integer(f"{name}'s count", count, low=1))
        args += checks.flags(name, any=any_will_do)
    elif any_will_do:
        msg = f"{name} takes any=True only with a count"
        raise InvalidValue(msg)
    return args


def to_position(reply: Any) -> GeoPoint | None:
    """Decode: a longitude and a latitude, or nothing."""
    return None if reply is None else GeoPoint(float(reply[0]), float(reply[1]))


def unit_arg(name: str, unit: Any) -> str:
    """A unit of length; metres by default."""
    return checks.one_of(f"{name}'s unit", "m" if unit is None else unit, UNITS)


def length_arg(what: str, value: Any) -> str:
    """A length, which is not negative."""
    text = checks.number(what, value)
    if float(text) < 0:
        msg = f"{what} cannot be negative: {shorten(value)}"
        raise InvalidValue(msg)
    return text


def longitude_arg(name: str, value: Any) -> str:
    """Degrees to the east."""
    return _degrees(f"{name}'s longitude", value, FARTHEST_EAST)


def latitude_arg(name: str, value: Any) -> str:
    """Degrees to the north."""
    return _degrees(f"{name}'s latitude", value, FARTHEST_NORTH)


def _degrees(what: str, value: Any, farthest: float) -> str:
    text = checks.number(what, value)
    if not -farthest <= float(text) <= farthest:
        msg = f"{what} must be between {-farthest} and {farthest} degrees, not {shorten(value)}"
        raise InvalidValue(msg)
    return text
