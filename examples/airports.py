"""28,000 real airports in Redis: what limpyd is for, in a minute.

make demo                                       on a private server that ends with the program
LIMPYD_URL=redis://localhost:6379 make demo     on a server of yours; it is left as it was found
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import airportsdata
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax

from limpyd import GeoPoint, InstanceHashField, LimpydError, RedisDatabase, RedisModel, StringField

URL = os.environ.get("LIMPYD_URL")
database = RedisDatabase.from_url(URL) if URL else RedisDatabase.embedded()


class Airport(RedisModel):
    """Each airport is an object in Redis; each field is a Redis value with the commands of its type."""

    database = database
    namespace = "demo"

    icao = InstanceHashField(unique=True)
    iata = InstanceHashField(unique=True)
    name = StringField()
    city = InstanceHashField(indexable=True)
    country = InstanceHashField(indexable=True)
    elevation = InstanceHashField(type=float, indexable=True)
    place = InstanceHashField(type=GeoPoint, indexable=True)


NORTHERNMOST = 85.05
"""Redis stores no place beyond, nor beyond as far in the south."""

console = Console(highlight=False)


def main() -> None:
    """Loads the airports, plays with them, and deletes them."""
    console.rule("[bold]limpyd: Python classes on native Redis data types")
    try:
        database.connect()
    except LimpydError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    console.print(f"{database.server} at {URL or 'a private socket'}\n")
    Airport.collection().delete()  # those of a demo that was interrupted
    known = airportsdata.load("ICAO").values()
    with timed("Creating", len(known)) as each:
        for facts in each(known):
            Airport(
                icao=facts["icao"],
                iata=facts["iata"] or None,  # None is not stored
                name=facts["name"],
                city=facts["city"] or None,
                country=facts["country"],
                elevation=facts["elevation"],
                place=GeoPoint(facts["lon"], facts["lat"]) if abs(facts["lat"]) <= NORTHERNMOST else None,
            )
    explore()
    with timed("Deleting", Airport.collection().count()):
        Airport.collection().delete()
    show(
        "What is left of the model in Redis: the counter of its keys, and what its indexes are.",
        "sorted(Airport.scan_model_keys())",
    )
    database.connection.delete("{demo:airport}:seq", "{demo:airport}:meta")
    console.rule("[bold]The code: examples/airports.py")


def explore() -> None:
    """Shows what one does with objects in Redis."""
    show(
        "Fetch by a unique field. The instance holds nothing but its key; each access asks Redis.",
        'cdg = Airport.get(icao="LFPG")',
        "cdg",
        "cdg.name.get()",
        'cdg.hmget("city", "country", "elevation")',
        "cdg.name.key",
    )
    show(
        "Filter by indexed fields: the server intersects sets, in one request.",
        "len(Airport.collection())",
        'len(Airport.collection(country="FR"))',
        'Airport.collection(country="FR", city="Paris")',
        '[airport.name.get() for airport in Airport.instances(country="FR", city="Paris")]',
        'len(Airport.collection(country__in=["IS", "FO", "GL"]))',
    )
    show(
        "Ranges, distances, and whatever expressions say. Each is one request still.",
        "len(Airport.collection(country='FR', elevation__gt=5000))",
        "orly = Airport.get(icao='LFPO').place.hget()",
        "[a.name.get() for a in Airport.instances(place__within=(*orly, 10_000))]",
        "high, low = Airport.elevation > 13_000, Airport.elevation < -1_000",
        "len(Airport.collection((high | low) & ~Airport.country.in_(['CN', 'BO'])))",
    )
    show(
        "In order, page by page; the values come along.",
        "highest = Airport.collection(country='FR').sort(by='-elevation').values_list('name', 'elevation')",
        "page = highest.page(size=3)",
        "page.items",
        "highest.page(size=3, after=page.cursor).items",
    )
    show(
        "Counts and totals of what is found; and how the server finds it.",
        "Airport.collection(elevation__gte=12_000).count_by('country')",
        "Airport.collection(country='FR').avg('elevation')",
        "Airport.collection(country='FR', elevation__gt=5000).sort(by='-elevation').explain()",
    )
    show(
        "Change a field and the indexes follow, in the same atomic step. No locks.",
        "cdg.city.hset('Roissy-en-France')",
        'Airport.exists(city="Paris", icao="LFPG")',
        '[airport.icao.hget() for airport in Airport.instances(city="Roissy-en-France")]',
    )
    show(
        "Every Redis command of the type is there, with its index upkeep.",
        "cdg.name.append(' (Paris)')",
        "cdg.name.getrange(0, 16)",
        "cdg.elevation.hincrbyfloat(0.5)",
    )
    show(
        "A duplicate of a unique value is refused, and nothing is written. Errors say what to do.",
        "Airport(icao='LFPG', name='An impostor')",
        "cdg.iata.hset('JFK')",
        "cdg.elevation.hset('high')",
        "Airport.collection(name='Orly')",
        "Airport.get(icao='XXXX')",
    )
    show(
        "Deleted means gone: indexes too, and for everyone who still holds the object.",
        "same = Airport.lazy_connect(cdg.pk.get())",
        "cdg.delete()",
        "Airport.exists(icao='LFPG')",
        "same.name.set('A ghost')",
    )


SCOPE: dict[str, Any] = {"Airport": Airport}


def show(title: str, *lines: str) -> None:
    """Runs lines as a Python prompt would, and prints them with what they give."""
    console.print(f"\n[bold cyan]{title}", soft_wrap=True)
    for line in lines:
        console.print(Syntax(f">>> {line}", "pycon", background_color="default", word_wrap=True))
        try:
            exec(compile(line, "<demo>", "single"), SCOPE)
        except LimpydError as error:
            console.print(f"[red]{type(error).__name__}:[/] {error}", soft_wrap=True)


@contextmanager
def timed(what: str, total: int) -> Iterator[Callable[[Iterable[Any]], Iterable[Any]]]:
    """A progress bar over what is iterated, with the objects per second at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    start = time.perf_counter()
    with Progress(*columns, console=console) as progress:
        yield lambda items: progress.track(items, total=total, description=what)
    seconds = time.perf_counter() - start
    console.print(f"[green]{what} {total:,} airports took {seconds:.1f} s: {total / seconds:,.0f} objects per second")


if __name__ == "__main__":
    main()
