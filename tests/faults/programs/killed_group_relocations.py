"""A program for a test: kills processes that move models which refer to each other from one database to another, and
processes that delete objects, while others write.

    python -m tests.faults.programs.killed_group_relocations FROM_PORT TO_PORT KILLS [cluster]

Objects come in families that do not refer to each other, so all of it is known: what was acknowledged, and for each
deletion that was killed, or refused in the middle, what there is if it was decided, and if it was not. At the end of a
round the objects are compared with that, and checked. Prints how many processes were killed in the middle, how many
rounds there were, how many moves were abandoned, how many deletions were killed, and how many writes were acknowledged.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from limpyd import RedisDatabase, RedisModel
from limpyd.deletions import requests
from limpyd.exceptions import MoveConflict, Relocated, RestrictedError
from tests.faults.programs.killing import Stoppable, ended, in_a_process, run_for, stop
from tests.support.grouped_models import MODELS, declare, others

ORIGIN, DESTINATION, KILLS, CLUSTERED = *map(int, sys.argv[1:4]), "cluster" in sys.argv[4:]
WRITERS = 2
Counts = tuple[int, int]
"""The numbers of partitions of authors, books and reviews; and of orders and their lines."""
COUNTS = (((1, 1), (1, 1)), ((1, 2), (4, 2)), ((4, 4), (4, 4)), ((2, 2), (8, 1)), ((8, 2), (2, 2)))
"""Those before and after a move, round by round."""
STEPS = ("close", "find", "delete", "sweep", "finish")
"""Those of a deletion of an object that objects of other partitions may refer to (limpyd.deletions.requests)."""
NUMBERS = itertools.count()


def origin() -> RedisDatabase:
    return RedisDatabase(port=ORIGIN)


def destination() -> RedisDatabase:
    return RedisDatabase(nodes=[("127.0.0.1", DESTINATION)]) if CLUSTERED else RedisDatabase(port=DESTINATION)


@dataclass(frozen=True)
class State:
    """What there is of a family: an author, a pupil of that, a book, its review by the pupil, the line of an order."""

    author: bool = True
    pupil: bool = True
    has_mentor: bool = True
    book_by: str | None = "author"
    review: bool = True
    line_has_book: bool = True

    def without_author(self) -> State:
        """The state after the deletion of the author."""
        gone = self.book_by == "author"
        return replace(
            self,
            author=False,
            has_mentor=False,
            book_by=None if gone else self.book_by,
            review=self.review and not gone,
            line_has_book=self.line_has_book and not gone,
        )


class Family:
    """Objects that refer to each other, and to no others.

    Attributes:
        states: the states that it may be in.
    """

    def __init__(self, made: SimpleNamespace) -> None:
        number = next(NUMBERS)
        self.author, self.pupil = f"{number}:author", f"{number} {{pupil}}"
        self.states: list[State] = []
        made.Author(name=self.author, email=f"{number}@x")
        made.Author(name=self.pupil, email=f"{number} pupil@x", mentor=self.author)
        self.book = made.Book(title="t", author=self.author).pk.get()
        self.order = made.Order(status="new").pk.get()
        self.line = made.Line(order=self.order, book=self.book).pk.get()
        self.review = made.Review(book=self.book, critic=self.pupil).pk.get()
        self.states = [State()]

    def write(self, made: SimpleNamespace, what: int) -> None:
        """Changes something; if that is refused in the middle, it may have been done or not."""
        (state,) = self.states
        if what == 0 and state.author and state.pupil and state.book_by:
            by = "pupil" if state.book_by == "author" else "author"
            made.Book.lazy_connect(self.book).author.hset(getattr(self, by))
            self.states = [replace(state, book_by=by)]
        elif what == 1 and state.author and state.pupil:
            mentor = made.Author.lazy_connect(self.pupil).mentor
            mentor.hdel() if state.has_mentor else mentor.hset(self.author)
            self.states = [replace(state, has_mentor=not state.has_mentor)]
        elif what == 2 and state.book_by:
            book = made.Line.lazy_connect(self.line).book
            book.hdel() if state.line_has_book else book.hset(self.book)
            self.states = [replace(state, line_has_book=not state.line_has_book)]
        elif what == 3 and state.author:
            self.states = [state, state.without_author()]
            made.Author.lazy_connect(self.author).delete()
            self.states = self.states[1:]
        elif what == 4 and state.pupil and state.review:
            goes = state.book_by == "pupil"  # and the review with the book
            after = replace(state, pupil=False, has_mentor=False, book_by=None, review=False, line_has_book=False)
            self.states = [state, after] if goes else [state]
            try:
                made.Author.lazy_connect(self.pupil).delete()
            except RestrictedError:
                if goes:
                    raise
                return
            if not goes:
                sys.exit(f"{self.pupil} was deleted, although a review refers to it")
            self.states = [after]


class Writer(Stoppable):
    """Creates families, and writes to them, wherever the models are at the moment.

    Attributes:
        families: those of this writer.
        writes: how many writes were acknowledged.
    """

    def __init__(self, number: int, places: list[SimpleNamespace], families: list[Family]) -> None:
        super().__init__()
        self.places = places
        self.families = families
        self.writes = 0
        self._rng = random.Random(number)

    def once(self) -> None:
        for made in self.places:
            try:
                if self._rng.random() < 0.2:
                    self.families.append(Family(made))
                known = [each for each in self.families[-40:] if len(each.states) == 1]
                if known:
                    self._rng.choice(known).write(made, self._rng.choice((0, 0, 1, 1, 2, 2, 3, 4)))
                self.writes += 1
            except Relocated:
                pass


def related(database: RedisDatabase, counts: Counts) -> SimpleNamespace:
    return declare(RedisModel, database, *counts)


def moving(counts: Counts, *, steps: int = 0, abandons: bool = False) -> int:
    """Starts a process that moves the models, or abandons the move, and returns its pid."""

    def act(here: Any, there: Any) -> None:
        made = related(here, counts)
        (made.Author.abandon_migration if abandons else made.Author.migrate_to)(there, with_models=others(made))

    return in_a_process(act, lambda: [origin(), destination()], steps=steps, codes={MoveConflict: 3})


def deleting(family: Family, counts: Counts, step: str) -> int:
    """Starts a process that deletes an author at the origin, and is killed before a step of that; returns its pid."""
    family.states = [family.states[0], family.states[0].without_author()]

    def act(here: Any) -> None:
        setattr(requests, step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        related(here, counts).Author.lazy_connect(family.author).delete()

    return in_a_process(act, lambda: [origin()], steps=0, codes={Relocated: 3})


def compare(made: SimpleNamespace, families: list[Family]) -> None:
    """Ends the program if the objects are not those that were acknowledged, or anything refers to nobody."""
    for name in MODELS:
        report = getattr(made, name).check()
        if list(report):
            sys.exit(f"check of {name}: {str(report)[:2000]}")
    authors = dict(made.Author.collection().values_list("pk", "mentor").all())
    books = dict(made.Book.collection().values_list("pk", "author").all())
    lines = dict(made.Line.collection().values_list("pk", "book").all())
    reviews = dict(made.Review.collection().values_list("pk", "book").all())
    expected = 0
    for each in families:
        by = {each.author: "author", each.pupil: "pupil", None: None}
        found = State(
            each.author in authors,
            each.pupil in authors,
            authors.get(each.pupil) == each.author,
            by[books.get(each.book)],
            reviews.get(each.review) == each.book,
            lines[each.line] == each.book,
        )
        if found not in each.states:
            sys.exit(f"{vars(each)}: {found}; mentor {authors.get(each.pupil)!r}, {books.get(each.book)!r}")
        if lines[each.line] not in {None, each.book} or (each.review in reviews) != found.review:
            sys.exit(f"{vars(each)}: {lines[each.line]!r}, {reviews.get(each.review)!r}")
        expected += found.author + found.pupil
    if len(authors) < expected:
        sys.exit(f"{len(authors)} authors, of {expected}")


def round_of(number: int, kills: int) -> tuple[int, int, int, int]:
    """Moves the models; returns how many processes were killed, moves abandoned, deletions killed, writes done."""
    before, after = COUNTS[number % len(COUNTS)]
    every: list[list[Family]] = [[] for _ in range(WRITERS)]
    first = [Writer(each, [related(origin(), before)], known) for each, known in enumerate(every)]
    run_for(0.15, first)
    writers = [Writer(each, [related(origin(), before)], known) for each, known in enumerate(every)]
    spare = [Family(related(origin(), before)) for _ in range(3 * kills)]
    for writer in writers:
        writer.start()
    killed = abandoned = deletions = 0
    left = iter(spare)
    for _ in range(kills):
        some = [deleting(next(left), before, random.choice(STEPS)) for _ in range(3)]
        rivals = [moving(after, steps=random.randrange(4, 60)) for _ in range(random.choice((1, 1, 2)))]
        deletions += sum(ended(child) is None for child in some)
        killed += sum(ended(child) is None for child in rivals)
        if random.random() < 0.3:
            killed += ended(moving(after, steps=random.randrange(1, 20), abandons=True)) is None
            abandoned += ended(moving(after, abandons=True)) == 0
    if {*map(ended, [moving(after), moving(after)])} - {0, 3}:
        sys.exit("two at once: one failed")
    if ended(moving(after)) != 0:
        sys.exit("the last call failed")
    stop(writers)
    last = [
        Writer(each, [related(origin(), before), related(destination(), after)], known)
        for each, known in enumerate(every)
    ]
    run_for(0.1, last)
    made = related(destination(), after)
    compare(made, [*spare, *(each for known in every for each in known)])
    here = related(origin(), after)
    here.Author.delete_migrated(destination(), with_models=others(here))
    keys = list(origin().scan_keys("{related:*"))
    if len(keys) != len(MODELS):
        sys.exit(f"left at the origin: {keys}")
    for database in (origin(), destination()):
        for key in database.scan_keys("{related:*"):
            database.connection.delete(key)
    return killed, abandoned, deletions, sum(writer.writes for writer in (*first, *writers, *last))


def main() -> None:
    random.seed(KILLS)
    killed = rounds = abandoned = deletions = writes = 0
    while killed < KILLS or rounds < 2:
        result = round_of(rounds, random.choice((1, 2, 4)))
        killed, rounds, abandoned = killed + result[0], rounds + 1, abandoned + result[1]
        deletions, writes = deletions + result[2], writes + result[3]
    print(killed, rounds, abandoned, deletions, writes)


if __name__ == "__main__":
    main()
