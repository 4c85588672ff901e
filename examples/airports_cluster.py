"""28,000 real airports on a cluster of three nodes: slots move and a primary is killed while they are written.

make demo-cluster       on a private cluster of three primaries and three replicas, which ends with the program
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from threading import Thread
from typing import Any

import airportsdata
from rich.console import Console

from limpyd import GeoPoint, InstanceHashField, LimpydError, RedisDatabase, RedisModel, StringField
from limpyd.exceptions import OutcomeUnknown, UniquenessError

database = RedisDatabase.embedded(nodes=3, replicas=1, partitions=16)


class Airport(RedisModel):
    """Each airport is in one of 16 partitions, and so on one of three nodes."""

    database = database
    namespace = "demo"

    icao = InstanceHashField(unique=True)
    name = StringField()
    city = InstanceHashField(indexable=True)
    country = InstanceHashField(indexable=True)
    elevation = InstanceHashField(type=float, indexable=True)
    place = InstanceHashField(type=GeoPoint, indexable=True)


AT_ONCE = 200
"""The airports of a pipeline."""
NORTHERNMOST = 85.05
"""Redis stores no place beyond, nor beyond as far in the south."""

console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Writes the airports, has accidents happen meanwhile, and looks at what is there."""
    console.rule("[bold]limpyd: one model on three nodes")
    begin = time.perf_counter()
    try:
        database.connect()
    except LimpydError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    console.print(f"{database.server}: three primaries and three replicas, after {time.perf_counter() - begin:.1f} s\n")
    airports = list(airportsdata.load("ICAO").values())
    third = len(airports) // 3
    write(airports[:third], "Creating a third of the airports, with nothing in the way")
    tell_nodes()
    meanwhile(move_slots, airports[third : 2 * third], "Creating the next third while slots move to another node")
    meanwhile(kill_primary, airports[2 * third :], "Creating the rest while a primary is killed")
    restore(airports)
    tell_nodes()
    explore(len(airports))
    console.rule("[bold]The code: examples/airports_cluster.py")


def write(airports: Sequence[Mapping[str, Any]], what: str) -> None:
    """Creates airports in pipelines, which claim their unique values together; each of them once."""
    begin, repeated = time.perf_counter(), 0
    for some in in_parts(airports):
        try:
            with database.pipeline():
                for facts in some:
                    Airport.create(**values(facts))
        except OutcomeUnknown:  # the node was killed before it answered: look which of them are there
            repeated += sum(map(create_if_absent, some))
    seconds = time.perf_counter() - begin
    console.print(f"{what}: {len(airports):,} in {seconds:.1f} s, {len(airports) / seconds:,.0f} per second")
    if repeated:
        console.print(f"  {repeated} of them were not there after the accident, and were created again")


def in_parts(airports: Iterable[Mapping[str, Any]]) -> Iterable[list[Mapping[str, Any]]]:
    """Yields airports, some at once."""
    left = iter(airports)
    while some := list(islice(left, AT_ONCE)):
        yield some


def create_if_absent(facts: Mapping[str, Any]) -> bool:
    """Creates an airport unless there is one with its code; whether it did."""
    try:
        Airport.create(**values(facts))
    except UniquenessError:
        return False
    return True


def values(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an airport; None is not stored."""
    return {
        "icao": facts["icao"],
        "name": facts["name"],
        "city": facts["city"] or None,
        "country": facts["country"],
        "elevation": facts["elevation"],
        "place": GeoPoint(facts["lon"], facts["lat"]) if abs(facts["lat"]) <= NORTHERNMOST else None,
    }


def meanwhile(accident: Callable[[], None], airports: Sequence[Mapping[str, Any]], what: str) -> None:
    """Creates airports while something happens to the cluster."""
    thread = Thread(target=accident)
    thread.start()
    write(airports, what)
    thread.join()


def move_slots() -> None:
    """Moves a thousand slots from one node to another, with the partitions that are in them."""
    source, target = primaries()[:2]
    first = next(begin for begin, _ in slots_of(source))
    moved = (first, first + 999)
    source.execute_command(
        "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", *moved, "NODE", target.execute_command("CLUSTER MYID")
    )
    while any(begin <= first for begin, end in slots_of(source) if first <= end):
        time.sleep(0.05)
    console.print(f"  the slots {moved[0]} to {moved[1]} are on another node now")


def kill_primary() -> None:
    """Kills a node, and waits until its replica takes over."""
    time.sleep(0.3)
    victim = primaries()[0]
    begin, name = time.perf_counter(), victim.execute_command("CLUSTER MYID")
    os.kill(victim.info("server")["process_id"], signal.SIGKILL)
    other = primaries()[1]
    while name in {row[2][2] for row in other.execute_command("CLUSTER SLOTS")}:
        time.sleep(0.05)
    console.print(f"  a primary was killed; its replica serves after {time.perf_counter() - begin:.1f} s")


def primaries() -> list[Any]:
    """A client of each primary."""
    connection: Any = database.connection
    connection.nodes_manager.initialize()
    return [connection.get_redis_connection(node) for node in connection.get_primaries()]


def slots_of(node: Any) -> list[tuple[int, int]]:
    """The ranges of slots that a node serves."""
    name = node.execute_command("CLUSTER MYID")
    return sorted((row[0], row[1]) for row in node.execute_command("CLUSTER SLOTS") if row[2][2] == name)


def restore(airports: Sequence[Mapping[str, Any]]) -> None:
    """Creates again what the killed node had confirmed, but not sent to its replica: replication is asynchronous."""
    there = set(Airport.collection().values_list("icao", flat=True))
    lost = [facts for facts in airports if facts["icao"] not in there]
    if lost:
        write(lost, "Creating again what was lost with the killed node")


def tell_nodes() -> None:
    """Tells how many keys each node has."""
    sizes = ", ".join(f"{node.dbsize():,}" for node in primaries())
    console.print(f"The nodes have {sizes} keys\n")


def explore(count: int) -> None:
    """Asks all partitions, and checks every key."""
    for code in (
        "Airport.collection().count()",
        "Airport.get(icao='LFPG').hmget('city', 'country', 'elevation')",
        "Airport.collection(country='FR', elevation__gt=5000).count()",
        "Airport.collection(country='FR').sort(by='-elevation').values_list('name', 'elevation')[:3]",
        "Airport.collection(elevation__gte=13_000).count_by('country')",
    ):
        console.print(f"[dim]>>>[/dim] {code}")
        console.print(eval(code))  # noqa: S307 - it is written above
    report = Airport.check()
    console.print(f"\n{report}")
    if Airport.collection().count() != count or not report.ok:
        sys.exit("That is not what was written.")


if __name__ == "__main__":
    main()
