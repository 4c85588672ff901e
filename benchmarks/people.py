"""What every side stores and asks for. Nothing but the standard library is needed, so peers import it too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

NAMES = ("name", "age", "email", "city", "team")
FIELDS = ("name", "age", "email", "city")
MATCHES = 25
"""How many share a team."""

FEW = 100
"""How many objects there are before single operations are timed."""
SOMEBODY = 50
"""The primary key of the object that single operations work on."""

MOMENTS = [datetime(2020, 1, day, tzinfo=UTC) for day in range(1, 8)]
PRICES = [Decimal(f"{number}.5") for number in range(7)]

CITY, LEVEL, TEAM = "City 2", "Level 3", "Team 2"
LOW, HIGH = 30, 39
PAGE = 20


class Operation(NamedTuple):
    """One operation of a side.

    Attributes:
        call: does it once; on an asynchronous side it gives a coroutine.
        prepare: makes what so many calls need, before they are timed.
    """

    call: Callable[[], Any]
    prepare: Callable[[int], Any] | None = None


Operations = dict[str, Operation | Callable[[], Any]]


def person(number: int) -> dict[str, Any]:
    """The fields of a person, of which email is unique, city and team are indexed."""
    return {
        "name": f"Person {number}",
        "age": number % 90,
        "email": f"{number}@example.com",
        "city": f"City {number % 7}",
        "team": f"Team {number // MATCHES}",
    }


def citizen(number: int) -> dict[str, Any]:
    """The fields of a citizen, of which age has an order and city, level and team are indexed."""
    return {
        "name": f"Person {number}",
        "age": number * 37 % 90,
        "email": f"{number}@example.com",
        "city": f"City {number % 7}",
        "level": f"Level {number % 5}",
        "team": f"Team {number // MATCHES}",
    }
