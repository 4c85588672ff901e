"""Uses models that refer to each other while their objects move to more partitions, and kills movers and those who
delete (SIGKILL).

    python -m tests.faults.programs.moved_references PORT SEED MOVES [cluster]

Threads that declare two partitions create people, teams that people lead, notes on teams and badges of people, change
references, and delete; each has objects of its own, and compares what it finds with plain Python. All have guests in
common, whom anybody may delete, and create again under the same name. Beside them, processes move the people or the
teams, or both at once, to twice as many partitions, again and again, and others delete people; many are killed. In the
end all is compared, and nothing may refer to nobody. The program prints the numbers of movers killed, of deletions
killed and of operations, or ends with an error.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from types import SimpleNamespace
from typing import Any

from limpyd import FKInstanceHashField, InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.deletions import requests
from limpyd.exceptions import (
    DifferentPartitions,
    DoesNotExist,
    ObjectsMoved,
    RelatedDoesNotExist,
    RestrictedError,
    UniquenessError,
)
from limpyd.indexes.maintenance import partition_record, trusted_reads
from limpyd.repartitioning import announcing, fences, slices
from limpyd.targets.closings import AGE
from tests.faults.programs.killing import Stoppable, ended, in_a_process, in_the_background, stop

PORT, SEED, MOVES, CLUSTERED = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), "cluster" in sys.argv[4:]
USERS = 3
MOST_OBJECTS = 25
GUESTS = ["g a", "g:b", "g*", "g{}", "g\0é", *(f"guest {number}" for number in range(7))]
STEPS = ("close", "find", "delete", "sweep", "finish")
"""Those of a deletion (limpyd.deletions.requests)."""
partition_record.TRUSTED = trusted_reads.TRUSTED = 0.2
fences.NOTICED = 0.4
announcing.IN_SLICE = 10
slices.REST = 0.02


def declare(people: int = 2, teams: int = 2) -> SimpleNamespace:
    """The models, as a process sees them that has sent nothing yet."""
    nodes: dict[str, Any] = {"nodes": [("127.0.0.1", PORT)]} if CLUSTERED else {"port": PORT}
    made = RedisDatabase(patience=60, **nodes)

    class Common(RedisModel):
        abstract = True
        database = made
        namespace = f"moved{SEED}"
        pk = PKField()

    class Person(Common):
        partitions = people
        name = InstanceHashField(unique=True)
        mentor = FKInstanceHashField("self", related_name="pupils")

    class Team(Common):
        partitions = teams
        owner = InstanceHashField(indexable=True)
        leader = FKInstanceHashField(Person, related_name="teams", on_delete="cascade")
        guest = FKInstanceHashField(Person, related_name="guest_of")

    class Note(Common):
        text = InstanceHashField()
        team = FKInstanceHashField(Team, related_name="notes")

    class Badge(Common):
        partitions = 4
        person = FKInstanceHashField(Person, related_name="badges", on_delete="restrict")

    return SimpleNamespace(database=made, Person=Person, Team=Team, Note=Note, Badge=Badge)


class User(Stoppable):
    """Uses objects of its own.

    Attributes:
        people: its people, each with the mentor.
        teams: its teams, each with the leader.
        notes: its notes, each with the team.
        badges: its badges, each with the person.
        operations: how many operations were done.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.people: dict[str, str | None] = {}
        self.teams: dict[str, str] = {}
        self.notes: dict[str, str | None] = {}
        self.badges: dict[str, str] = {}
        self.operations = 0
        self._made = declare()
        self._name = f"user {number}"
        self._rng = random.Random(SEED * USERS + number)
        self._numbers = iter(range(10**9))

    def once(self) -> None:
        actions = (self._team, self._note, self._badge, self._lead, self._read, self._query, self._delete, self._drop)
        actions += (self._guest, self._mentor, self._pipeline, self._person)
        (self._rng.choice(actions) if len(self.people) > 4 else self._person)()
        self.operations += 1

    def _some(self, of: dict[str, Any]) -> str:
        return self._rng.choice(list(of))

    def _new(self) -> str:
        return f"{self._name}: {next(self._numbers)}"

    def _person(self) -> None:
        """Creates a person, perhaps under a name that a deleted one had."""
        if len(self.people) < MOST_OBJECTS:
            pk = self._rng.choice([f"{self._name} {number}" for number in range(2 * MOST_OBJECTS)])
            try:
                self._made.Person(pk=pk, name=pk)
                assert pk not in self.people
                self.people[pk] = None
            except UniquenessError:
                assert pk in self.people

    def _team(self) -> None:
        if len(self.teams) < MOST_OBJECTS:
            pk, leader = self._new(), self._some(self.people)
            self._made.Team(pk=pk, owner=self._name, leader=leader)
            self.teams[pk] = leader

    def _note(self) -> None:
        if self.teams and len(self.notes) < 2 * MOST_OBJECTS:
            pk, team = self._new(), self._some(self.teams)
            self._made.Note(pk=pk, text="x", team=team)
            self.notes[pk] = team

    def _badge(self) -> None:
        if len(self.badges) < MOST_OBJECTS // 5:
            pk, person = self._new(), self._some(self.people)
            self._made.Badge(pk=pk, person=person)
            self.badges[pk] = person
        else:
            pk = self._some(self.badges)
            self._made.Badge.lazy_connect(pk).delete()
            del self.badges[pk]

    def _lead(self) -> None:
        if self.teams:
            pk, leader = self._some(self.teams), self._some(self.people)
            self._made.Team.lazy_connect(pk).leader.hset(leader)
            self.teams[pk] = leader

    def _mentor(self) -> None:
        pk, mentor = self._some(self.people), self._some(self.people)
        self._made.Person.lazy_connect(pk).mentor.hset(mentor)
        self.people[pk] = mentor

    def _read(self) -> None:
        person = self._some(self.people)
        assert self._made.Person.lazy_connect(person).mentor.hget() == self.people[person]
        if self.teams:
            team = self._some(self.teams)
            assert self._made.Team.lazy_connect(team).leader.hget() == self.teams[team]
            assert set(self._made.Team.lazy_connect(team).notes().all()) == referring(self.notes, team)

    def _query(self) -> None:
        person = self._some(self.people)
        made = self._made.Person.lazy_connect(person)
        assert set(made.teams().all()) == referring(self.teams, person)
        assert set(made.pupils().all()) == referring(self.people, person)
        assert set(self._made.Team.collection(owner=self._name).all()) == set(self.teams)

    def _delete(self) -> None:
        pk = self._some(self.people)
        try:
            self._made.Person.lazy_connect(pk).delete()
        except RestrictedError:
            assert referring(self.badges, pk)
            return
        assert not referring(self.badges, pk)
        del self.people[pk]
        self.people = {each: None if mentor == pk else mentor for each, mentor in self.people.items()}
        for team in referring(self.teams, pk):
            self._without_team(team)

    def _drop(self) -> None:
        if self.teams:
            pk = self._some(self.teams)
            self._made.Team.lazy_connect(pk).delete()
            self._without_team(pk)

    def _without_team(self, team: str) -> None:
        del self.teams[team]
        self.notes = {pk: None if of == team else of for pk, of in self.notes.items()}

    def _guest(self) -> None:
        guest, what = self._rng.choice(GUESTS), self._rng.random()
        try:
            if what < 0.2:
                self._made.Person(pk=guest, name=guest)
            elif what < 0.4:
                self._made.Person.lazy_connect(guest).delete()
            elif self.teams:
                self._made.Team.lazy_connect(self._some(self.teams)).guest.hset(guest)
        except (DoesNotExist, RelatedDoesNotExist, UniquenessError):
            pass

    def _pipeline(self) -> None:
        if len(self.teams) > 2:
            teams = self._rng.sample(list(self.teams), 2)
            leaders = [self._some(self.people) for _ in teams]
            with self._made.database.pipeline():
                for team, leader in zip(teams, leaders, strict=True):
                    self._made.Team.lazy_connect(team).leader.hset(leader)
                found = [self._made.Team.lazy_connect(team).leader.hget() for team in teams]
            assert [each.value for each in found] == leaders
            self.teams.update(zip(teams, leaders, strict=True))


def referring(objects: dict[str, Any], pk: str) -> set[str]:
    return {each for each, target in objects.items() if target == pk}


def moving(model: str, people: int, teams: int, steps: int) -> int:
    """Starts a process that moves the objects of a model, and is killed before one of its steps; returns its pid."""

    def act(_: Any) -> None:
        getattr(made, model).repartition()

    made = declare(people, teams)
    return in_a_process(act, lambda: [made.database], steps=steps, codes={})


def deleting(pk: str, step: str) -> int:
    """Starts a process that deletes a person, and is killed before a step of that; returns its pid."""

    def act(_: Any) -> None:
        setattr(requests, step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        made.Person.lazy_connect(pk).delete()

    made = declare(*NOW)
    return in_a_process(act, lambda: [made.database], steps=0, codes={ObjectsMoved: 3, DifferentPartitions: 3})


NOW = [2, 2]
"""The numbers of partitions of people, and of teams."""


def moves(doomed: list[str]) -> str:
    """Has the objects moved again and again, and people deleted; returns how many movers and deletions were killed."""
    rng, killed, deletions = random.Random(SEED), 0, 0
    time.sleep(0.5)
    for _ in range(MOVES):
        chosen = rng.choice((["Person"], ["Team"], ["Person", "Team"]))
        to = [2 * count if model in chosen else count for model, count in zip(("Person", "Team"), NOW, strict=True)]
        tries = rng.randrange(1, 5)
        while tries >= 0:
            steps = [rng.randrange(10, 300) if tries else 0 for _ in chosen]
            children = [moving(model, *to, each) for model, each in zip(chosen, steps, strict=True)]
            for _ in range(rng.randrange(3)):
                if doomed:
                    deletions += ended(deleting(doomed.pop(), rng.choice(STEPS))) is None
            codes = [ended(child) for child in children]
            killed += codes.count(None)
            if set(codes) - {0, None}:
                sys.exit("a mover has failed")
            tries = tries - 1 if None in codes or tries == 0 else 0
        NOW[:] = to
    return f"{killed} {deletions} {' '.join(map(str, NOW))}"


def compare(made: SimpleNamespace, users: list[User], doomed: list[str]) -> None:
    """Ends the program if the objects are not those that were acknowledged, or anything refers to nobody."""
    for model in (made.Person, made.Team, made.Note, made.Badge):
        found = {finding.kind for finding in model.check(repair=True)}
        if not found <= {"unfinished", "abandoned", "unclaimed"}:
            sys.exit(f"check of {model.__name__}: {found}")
    for model in (made.Person, made.Team, made.Note, made.Badge):
        if report := list(model.check()):
            sys.exit(f"check of {model.__name__} after its repair: {report[:20]}")
    people = dict(made.Person.collection().values_list("pk", "mentor").all())
    teams = dict(made.Team.collection().values_list("pk", "leader").all())
    notes = dict(made.Note.collection().values_list("pk", "team").all())
    badges = dict(made.Badge.collection().values_list("pk", "person").all())
    for pk in doomed:
        is_there = people.pop(pk, "gone") != "gone"
        if (teams.pop(pk, None) == pk) != is_there or (notes.pop(pk) == pk) != is_there:
            sys.exit(f"{pk} was deleted by half")
    for guest in GUESTS:
        people.pop(guest, None)
    for name, found in (("people", people), ("teams", teams), ("notes", notes), ("badges", badges)):
        expected = {pk: each for user in users for pk, each in getattr(user, name).items()}
        if found != expected:
            wrong = {pk for pk in {*found, *expected} if found.get(pk, "-") != expected.get(pk, "-")}
            sys.exit(f"{name}: {[(pk, found.get(pk, '-'), expected.get(pk, '-')) for pk in sorted(wrong)]}")


def main() -> None:
    made = declare()
    doomed = [f"doomed {number}" for number in range(6 * MOVES)]
    for pk in doomed:
        made.Person(pk=pk, name=pk)
        made.Team(pk=pk, owner="nobody", leader=pk)
        made.Note(pk=pk, text="x", team=pk)
    made.database.close()
    child, result = in_the_background(lambda: moves([*doomed]))
    users = [User(number) for number in range(USERS)]
    for user in users:
        user.start()
    _, status = os.waitpid(child, 0)
    time.sleep(0.2)
    stop(users)
    if status:
        sys.exit("the moves have failed")
    killed, deletions, *counts = map(int, result().split())
    time.sleep(AGE / 1000)  # what was killed counts as such from then on
    compare(declare(*counts), users, doomed)
    print(killed, deletions, sum(user.operations for user in users))


if __name__ == "__main__":
    main()
