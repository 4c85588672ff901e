"""Objects that refer to each other, created, linked and deleted at random, are what plain Python says."""

from __future__ import annotations

import random
from typing import Any

from limpyd.exceptions import LimpydError, RelatedDoesNotExist, RestrictedError, UniquenessError
from tests.support.forks import run
from tests.support.related_models import MANY, REFERENCES, problems, references, related_models

PKS = ["a", "b b", "c:c", "*", "{e}", "nul\0", "🎉"]
STEPS = 250

World = dict[tuple[str, str], dict[str, Any]]


def delete(world: World, model: str, pk: str) -> str | None:
    """Deletes an object of plain Python with all that comes of it; gives the error that there should be."""
    if (model, pk) not in world:
        return "DoesNotExist"
    going = [(model, pk)]
    for one in going:
        for holder, _, policy in holders(world, *one):
            if policy == "cascade" and holder not in going:
                going.append(holder)
    left = [
        (one, holder, field, policy)
        for one in going
        for holder, field, policy in holders(world, *one)
        if holder not in going
    ]
    if any(policy == "restrict" for *_, policy in left):
        return "RestrictedError"
    for (_, referred), holder, field, _ in left:
        value = world[holder][field]
        if isinstance(value, set):
            value.discard(referred)
        elif isinstance(value, list):
            value[:] = [each for each in value if each != referred]
        elif isinstance(value, dict):
            value.pop(referred, None)
        else:
            world[holder][field] = None
    for one in going:
        del world[one]
    return None


def holders(world: World, model: str, pk: str) -> list[tuple[tuple[str, str], str, str]]:
    """Who refers to an object, by which field, and what that means."""
    found = []
    for (holder_model, field), (_, target, policy) in REFERENCES.items():
        if target == model:
            for key, values in world.items():
                value = values.get(field) if key[0] == holder_model else None
                if value == pk or (isinstance(value, set | list | dict) and pk in value):
                    found.append((key, field, policy))
    return found


class Play:
    """Does the same in Redis and in plain Python."""

    def __init__(self, face: Any, rng: random.Random) -> None:
        self.face = face
        self.rng = rng
        self.models = related_models(face.Model, face.database)
        self.world: World = {}

    async def refused(self, call: Any) -> str | None:
        try:
            await self.face.do(call())
        except (RelatedDoesNotExist, RestrictedError, UniquenessError) as error:
            return type(error).__name__
        except LimpydError as error:
            return type(error).__name__
        return None

    def value(self, kind: Any) -> Any:
        several = self.rng.choices(PKS, k=self.rng.randrange(3))
        if kind not in MANY:
            return self.rng.choice(PKS)
        return dict.fromkeys(several, 1.0) if MANY[kind] is dict else MANY[kind](several)

    def absent(self, target: str, value: Any) -> bool:
        wanted = [value] if isinstance(value, str) else value
        return any((target, one) not in self.world for one in wanted)

    async def create(self) -> None:
        name, pk = self.rng.choice(["Node", "Leaf"]), self.rng.choice(PKS)
        fields = {field: spec for (model, field), spec in REFERENCES.items() if model == name}
        values = {field: self.value(fields[field][0]) for field in self.rng.sample(sorted(fields), 2)}
        model = self.models[name]
        make = model.create if self.face.is_async else model
        error = await self.refused(lambda: make(name=pk, text="x", **values))
        empty: dict[str, Any] = {field: MANY.get(kind, lambda: None)() for field, (kind, _, _) in fields.items()}
        if (name, pk) in self.world:
            assert error == "UniquenessError"
        elif any(
            self.absent(fields[field][1], value) and not self.itself(fields[field][1], value, name, pk)
            for field, value in values.items()
        ):
            assert error == "RelatedDoesNotExist"
        else:
            assert error is None
            self.world[name, pk] = empty | values

    def itself(self, target: str, value: Any, name: str, pk: str) -> bool:
        """Whether nothing but the new object itself is missing."""
        wanted = {value} if isinstance(value, str) else set(value)
        return target == name and all(one == pk or (target, one) in self.world for one in wanted)

    async def link(self) -> None:
        (name, field), (kind, target, _) = self.rng.choice(list(REFERENCES.items()))
        pk, value = self.rng.choice(PKS), self.rng.choice(PKS)
        bound = getattr(self.models[name].lazy_connect(pk), field)
        ways = {set: lambda: bound.sadd(value), list: lambda: bound.rpush(value), dict: lambda: bound.zadd({value: 1})}
        setting = bound.hset if hasattr(bound, "hset") and kind not in MANY and hasattr(bound, "hget") else None
        way = ways[MANY[kind]] if kind in MANY else (lambda: (setting or bound.set)(value))
        error = await self.refused(way)
        if (name, pk) not in self.world:
            assert error == "DoesNotExist"
        elif (target, value) not in self.world:
            assert error == "RelatedDoesNotExist"
        else:
            assert error is None
            held = self.world[name, pk]
            if kind not in MANY:
                held[field] = value
            elif MANY[kind] is set:
                held[field].add(value)
            elif MANY[kind] is list:
                held[field].append(value)
            else:
                held[field][value] = 1.0

    async def delete(self) -> None:
        name, pk = self.rng.choice(["Node", "Leaf"]), self.rng.choice(PKS)
        expected = delete(self.world, name, pk)
        assert await self.refused(lambda: self.models[name].lazy_connect(pk).delete()) == expected

    def compare(self) -> None:
        client = self.face.client
        there = {
            (name, pk.decode()) for name in self.models for pk in client.smembers(b"{%s}:pks" % name.lower().encode())
        }
        assert there == set(self.world)
        for (name, pk), values in self.world.items():
            for field, value in values.items():
                stored = references(client, name, field, pk.encode())
                assert (decoded(stored) or None) == (value or None), (name, pk, field)


def decoded(stored: Any) -> Any:
    if isinstance(stored, bytes):
        return stored.decode()
    if isinstance(stored, dict):
        return {member.decode(): score for member, score in stored.items()}
    return type(stored)(map(decoded, stored)) if stored else stored


async def test_random_references(face, request):
    play = Play(face, random.Random(request.node.name))
    for number in range(STEPS):
        await play.rng.choice([play.create, play.create, play.link, play.link, play.link, play.delete])()
        if number % 10 == 0:
            play.compare()
    play.compare()
    assert problems(face.client, play.models) == []


def test_four_processes_at_once_and_killed_ones(one_server):
    done = run("-m", "tests.faults.programs.killed_relations", one_server.port, 40)
    assert done.returncode == 0, done.stdout + done.stderr
    kills, commands = map(int, done.stdout.split())
    assert kills == 40
    assert commands > 300
