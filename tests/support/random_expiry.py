"""Random steps on objects that expire within milliseconds, compared with plain Python at every step.

The exact time at which the server runs a request is not known. So its clock is read before and after: what expires
between the two may be found or not; all else is exact.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, NamedTuple

from limpyd import (
    AutoPKField,
    DeadlineField,
    DoesNotExist,
    InstanceHashField,
    SetField,
    StringField,
    UniquenessError,
)
from tests.support.face import Face

USERS, TAGS, TOKENS = range(4), "abc", range(12)
MOST, FORGOTTEN = 60, 200
"""The most objects that are known, and for how many milliseconds after their deadline they are."""
MILLISECOND = timedelta(milliseconds=1)
READ: dict[str, Any] = {}
"""What a read changes."""


class Known(NamedTuple):
    """An object as it should be; its deadline in milliseconds since 1970, infinite if there is none."""

    deadline: float
    user: int
    token: int
    tags: frozenset[str]


TTL = 20
"""The milliseconds that a new object exists."""


def model_of(face: Face, partitions: int, *, renews: bool) -> Any:
    """A model with indexes of several kinds, one of which is of unique values."""
    count = partitions

    class Session(face.Model):
        database = face.database
        partitions = count
        id = AutoPKField()
        expires = DeadlineField(ttl=TTL * MILLISECOND, renew_on="write" if renews else None)
        user = InstanceHashField(type=int, indexable=True)
        token = InstanceHashField(type=int, unique=True)
        tags = SetField(indexable=True)
        note = StringField()

    return Session


class RandomExpiry:
    """The steps.

    Args:
        face: the face and the server.
        partitions: the number of partitions.
        seed: that of the random choices.
        renews: true if writes renew deadlines.

    Attributes:
        wrong: what differed from plain Python.
        steps: the number of steps so far.
        met: how often an expired object that was not swept could have been found.
    """

    def __init__(self, face: Face, partitions: int, seed: int, *, renews: bool = False) -> None:
        self._face = face
        self.model = model_of(face, partitions, renews=renews)
        self._renews = renews
        self._random = random.Random(seed)
        self._known: dict[str, Known] = {}
        self.wrong: list[str] = []
        self.steps = self.met = 0

    @property
    def summary(self) -> str:
        """What came up, in words."""
        return f"{self.met} met"

    async def run(self, steps: int) -> None:
        """Makes some steps."""
        actions = (self._create, self._create_many, self._write, self._set_deadline, self._delete, self._wait)
        questions = (self._count, self._by_user, self._by_tag, self._sorted, self._facets, self._get, self._pages)
        for _ in range(steps):
            await self._random.choice((*actions, *questions, *questions, self._write, self._set_deadline))()
            self.steps += 1
            if self._random.random() < 0.02:
                await self._do(self.model.sweep())
                self._forget(self._now() - FORGOTTEN)
            while len(self._known) > MOST:
                await self._delete()

    def _forget(self, before: float) -> None:
        """Forgets objects whose deadline was over long ago: a step looks at all that it knows."""
        self._known = {pk: one for pk, one in self._known.items() if one.deadline > before}

    async def _do(self, call: Any) -> Any:
        return await self._face.do(call)

    def _now(self) -> float:
        seconds, microseconds = self._face.client.time()
        return seconds * 1000 + microseconds // 1000

    def _deadline_of(self, pk: str) -> float:
        """The deadline that the server has."""
        partition = self.model._schema.keys.partition(pk.encode())
        found = self._face.client.zscore(partition.deadlines, pk)
        return float("inf") if found is None else found

    def _compare(self, what: str, found: Any, before: float, after: float, meets: Any) -> None:
        """Compares what was found, a set of primary keys, with those of objects that meet a condition."""
        sure = {pk for pk, one in self._known.items() if one.deadline > after and meets(one)}
        possible = {pk for pk, one in self._known.items() if one.deadline > before and meets(one)}
        self.met += sum(one.deadline <= before for one in self._known.values())
        if not sure <= set(found) <= possible:
            self.wrong.append(f"step {self.steps}: {what}: {sorted(found)}, not {sorted(sure)} … {sorted(possible)}")

    def _duration(self) -> timedelta | None:
        return self._random.choice((None, 3600_000 * MILLISECOND, *(self._random.randrange(1, 40) * MILLISECOND,) * 5))

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "user": self._random.choice(USERS),
            "token": self._random.choice(TOKENS),
            "tags": set(self._random.sample(TAGS, self._random.randrange(3))),
            "note": "x",
        }
        if self._random.random() < 0.7:
            values["expires"] = self._duration()
        return values

    def _learn(self, pk: str, values: dict[str, Any]) -> None:
        tags = frozenset(values["tags"])
        self._known[pk] = Known(self._deadline_of(pk), values["user"], values["token"], tags)

    def _may_be_refused(self, token: int, before: float, after: float, but: str = "") -> tuple[bool, bool]:
        """Whether a token may belong to another object, and whether it must."""
        owners = [one.deadline for pk, one in self._known.items() if one.token == token and pk != but]
        return any(deadline > before for deadline in owners), any(deadline > after for deadline in owners)

    async def _create(self) -> None:
        values, before = self._values(), self._now()
        try:
            made = await self._do(self.model.create(**values))
        except UniquenessError:
            made = None
        may, must = self._may_be_refused(values["token"], before, self._now())
        if (made is None and not may) or (made is not None and must):
            self.wrong.append(f"step {self.steps}: the creation with {values} was {'refused' if may else 'made'}")
        if made is not None:
            self._learn(await self._do(made.pk.get()), values)

    async def _create_many(self) -> None:
        many = [self._values() | {"token": 100 + number} for number in self._random.sample(range(10_000), 5)]
        before = self._now()
        if any(self._may_be_refused(values["token"], before, before)[0] for values in many):
            return
        created = await self._do(self.model.bulk_create(many, pks=True))
        for pk, values in zip(created.pks, many, strict=True):
            self._learn(pk, values)

    async def _on_one(self, act: Any) -> tuple[str, bool] | None:
        """Does something with an object, and checks that it is refused if the object has expired, and only then."""
        if not self._known:
            return None
        pk = self._random.choice(list(self._known))
        one = self.model.lazy_connect(pk)
        before, done = self._now(), True
        try:
            await self._do(act(one))
        except DoesNotExist:
            done = False
        deadline, after = self._known[pk].deadline, self._now()
        if (done and deadline <= before) or (not done and deadline > after):
            what = "there" if done else "gone"
            self.wrong.append(f"step {self.steps}: {pk} was {what}: deadline {deadline}, {before}-{after}")
        if not done:
            del self._known[pk]
        return pk, done

    async def _write(self) -> None:
        user, before = self._random.choice(USERS), self._now()
        change = self._random.choice(
            (
                (lambda one: one.user.set(user), {"user": user}),
                (lambda one: one.update(user=user, note="y"), {"user": user}),
                (lambda one: one.tags.sadd("a"), None),
                (lambda one: one.note.append("z"), {}),
                (lambda one: one.note.get(), READ),
                (lambda one: one.values("user", "note"), READ),
            )
        )
        found = await self._on_one(change[0])
        if found is not None and found[1]:
            known = self._known[found[0]]
            changed = {"tags": known.tags | {"a"}} if change[1] is None else change[1]
            self._known[found[0]] = known._replace(**changed)
            if self._renews and change[1] is not READ:
                self._learn_renewal(found[0], before, self._now())

    def _learn_renewal(self, pk: str, before: float, after: float) -> None:
        """Compares the deadline after a write with the one that it should have."""
        known, deadline = self._known[pk], self._deadline_of(pk)
        if not max(known.deadline, before + TTL) <= deadline <= max(known.deadline, after + TTL):
            self.wrong.append(
                f"step {self.steps}: {pk} was renewed from {known.deadline} to {deadline}, {before}-{after}"
            )
        self._known[pk] = known._replace(deadline=deadline)

    async def _set_deadline(self) -> None:
        duration = self._duration()
        condition = self._random.choice(("nx", "xx", "gt", "lt"))
        change = self._random.choice(
            (
                lambda one: one.expires.persist() if duration is None else one.expires.set(duration),
                lambda one: one.expires.pexpire(duration or MILLISECOND, **{condition: True}),
                lambda one: one.expires.touch(),
                lambda one: one.update(expires=duration),
            )
        )
        found = await self._on_one(change)
        if found is not None and found[1]:
            self._known[found[0]] = self._known[found[0]]._replace(deadline=self._deadline_of(found[0]))

    async def _delete(self) -> None:
        found = await self._on_one(lambda one: one.delete())
        if found is not None and found[1]:
            del self._known[found[0]]

    async def _wait(self) -> None:
        before = self._now()
        while self._now() < before + 3:
            pass

    async def _count(self) -> None:
        user, before = self._random.choice(USERS), self._now()
        everyone = await self._do(self.model.collection().count())
        of_user = await self._do(self.model.collection(user=user).count())
        after = self._now()
        for what, found, meets in (("count", everyone, None), (f"count of {user}", of_user, user)):
            some = [one for one in self._known.values() if meets in {None, one.user}]
            low = sum(one.deadline > after for one in some)
            high = sum(one.deadline > before for one in some)
            if not low <= found <= high:
                self.wrong.append(f"step {self.steps}: {what}: {found}, not {low} … {high}")

    async def _by_user(self) -> None:
        user, before = self._random.choice(USERS), self._now()
        found = await self._face.all(self.model.collection(user=user))
        made = [each._pk for each in await self._face.all(self.model.collection(user=user).instances())]
        self._compare(f"user={user}", found, before, self._now(), lambda one: one.user == user)
        self._compare(f"instances of {user}", made, before, self._now(), lambda one: one.user == user)

    async def _by_tag(self) -> None:
        tag, before = self._random.choice(TAGS), self._now()
        found = await self._face.all(self.model.collection(tags=tag, user__gte=1))
        self._compare(f"tags={tag}", found, before, self._now(), lambda one: tag in one.tags and one.user >= 1)

    async def _sorted(self) -> None:
        before = self._now()
        found = await self._do(self.model.collection().sort(by="-user").values("pk", "user").all())
        self._compare("sorted", [each["pk"] for each in found], before, self._now(), lambda _: True)
        users = [each["user"] for each in found]
        if users != sorted(users, reverse=True):
            self.wrong.append(f"step {self.steps}: sorted: {users}")

    async def _facets(self) -> None:
        before = self._now()
        found = await self._do(self.model.collection().count_by("user"))
        after = self._now()
        for user in USERS:
            some = [one for one in self._known.values() if one.user == user]
            low, high = sum(one.deadline > after for one in some), sum(one.deadline > before for one in some)
            if not low <= found.get(user, 0) <= high:
                self.wrong.append(f"step {self.steps}: count_by: {found}, not {low} … {high} of {user}")

    async def _get(self) -> None:
        token, before = self._random.choice(TOKENS), self._now()
        found = await self._do(self.model.exists(token=token))
        may, must = self._may_be_refused(token, before, self._now())
        if (found and not may) or (must and not found):
            self.wrong.append(f"step {self.steps}: exists(token={token}): {found}")

    async def _pages(self) -> None:
        before, found, cursor = self._now(), [], None
        while True:
            page = await self._do(self.model.collection().sort(by="user").page(3, cursor))
            found += page.items
            cursor = page.cursor
            if cursor is None:
                break
        after = self._now()
        self._compare("pages", found, before, after, lambda _: True)
