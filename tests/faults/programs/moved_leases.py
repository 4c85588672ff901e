"""A program for a test: kills processes that move objects that expire, and those that refer to them, to another
database (1 of its server), while others create them, set their deadlines, and delete them.

    python -m tests.faults.programs.moved_leases FROM_PORT TO_PORT KILLS [PARTITIONS]

Objects come in families: a lease, a cart that loses its reference, an item that goes with the lease, and a note that
goes with the item. At the end of a round, families whose lease has no deadline must be whole at the destination, and
of those whose deadline is over nothing may be left but the cart. Nothing may refer to nobody, and the unique values of
what is gone must be free. Prints how many processes were killed in the middle, how many rounds there were, how many
writes were acknowledged, and how many leases were kept, and how many are gone.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from limpyd import (
    DeadlineField,
    DoesNotExist,
    FKInstanceHashField,
    FKStringField,
    InstanceHashField,
    M2MListField,
    PKField,
    RedisDatabase,
    RedisModel,
)
from limpyd.exceptions import MoveConflict, RelatedDoesNotExist, Relocated
from tests.faults.programs.killing import Stoppable, ended, in_a_process, run_for, stop

ORIGIN, DESTINATION, KILLS = map(int, sys.argv[1:4])
PARTITIONS = int((sys.argv[4:] or ["1"])[0])
WRITERS = 2
LONGEST = 0.4
"""The seconds after which the longest deadline is over."""
NUMBERS = itertools.count()


def origin() -> RedisDatabase:
    return RedisDatabase(port=ORIGIN)


def destination() -> RedisDatabase:
    return RedisDatabase(port=DESTINATION, db=1)


def declare(made: RedisDatabase) -> SimpleNamespace:
    """The models, as a process sees them that has sent nothing yet."""

    class Base(RedisModel):
        abstract = True
        database = made
        namespace = "leased"
        name = PKField()

    class Lease(Base):
        partitions = PARTITIONS
        until = DeadlineField()
        user = InstanceHashField(indexable=True)

    class Beside(Base):
        abstract = True
        if PARTITIONS > 1:
            colocate_with = Lease

    class Cart(Beside):
        lease = FKInstanceHashField(Lease, related_name="carts")
        seen = M2MListField(Lease, related_name="seen_by")
        note = InstanceHashField(indexable=True)

    class Item(Beside):
        lease = FKInstanceHashField(Lease, on_delete="cascade", related_name="items")
        code = InstanceHashField(unique=True)

    class Note(Beside):
        item = FKStringField(Item, on_delete="cascade", related_name="notes")
        text = InstanceHashField()

    return SimpleNamespace(Lease=Lease, Cart=Cart, Item=Item, Note=Note)


def others(made: SimpleNamespace) -> list[Any]:
    """The models that move with the leases."""
    return [made.Cart, made.Item, made.Note]


class Writer(Stoppable):
    """Creates families, and sets deadlines, wherever the models are at the moment.

    Attributes:
        kept: the leases without a deadline.
        timed: those with one.
        writes: how many writes were acknowledged.
    """

    def __init__(self, number: int, places: list[SimpleNamespace]) -> None:
        super().__init__()
        self.kept: set[str] = set()
        self.timed: set[str] = set()
        self.writes = 0
        self._places = places
        self._rng = random.Random(number)

    def once(self) -> None:
        for made in self._places:
            try:
                self._rng.choice((self._create, self._create, self._time, self._keep, self._remove, self._look))(made)
                self.writes += 1
            except Relocated:
                pass

    def _create(self, made: SimpleNamespace) -> None:
        """The family is created; until it is whole, it counts as one with a deadline, which comes last."""
        pk = f"{next(NUMBERS)}{self._rng.choice(('', ' ', '*', '{}', 'é'))}"
        duration = timedelta(seconds=self._rng.random() * LONGEST)
        self.timed.add(pk)
        try:
            made.Lease(name=pk, user="u", until=duration)
            made.Cart(name=f"{pk}:c", lease=pk, seen=[pk, pk], note="n")
            made.Item(name=f"{pk}:i", lease=pk, code=pk)
            made.Note(name=f"{pk}:n", item=f"{pk}:i", text="t")
            if self._rng.random() < 0.4:
                made.Lease.lazy_connect(pk).until.persist()
                self._keep_whole(pk)
        except (DoesNotExist, RelatedDoesNotExist):
            pass

    def _keep_whole(self, pk: str) -> None:
        self.timed.discard(pk)
        self.kept.add(pk)

    def _time(self, made: SimpleNamespace) -> None:
        if self.kept:
            pk = self._rng.choice(sorted(self.kept))
            made.Lease.lazy_connect(pk).until.pexpire(self._rng.randrange(int(1000 * LONGEST)))
            self.kept.discard(pk)
            self.timed.add(pk)

    def _keep(self, made: SimpleNamespace) -> None:
        pk = f"{next(NUMBERS)}"  # which is in neither set if a write is refused in the middle
        made.Lease(name=pk, user="u")
        made.Cart(name=f"{pk}:c", lease=pk, seen=[pk], note="n")
        made.Item(name=f"{pk}:i", lease=pk, code=pk)
        made.Note(name=f"{pk}:n", item=f"{pk}:i", text="t")
        self._keep_whole(pk)

    def _remove(self, made: SimpleNamespace) -> None:
        if self.kept:
            pk = self._rng.choice(sorted(self.kept))
            made.Lease.lazy_connect(pk).delete()
            self.kept.discard(pk)

    def _look(self, made: SimpleNamespace) -> None:
        if self.kept:
            pk = self._rng.choice(sorted(self.kept))
            assert made.Note.lazy_connect(f"{pk}:n").item.get() == f"{pk}:i", pk
            assert set(made.Lease.lazy_connect(pk).items().all()) == {f"{pk}:i"}, pk
            assert made.Cart.lazy_connect(f"{pk}:c").lease.get() == pk, pk


def moving(*, steps: int = 0, abandons: bool = False) -> int:
    """Starts a process that moves the models, or abandons the move, and returns its pid."""

    def act(here: Any, there: Any) -> None:
        made = declare(here)
        (made.Lease.abandon_migration if abandons else made.Lease.migrate_to)(there, with_models=others(made))

    return in_a_process(act, lambda: [origin(), destination()], steps=steps, codes={MoveConflict: 3})


def compare(made: SimpleNamespace, writers: list[Writer]) -> tuple[int, int]:
    """Ends the program if the objects are not as they should be; returns how many leases are kept, how many gone."""
    time.sleep(LONGEST)
    kept = {pk for writer in writers for pk in writer.kept}
    timed = {pk for writer in writers for pk in writer.timed}
    leases = {pk: pk for pk in made.Lease.collection()}
    carts, items = (dict(model.collection().values_list("pk", "lease").all()) for model in (made.Cart, made.Item))
    notes = dict(made.Note.collection().values_list("pk", "item").all())
    for pk in (*kept, *timed):
        found = leases.get(pk), carts.get(f"{pk}:c"), items.get(f"{pk}:i"), notes.get(f"{pk}:n")
        if found != ((pk, pk, pk, f"{pk}:i") if pk in kept else (None,) * 4):
            sys.exit(f"{pk!r}, {'kept' if pk in kept else 'timed'}: {found}")
    seen = {pk: set(lists) for pk, lists in made.Cart.collection().values_list("pk", "seen").all()}
    known = {*leases, *(f"{pk}:i" for pk in leases)}
    wrong = [pk for pk, each in seen.items() if not each <= leases.keys()]
    wrong += [pk for pk, of in (*carts.items(), *items.items(), *notes.items()) if of is not None and of not in known]
    if wrong:
        sys.exit(f"these refer to nobody: {wrong[:20]}")
    for model in (made.Lease, *others(made)):
        if found := [str(each) for each in model.check() if each.kind != "abandoned"]:
            sys.exit(f"check of {model.__name__}: {found[:20]}")
    for number, pk in enumerate(sorted(timed)[:200]):
        made.Item(name=f"{pk}:{number}", code=pk).delete()
    return len(kept), len(timed)


def round_of(kills: int) -> list[int]:
    """Moves the models; returns how many processes were killed, writes done, leases kept, and gone."""
    first = [Writer(random.getrandbits(32), [declare(origin())]) for _ in range(WRITERS)]
    run_for(0.3, first)
    writers = [Writer(random.getrandbits(32), [declare(origin())]) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    killed = 0
    for _ in range(kills):
        rivals = [moving(steps=random.randrange(4, 60)) for _ in range(random.choice((1, 1, 2)))]
        killed += sum(ended(child) is None for child in rivals)
        if random.random() < 0.3:
            killed += ended(moving(steps=random.randrange(1, 20), abandons=True)) is None
            ended(moving(abandons=True))
    if {*map(ended, [moving(), moving()])} - {0, 3}:
        sys.exit("two at once: one failed")
    if ended(moving()) != 0:
        sys.exit("the last call failed")
    stop(writers)
    last = [Writer(random.getrandbits(32), [declare(origin()), declare(destination())]) for _ in range(WRITERS)]
    run_for(0.2, last)
    everyone = [*first, *writers, *last]
    counts = compare(declare(destination()), everyone)
    here = declare(origin())
    here.Lease.delete_migrated(destination(), with_models=others(here))
    for database in (origin(), destination()):
        for key in database.scan_keys("{leased:*"):
            database.connection.delete(key)
    return [killed, sum(writer.writes for writer in everyone), *counts]


def main() -> None:
    random.seed(KILLS + PARTITIONS)
    totals, rounds = [0, 0, 0, 0], 0
    while totals[0] < KILLS:
        counts = round_of(random.choice((1, 2, 4)))
        totals, rounds = [sum(each) for each in zip(totals, counts, strict=True)], rounds + 1
    print(totals[0], rounds, *totals[1:])


if __name__ == "__main__":
    main()
