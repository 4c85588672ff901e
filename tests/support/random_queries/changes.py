"""Random changes of objects, made on the server and in plain Python alike."""

from __future__ import annotations

import random
from binascii import crc32
from typing import Any

from tests.support.random_queries.plain_python import Thing, World
from tests.support.random_queries.things import (
    IN_STRINGS,
    INTS,
    MANY,
    PKS,
    SCORES,
    SINGLE,
    SUBS,
    TEXTS,
    Deck,
    plain_set,
    random_thing,
    some,
)

CHANGES = (
    *("set", "set", "set", "unset", "unset", "add members", "add members", "remove members", "remove members"),
    *("clear", "append", "increment", "create", "create", "delete", "rebuild"),
)


class Changes:
    """Makes objects, and changes them.

    Args:
        ask: evaluates what is written in Python, with `Thing` as the model.
        rng: what is chosen by.
        world: what there is; it is changed as the server is.
        text_pks: whether primary keys are texts of our own; else they are automatic.
        partitions: of how many partitions the model is; most objects of text are in the first one.
    """

    def __init__(self, ask: Any, rng: random.Random, world: World, *, text_pks: bool, partitions: int = 1) -> None:
        self._partitions = partitions
        self._ask = ask
        self._rng = rng
        self._world = world
        self._text_pks = text_pks
        self._made = 0
        self._kinds = Deck(rng, CHANGES)

    async def create(self) -> None:
        """Makes an object."""
        rng = self._rng
        self._made += 1
        thing = random_thing(rng, self._made, list(self._world))
        given = {name: value for name, value in thing.items() if value not in (None, set(), [], {})}
        if self._text_pks:
            free = [pk for first in ("", *PKS) for second in PKS if (pk := first + second) not in self._world]
            if rng.random() < 0.7:
                free = [pk for pk in free if crc32(pk.encode()) % self._partitions == 0] or free
            given["pk"] = rng.choice(free[: len(PKS) * 6])
        self._ask.names["given"] = given
        made = await self._ask.result("Thing.create(**given)")
        pk = await self._ask.face.do(made.pk.get())
        self._world[pk] = {"pk": pk, **thing}

    async def one(self) -> str:
        """Makes one change, and tells of which kind."""
        kind = self._kinds.draw()
        thing = self._rng.choice(list(self._world.values()))
        written = self._written(kind, thing)
        if kind == "create":
            await self.create()
        elif kind == "rebuild":
            await self._ask.result("Thing.rebuild_indexes()")
        elif written:
            await self._ask.result(f"Thing.lazy_connect({thing['pk']!r}).{written}")
        return kind

    def _written(self, kind: str, thing: Thing) -> str:
        """A change of an object: how it is written. In plain Python it is made at once."""
        rng = self._rng
        match kind:
            case "delete":
                del self._world[thing["pk"]]
                return "delete()"
            case "set":
                name = rng.choice(list(SINGLE))
                thing[name] = rng.choice(SINGLE[name][1])
                return f"{name}.{'set' if name in IN_STRINGS else 'hset'}({thing[name]!r})"
            case "unset":
                name = rng.choice([*SINGLE, "friend", "email"])
                thing[name] = None
                return f"{name}.{'delete' if name in IN_STRINGS else 'hdel'}()"
            case "clear":
                name = rng.choice([*MANY, "ranking"])
                thing[name] = type(thing[name])()
                return f"{name}.delete()"
            case "append":
                name, added = rng.choice(("word", "title")), rng.choice([text for text in TEXTS if text])
                thing[name] = (thing[name] or "") + added
                return f"{name}.append({added!r})"
            case "increment":
                if abs(thing["age"] or 0) > 1000:
                    return ""
                thing["age"] = (thing["age"] or 0) + 1
                return "age.hincrby(1)"
            case "add members":
                return self._adding(rng.choice(list(MANY)), thing)
            case "remove members":
                return self._removing(rng.choice(list(MANY)), thing)
        return ""

    def _adding(self, name: str, thing: Thing) -> str:
        rng = self._rng
        values = MANY[name][-1]
        chosen = [rng.choice(values), *some(rng, values, 2)]
        if name in SUBS:
            sub = rng.choice(SUBS[name])
            thing[name][sub] = chosen[0]
            return f"{name}.hset({sub!r}, {chosen[0]!r})"
        given = ", ".join(map(repr, chosen))
        match thing[name]:
            case dict():
                scores = {member: rng.choice(SCORES) for member in chosen}
                thing[name] |= scores
                return f"{name}.zadd({scores!r})"
            case set():
                thing[name] |= plain_set(chosen)
                return f"{name}.sadd({given})"
        if rng.random() < 0.5:
            thing[name] += chosen
            return f"{name}.rpush({given})"
        thing[name][:0] = reversed(chosen)
        return f"{name}.lpush({given})"

    def _removing(self, name: str, thing: Thing) -> str:
        rng = self._rng
        if name == "scores":
            return self._removing_from_list(thing[name])
        absent = SUBS[name] if name in SUBS else MANY[name][-1]
        chosen = [*rng.sample(sorted(thing[name]), min(len(thing[name]), rng.randint(1, 2))), rng.choice(absent)]
        for member in chosen:
            if isinstance(thing[name], dict):
                thing[name].pop(member, None)
            else:
                thing[name].discard(member)
        command = "hdel" if name in SUBS else {"board": "zrem"}.get(name, "srem")
        return f"{name}.{command}({', '.join(map(repr, chosen))})"

    def _removing_from_list(self, values: list[int]) -> str:
        rng = self._rng
        kind = rng.choice(("lpop", "rpop", "lrem"))
        if kind == "lrem":
            value = rng.choice([*values, *INTS])
            values[:] = [each for each in values if each != value]
            return f"scores.lrem(0, {value})"
        if values:
            del values[0 if kind == "lpop" else -1]
        return f"scores.{kind}()"
