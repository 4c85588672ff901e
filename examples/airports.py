"""28,000 real airports in Redis: what limpyd is for, in a minute.

make demo                                       on a private server that ends with the program
LIMPYD_URL=redis://localhost:6379 make demo     on a server of yours; it is left as it was found
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import airportsdata
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax

from limpyd import (
    FKInstanceHashField,
    GeoPoint,
    InstanceHashField,
    LimpydError,
    PKField,
    RedisDatabase,
    RedisModel,
    StringField,
)

URL = os.environ.get("LIMPYD_URL")
database = RedisDatabase.from_url(URL) if URL else RedisDatabase.embedded()
database.max_changes = 200_000  # a country goes in one step, with its airports, of which some have thousands


class Country(RedisModel):
    """Airports refer to it; its primary key is its two letters."""

    database = database
    namespace = "demo"

    code = PKField()
    airports = InstanceHashField(type=int, indexable=True)


class Airport(RedisModel):
    """Each airport is an object in Redis; each field is a Redis value with the commands of its type."""

    database = database
    namespace = "demo"

    icao = InstanceHashField(unique=True)
    iata = InstanceHashField(unique=True)
    name = StringField()
    city = InstanceHashField(indexable=True)
    country = FKInstanceHashField(Country, related_name="located", on_delete="cascade")
    elevation = InstanceHashField(type=float, indexable=True)
    place = InstanceHashField(type=GeoPoint, indexable=True)


SINGLY = 3000
"""How many are created one by one."""
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
    Country.collection().delete()  # those of a demo that was interrupted, and their airports
    known = airportsdata.load("ICAO").values()
    countries = Counter(facts["country"] for facts in known)
    Country.bulk_create({"code": code, "airports": count} for code, count in countries.items())
    some, others = list(known)[:SINGLY], list(known)[SINGLY:]
    with timed("Creating one by one", len(some)) as each:
        for facts in each(some):
            Airport(**values(facts))
    with timed("Creating in bulk", len(others)) as each:
        Airport.bulk_create(values(facts) for facts in each(others))
    explore()
    with timed("Deleting the countries, and with them", Airport.collection().count()):
        Country.collection().delete(chunk=20)
    show(
        "What is left of the model in Redis: the counter of its keys, and what its indexes are.",
        "sorted(Airport.scan_model_keys())",
    )
    database.connection.delete("{demo:airport}:seq", "{demo:airport}:meta", "{demo:country}:meta")
    console.rule("[bold]The code: examples/airports.py")


def values(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an airport; None is not stored."""
    return {
        "icao": facts["icao"],
        "iata": facts["iata"] or None,
        "name": facts["name"],
        "city": facts["city"] or None,
        "country": facts["country"],
        "elevation": facts["elevation"],
        "place": GeoPoint(facts["lon"], facts["lat"]) if abs(facts["lat"]) <= NORTHERNMOST else None,
    }


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
        "A reference is to an object that exists; the other side finds those who refer to it.",
        "france = cdg.country.instance()",
        "france.located(elevation__gt=6000).count()",
        "cdg.country.hset('Atlantis')",
    )
    show(
        "Filters go on across references, in one request; prefetch reads what is referred to in one more.",
        "Airport.collection(country__airports__gt=5000).count()",
        "Airport.collection((Airport.country.airports == 1) & (Airport.elevation > 100)).count()",
        "before = requests()",
        "found = list(Airport.collection(city='London').instances(prefetch=['name', 'country__airports']))",
        "print(f'{len(found)} airports and their countries in {requests() - before} requests')",
        "[(a.prefetched['name'], a.prefetched['country'].prefetched['airports']) for a in found[:2]]",
    )
    show(
        "Several fields at once; and several operations as one step, or not at all.",
        "cdg.update(city='Paris', elevation=392.0)",
        "with database.transaction(): cdg.city.hset('Lutetia'); cdg.country.hset('Atlantis')",
        "cdg.city.hget()",
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
    show(
        "After all this, do indexes, keys and references agree with what the objects have?",
        "print(Airport.check())",
    )


def requests() -> int:
    """How many queries the server has answered."""
    stats: dict[str, dict[str, int]] = database.connection.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval", "sort_ro"))


SCOPE: dict[str, Any] = {"Airport": Airport, "database": database, "requests": requests}


def show(title: str, *lines: str) -> None:
    """Runs lines as a Python prompt would, and prints them with what they give."""
    console.print(f"\n[bold cyan]{title}", soft_wrap=True)
    for line in lines:
        console.print(Syntax(f">>> {line}", "pycon", background_color="default", word_wrap=True))
        try:
            exec(compile(f"{line}\n", "<demo>", "single"), SCOPE)
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
