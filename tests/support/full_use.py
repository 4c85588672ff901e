"""A short use of all that limpyd offers, for what should make no difference to it: accounts, kinds of connections."""

from __future__ import annotations

import inspect
from typing import Any

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    GeoField,
    GeoPoint,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    M2MSetField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
)
from limpyd.commands.table import Scope
from limpyd.exceptions import LimpydError
from tests.support import command_calls as calls
from tests.support.queries import QUERIES, READS

COMMANDS: dict[str, tuple[dict[str, Any], Any]] = {
    "text": ({**calls.STRING, **calls.KEY, **calls.STRING_COMPARISON, **calls.KEY_DETAILS}, "1"),
    "bits": (calls.BITS, b"1"),
    "entry": ({**calls.INSTANCE_HASH, **calls.INSTANCE_HASH_EXPIRY}, "1"),
    "only": (calls.INSTANCE_HASH, "1"),
    "visitors": (calls.HYPERLOGLOG, ["1"]),
    "json": (calls.JSON, [1]),
    "stream": (calls.STREAM, None),
    **calls.MEMBER_FIELDS,
}
"""Each field of `Everything`: its commands with arguments, and a value."""
SORTED = {"loose", "bag", "ranks"}


def models(base: Any, given: Any) -> tuple[Any, Any]:
    """A model with a field of each kind, and one for queries, whose objects refer to each other."""
    return everything(base, given), _person(base, given)


def everything(base: Any, given: Any) -> Any:
    """A model with a field of each kind."""

    class Everything(base):
        database = given
        text = StringField()
        bits = StringField(type=bytes)
        entry = InstanceHashField()
        only = InstanceHashField(unique=True)
        visitors = HyperLogLogField()
        json = JSONField()
        stream = StreamField()
        tags = SetField(indexable=True)
        loose = SetField()
        queue = ListField(indexable=True)
        bag = ListField()
        board = SortedSetField(indexable=True)
        ranks = SortedSetField()
        heads = HashField(indexable=True)
        plain = HashField()
        places = GeoField(indexable=True)

    return Everything


def _person(base: Any, given: Any) -> Any:
    class Person(base):
        database = given
        name = StringField(indexes=[EqualIndex, TextRangeIndex])
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        folded = InstanceHashField(indexes=[EqualIndex(transform=str.casefold)])
        tags = SetField(indexable=True)
        props = HashField(indexable=True)
        where = InstanceHashField(type=GeoPoint, indexable=True)
        ranking = SortedSetField()
        boss = FKInstanceHashField("self", related_name="staff")
        friends = M2MSetField("self", related_name="friends_of")

    return Person


class Use:
    """Uses the models, and notes what came of each step: the type of the result, or of the error.

    Attributes:
        outcomes: by the name of the step.
        refusals: what errors say.
    """

    def __init__(self, face: Any, everything: Any, person: Any) -> None:
        self.face = face
        self.everything = everything
        self.person = person
        self.outcomes: dict[str, str] = {}
        self.refusals: dict[str, str] = {}

    async def step(self, name: str, call: Any) -> Any:
        """What comes of a call, awaited or iterated if need be."""
        try:
            result = call()
            if inspect.isgenerator(result) or inspect.isasyncgen(result):
                result = await self.face.all(result)
            result = await self.face.do(result)
        except LimpydError as error:
            self.outcomes[name] = type(error).__name__
            self.refusals[name] = str(error)
        else:
            self.outcomes[name] = type(result).__name__
            return result

    async def all(self) -> Any:
        """Everything, from creating to deleting."""
        await self.commands()
        await self.fill()
        await self.queries()
        await self.changes()
        return self

    async def commands(self, *, reads_of: int | None = None) -> None:
        """Each command of each kind of field: of new objects; or only those that read, of the object with a number."""
        for name, (commands, value) in COMMANDS.items():
            given = {"entry": "x"} if value is None else {name: value}
            if reads_of is None:
                one = await self.step(f"create with {name}", lambda g=given: self.everything.create(**g))
                await self.face.do(self.everything.collection(only="1").delete())  # which is in the way of another
                two = await self.face.do(self.everything.create(**given))
            else:
                one, two = self.everything.lazy_connect(reads_of), self.everything.lazy_connect(reads_of + 1)
            sorting = calls.SORTING if name in SORTED else {}
            for command, args in {**commands, **sorting}.items():
                call = getattr(getattr(one, name), command)
                facts = getattr(call, "facts", None)
                if reads_of is not None and (facts is None or facts.scope is not Scope.READ):
                    continue
                other = one.bag if command == "sort_store" else getattr(two, name)
                args = args or ((other,) if command == "sort_store" else ())  # noqa: PLW2901
                taken = [other if arg is calls.OTHER else arg for arg in args]
                await self.step(f"{name}.{command}", lambda c=call, t=taken: c(*t))
            if reads_of is None:
                await self.step(f"delete with {name}", one.delete)

    async def fill(self) -> None:
        """Creates people, one by one and in bulk."""
        person = self.person
        await self.step("get_or_create", lambda: person.get_or_create(name="Name 0", age=1, city="City 1"))
        people = [
            {"name": f"Name {n % 4}", "city": f"City {n % 3}", "age": n % 10, "tags": ["all", str(n % 2)],
             "props": {"a": str(n % 5)}, "where": (n, n), "ranking": {"1": n}, "folded": f"Ä{n}", "boss": 1}
            for n in range(30)
        ]  # fmt: skip
        await self.step("bulk_create", lambda: person.bulk_create(people))
        first = person.lazy_connect(1)
        await self.step("friends", lambda: first.friends.sadd("2", "3"))
        await self.step("a transform", lambda: first.folded.hset("É"))
        await self.step("hmset", lambda: first.hmset(city="City 1", age=5))
        await self.step("several", lambda: first.update(name="Name 1", age=6))

    async def queries(self) -> None:
        """Every kind of query, with every kind of result but stored ones."""
        person, first = self.person, self.person.lazy_connect(1)
        for query, make in QUERIES.items():
            for name, read in READS.items():
                if name != "store":
                    await self.step(f"{query}: {name}", lambda r=read, m=make: r(self.face, m(person)))
        await self.step("iterate", lambda: person.collection(age__gte=0).iterate(chunk=7))
        await self.step("get", lambda: person.get(pk=1))
        await self.step("from_pks", lambda: person.from_pks([1, 2, 99]))
        await self.step("exists", lambda: person.exists(name="Name 1"))
        await self.step("across", lambda: person.collection(boss__city="City 1").count())
        await self.step("reverse", lambda: first.staff().count())
        await self.step("case", lambda: person.collection(folded="É").count())
        await self.step("hmget", lambda: first.hmget("city", "age"))
        await self.step("hgetall", first.hgetall)
        await self.step("values", first.values)
        await self.step("values of all kinds", lambda: first.values("name", "friends", "props"))
        await self.step("scan_model_keys", person.scan_model_keys)
        await self.step("scan_keys of an object", first.scan_keys)
        await self.step("scan_keys", person.database.scan_keys)

    async def changes(self) -> None:
        """What changes many objects, pipelines and transactions, and the upkeep of indexes."""
        person, first, second = self.person, self.person.lazy_connect(1), self.person.lazy_connect(2)
        database = person.database
        await self.step("store", lambda: person.collection(age__gte=3).sort(by="age").store())
        await self.step("update", lambda: person.collection(age__gte=3).update(chunk=10, city="City 9"))
        await self.step("bulk_update", lambda: person.bulk_update([{"pk": 1, "age": 3}, {"pk": 2, "name": "x"}]))
        await self.step("pipeline", lambda: self._collected(database.pipeline(), first, second))
        await self.step("transaction", lambda: self._collected(database.transaction(), first, second))
        await self.step("watch", lambda: database.transaction(lambda _: first.name.get(), first.name))
        await self.step("rebuild", person.rebuild_indexes)
        await self.step("rebuild one", lambda: person.get_field("props").rebuild_indexes())
        await self.step("clear", person.get_field("age").clear_indexes)
        await self.step("rebuild", person.rebuild_indexes)
        await self.step("delete found", lambda: person.collection(pk=3).delete())
        await self.step("bulk_delete", lambda: person.bulk_delete([4, 5]))
        await self.step("delete", first.delete)

    async def _collected(self, block: Any, first: Any, second: Any) -> None:
        if self.face.is_async:
            async with block:
                self._several(first, second)
        else:
            with block:
                self._several(first, second)

    def _several(self, first: Any, second: Any) -> None:
        first.city.hset("Rome")
        second.tags.sadd("new")
        second.name.get()
