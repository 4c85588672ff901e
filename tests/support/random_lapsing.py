"""Random steps on values that expire within milliseconds, compared with plain Python at every step.

The exact time at which the server runs a request is not known. So its clock is read before and after: what expires
between the two may be found or not; all else is exact.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, NamedTuple

from limpyd import AutoPKField, BulkError, DeadlineField, InstanceHashField, StringField, UniquenessError
from tests.support.face import Face

CODES, LEVELS, CITIES = range(8), range(4), "ab"
MILLISECOND = timedelta(milliseconds=1)
FOREVER = float("inf")
MOST = 12
"""The most objects."""


class Value(NamedTuple):
    """A value as it should be; its deadline in milliseconds since 1970, infinite if there is none."""

    value: int | None = None
    deadline: float = FOREVER

    def is_there(self, time: float) -> bool:
        return self.value is not None and self.deadline > time


NONE = Value()


def model_of(face: Face, partitions: int, *, objects_expire: bool) -> Any:
    """A model with values that expire, some of which are unique; its objects may have deadlines too, long ones."""
    count = partitions

    class Base(face.Model):
        abstract = True
        database = face.database
        partitions = count
        id = AutoPKField()
        code = InstanceHashField(type=int, unique=True, expires=True)
        level = StringField(type=int, indexable=True, expires=True)
        city = InstanceHashField(indexable=True)

    if not objects_expire:
        return type("Ticket", (Base,), {"__module__": __name__})
    until = DeadlineField(ttl=timedelta(hours=1), renew_on="write")
    return type("Ticket", (Base,), {"__module__": __name__, "until": until})


class RandomLapsing:
    """The steps.

    Args:
        face: the face and the server.
        partitions: the number of partitions.
        seed: that of the random choices.
        objects_expire: true if the objects have deadlines, too.

    Attributes:
        wrong: what differed from plain Python.
        steps: the number of steps so far.
        met: how often a value whose deadline was over could have been found.
    """

    def __init__(self, face: Face, partitions: int, seed: int, *, objects_expire: bool = False) -> None:
        self._face = face
        self.model = model_of(face, partitions, objects_expire=objects_expire)
        self._random = random.Random(seed)
        self._known: dict[str, dict[str, Value]] = {}
        self.wrong: list[str] = []
        self.steps = self.met = 0

    @property
    def summary(self) -> str:
        """What came up, in words."""
        return f"{self.met} met"

    async def run(self, steps: int) -> None:
        """Makes some steps."""
        actions = (
            self._create,
            self._write,
            self._write,
            self._set_deadline,
            self._set_deadline,
            self._delete,
            self._wait,
        )
        questions = (self._read, self._found, self._sorted, self._totals, self._unique)
        for _ in range(steps):
            self.met += sum(not each.is_there(self._now()) for one in self._known.values() for each in one.values())
            await self._random.choice((*actions, *questions))()
            self.steps += 1
            if self._random.random() < 0.02:
                await self._do(self.model.sweep())
            while len(self._known) > MOST:
                await self._delete()

    async def _do(self, call: Any) -> Any:
        return await self._face.do(call)

    def _now(self) -> float:
        seconds, microseconds = self._face.client.time()
        return seconds * 1000 + microseconds // 1000

    def _check(self, is_right: bool, *what: Any) -> None:
        if not is_right:
            self.wrong.append(f"step {self.steps}: {what}; known: {self._known}")

    def _deadline_of(self, pk: str, name: str) -> float:
        """The deadline that the server has."""
        partition = self.model._schema.keys.partition(pk.encode())
        found = self._face.client.zscore(partition.prefix + b"deadline:%b_deadline" % name.encode(), pk)
        return FOREVER if found is None else found

    def _duration(self) -> timedelta:
        return self._random.choice((3600_000, *(self._random.randrange(1, 40),) * 5)) * MILLISECOND

    def _refusals(self, code: int | None, before: float, after: float, but: str = "") -> tuple[bool, bool]:
        """Returns whether a code may belong to another object, and whether it must."""
        owners = [one["code"] for pk, one in self._known.items() if pk != but and one["code"].value == code is not None]
        return any(each.is_there(before) for each in owners), any(each.is_there(after) for each in owners)

    def _learn(self, pk: str, name: str, value: int | None) -> None:
        self._known[pk][name] = Value(value, self._deadline_of(pk, name))

    async def _tried(self, code: int | None, call: Any, but: str = "") -> Any:
        """Does what may be refused since another object has a code, and only then is; returns its result."""
        before, refused, result = self._now(), False, None
        try:
            result = await self._do(call())
        except (UniquenessError, BulkError):
            refused = True
        may, must = self._refusals(code, before, self._now(), but)
        self._check(may if refused else not must, "refused" if refused else "not refused", code, but, before)
        return None if refused else (result,)

    async def _create(self) -> None:
        values: dict[str, Any] = {"city": self._random.choice(CITIES)}
        for name, some in (("code", CODES), ("level", LEVELS)):
            if self._random.random() < 0.7:
                values[name] = self._random.choice(some)
                if self._random.random() < 0.7:
                    values[f"{name}_deadline"] = self._duration()
        made = await self._tried(values.get("code"), lambda: self.model.create(**values))
        if made is not None:
            pk = await self._do(made[0].pk.get())
            self._known[pk] = {}
            for name in ("code", "level"):
                self._learn(pk, name, values.get(name))

    def _one(self) -> tuple[str, Any] | None:
        pk = self._random.choice([*self._known]) if self._known else None
        return None if pk is None else (pk, self.model.lazy_connect(pk))

    async def _write(self) -> None:
        chosen = self._one()
        if chosen is None:
            return
        (pk, one), code, level = chosen, self._random.choice(CODES), self._random.choice(LEVELS)
        duration = self._duration()
        name, value, call = self._random.choice(
            (
                ("code", code, lambda: one.code.set(code)),
                ("code", code, lambda: one.update(code=code, city="b")),
                ("code", code, lambda: one.update(code=code, code_deadline=duration)),
                ("code", code, lambda: one.code.hsetex(code, px=duration)),
                ("code", code, lambda: self.model.bulk_update([(pk, {"code": code})])),
                ("code", None, lambda: one.code.hdel()),
                ("level", level, lambda: one.level.set(level)),
                ("level", level, lambda: one.level.set(level, px=duration)),
                ("level", level, lambda: self.model.collection(pk=pk).update(level=level)),
                ("level", None, lambda: one.level.delete()),
            )
        )
        if await self._tried(value if name == "code" else None, call, pk) is not None:
            self._learn(pk, name, value)

    async def _set_deadline(self) -> None:
        chosen = self._one()
        if chosen is None:
            return
        (pk, one), duration = chosen, self._duration()
        name = self._random.choice(("code", "level"))
        bound, prefix = getattr(one, name), "h" if name == "code" else ""
        how = self._random.choice(("pexpire", "persist", "nx", "gt", "lt"))
        before, known = self._now(), self._known[pk][name]
        if how == "persist":
            done = await self._do(getattr(bound, f"{prefix}persist")())
        else:
            condition = {} if how == "pexpire" else {how: True}
            done = await self._do(getattr(bound, f"{prefix}pexpire")(duration, **condition))
        after = self._now()
        self._check(not done or known.is_there(before), "set a deadline of no value", name, pk, how)
        if how in {"pexpire", "persist"} and known.is_there(after):
            self._check(done is (how == "pexpire" or known.deadline < FOREVER), "set no deadline", name, pk, how)
        if done:
            self._learn(pk, name, known.value)

    async def _delete(self) -> None:
        chosen = self._one()
        if chosen is not None:
            await self._do(chosen[1].delete())
            del self._known[chosen[0]]

    async def _wait(self) -> None:
        before = self._now()
        while self._now() < before + 3:
            pass

    def _compare(self, what: Any, name: str, found: Any, before: float, meets: Any) -> None:
        """Compares primary keys that were found with those of objects that have a value that meets a condition."""
        after, some = self._now(), [(pk, one[name]) for pk, one in self._known.items() if meets(one[name].value)]
        sure = {pk for pk, each in some if each.is_there(after)}
        possible = {pk for pk, each in some if each.is_there(before)}
        self._check(sure <= set(found) <= possible, what, found, sure, possible)

    async def _read(self) -> None:
        chosen = self._one()
        if chosen is None:
            return
        pk, one = chosen
        before = self._now()
        read = [await self._do(one.code.get()), await self._do(one.level.get()), *await self._do(one.hmget("code"))]
        after = self._now()
        for name, found in zip(("code", "level", "code"), read, strict=True):
            known = self._known[pk][name]
            self._check(found == known.value or (found is None and not known.is_there(after)), "read", name, pk, found)
            self._check(found is None or known.is_there(before), "read one that is gone", name, pk, found)

    async def _found(self) -> None:
        level, code = self._random.choice(LEVELS), self._random.choice(CODES)
        collection = self.model.collection
        for what, name, query, meets in (
            ("level", "level", {"level": level}, lambda value: value == level),
            ("levels", "level", {"level__in": [level, 1]}, lambda value: value in {level, 1}),
            ("code", "code", {"code": code}, lambda value: value == code),
        ):
            before = self._now()
            self._compare((what, query), name, await self._face.all(collection(**query)), before, meets)
        before = self._now()
        count = await self._do(collection(level=level).count())
        levels = [one["level"] for one in self._known.values() if one["level"].value == level]
        low, high = (sum(each.is_there(time) for each in levels) for time in (self._now(), before))
        self._check(low <= count <= high, "count", level, count)

    async def _sorted(self) -> None:
        before = self._now()
        found = await self._do(self.model.collection().sort(by="code").values("pk", "code", "level").all())
        for name in ("code", "level"):
            pks = [each["pk"] for each in found if each[name] is not None]
            self._compare(("sorted", name), name, pks, before, lambda value: value is not None)
        codes = [each["code"] for each in found if each["code"] is not None]
        self._check(codes == sorted(codes) and len(found) == len(self._known), "sorted", found)

    async def _totals(self) -> None:
        before = self._now()
        counts = await self._do(self.model.collection().count_by("level"))
        total = await self._do(self.model.collection().sum("level"))
        after = self._now()
        levels = [one["level"] for one in self._known.values()]
        low, high = (sum(each.value for each in levels if each.is_there(time)) for time in (after, before))
        self._check(low <= (total or 0) <= high, "sum", total)
        for level in LEVELS:
            low, high = (
                sum(each.is_there(time) and each.value == level for each in levels) for time in (after, before)
            )
            self._check(low <= counts.get(level, 0) <= high, "count_by", counts)

    async def _unique(self) -> None:
        code, before = self._random.choice(CODES), self._now()
        found = await self._do(self.model.exists(code=code))
        may, must = self._refusals(code, before, self._now())
        self._check(may if found else not must, "exists", code, found)
