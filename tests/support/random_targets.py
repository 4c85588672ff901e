"""Random steps on references to objects that expire in milliseconds, compared with plain Python at every step.

The exact time at which the server runs a request is not known. So its clock is read before and after: the result must
be that of one moment between the two.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from limpyd import DeadlineField, DoesNotExist, InstanceHashField, PKField, UniquenessError
from limpyd.exceptions import RelatedDoesNotExist
from limpyd.relations import FKInstanceHashField, FKStringField, M2MSetField
from tests.support.face import Face

MILLISECOND = timedelta(milliseconds=1)
SESSIONS, CARTS, ITEMS, NOTES = ([f"{letter}{number}" for number in range(8)] for letter in "scin")
USERS, CODES = range(3), range(6)
NEVER = float("inf")
REFUSALS = (DoesNotExist, RelatedDoesNotExist, UniquenessError)
REFUSED = "refused"
"""The result of a call that raises one of these; for which of several reasons does not matter."""


def models_of(face: Face, *, colocated: bool) -> SimpleNamespace:
    """A model whose objects expire, also those that belong to one that does; and others that refer to these."""

    class Session(face.Model):
        database = face.database
        pk_name = PKField()
        expires = DeadlineField()
        user = InstanceHashField(type=int, indexable=True)
        parent = FKInstanceHashField("self", on_delete="cascade", related_name="children")

    class Beside(face.Model):
        abstract = True
        database = face.database
        if colocated:
            colocate_with = Session
        pk_name = PKField()

    class Cart(Beside):
        note = InstanceHashField()  # else it would have no data after it has lost its references
        session = FKStringField(Session, related_name="carts")
        seen = M2MSetField(Session, related_name="seen_in")

    class Item(Beside):
        owner = FKInstanceHashField(Session, on_delete="cascade", related_name="items")
        cart = FKInstanceHashField(Cart, related_name="items")
        code = InstanceHashField(type=int, unique=True)

    class Note(Beside):
        item = FKInstanceHashField(Item, on_delete="cascade", related_name="notes")

    return SimpleNamespace(Session=Session, Cart=Cart, Item=Item, Note=Note)


class World:
    """The objects as they should be: dicts of their values by primary key."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.carts: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}

    def deadlines(self) -> list[float]:
        """The deadlines of all sessions."""
        return [one["deadline"] for one in self.sessions.values()]

    def at(self, moment: float) -> World:
        """Returns the objects at a moment."""
        world = copy.deepcopy(self)
        for pk, one in self.sessions.items():
            if one["deadline"] <= moment and pk in world.sessions:
                world.delete_session(pk)
        return world

    def delete_session(self, pk: str) -> None:
        """Deletes an object with all that comes of it."""
        del self.sessions[pk]
        for cart in self.carts.values():
            cart["session"] = None if cart["session"] == pk else cart["session"]
            cart["seen"].discard(pk)
        for item in [key for key, one in self.items.items() if one["owner"] == pk]:
            self.delete_item(item)
        for child in [key for key, one in self.sessions.items() if one["parent"] == pk]:
            if child in self.sessions:
                self.delete_session(child)

    def delete_item(self, pk: str) -> None:
        """The same for an item."""
        del self.items[pk]
        self.notes = {key: one for key, one in self.notes.items() if one["item"] != pk}

    def delete_cart(self, pk: str) -> None:
        """The same for a cart."""
        del self.carts[pk]
        for item in self.items.values():
            item["cart"] = None if item["cart"] == pk else item["cart"]


def there(objects: dict[str, Any], pk: str) -> None:
    """Raises DoesNotExist unless there is an object."""
    if pk not in objects:
        raise DoesNotExist(pk)


def refers(objects: dict[str, Any], pk: str | None) -> None:
    """Raises RelatedDoesNotExist unless there is an object to refer to."""
    if pk is not None and pk not in objects:
        raise RelatedDoesNotExist(pk, pk, pk, pk)


def free(objects: dict[str, Any], pk: str, name: str = "", value: Any = None) -> None:
    """Raises UniquenessError if there is an object with a primary key, or another one with a value."""
    if pk in objects or any(name and one[name] == value for one in objects.values()):
        raise UniquenessError(pk, name, value, pk)


class RandomTargets:
    """The steps.

    Args:
        face: the face and the server.
        seed: that of the random choices.
        colocated: true if the other models are beside the one whose objects expire.

    Attributes:
        wrong: what differed from plain Python.
        steps: the number of steps so far.
        met: how often a step was the first one after a deadline.
    """

    def __init__(self, face: Face, seed: int, *, colocated: bool = False) -> None:
        self._face = face
        self.models = models_of(face, colocated=colocated)
        self._random = random.Random(seed)
        self._world = World()
        self.wrong: list[str] = []
        self.steps = self.met = 0

    @property
    def summary(self) -> str:
        """What the steps met, for reports."""
        return f"{self.met} met"

    async def run(self, steps: int) -> None:
        """Makes some steps."""
        writes = (*(self._create,) * 4, self._write, self._write, self._deadline, self._deadline, self._delete)
        reads = (self._read, self._read, self._query, self._query, self._query, self._reverse, self._several)
        for _ in range(steps):
            await self._random.choice((*writes, *reads, *(self._wait,) * 4))()
            self.steps += 1

    def _now(self) -> float:
        seconds, microseconds = self._face.client.time()
        return seconds * 1000 + microseconds // 1000

    async def _compare(self, what: str, act: Callable[[], Any], expect: Callable[[World], Any]) -> Any:
        """Does something, and looks for the moment at which plain Python has the same result.

        Args:
            what: what it is, for messages.
            act: does it.
            expect: returns the result, or raises, and changes what is given as that does.
        """
        before = self._now()
        try:
            result = await self._face.do(act())
        except REFUSALS:
            result = REFUSED
        after = self._now()
        deadlines = self._world.deadlines()
        self.met += any(deadline <= before for deadline in deadlines)
        expected: list[Any] = []
        for moment in sorted({before, after, *(one for one in deadlines if before < one < after)}):
            world = self._world.at(moment)
            try:
                expected.append(expect(world))
            except REFUSALS:
                expected.append(REFUSED)
            if expected[-1] == result:
                self._world = world
                return result
        self.wrong.append(f"step {self.steps}: {what}: {result}, not {expected}")
        self._world = self._world.at(after)
        return None

    def _learn_deadline(self, pk: str) -> None:
        partition = self.models.Session._schema.keys.partition(pk.encode())
        found = self._face.client.zscore(partition.deadlines, pk)
        if pk in self._world.sessions:
            self._world.sessions[pk]["deadline"] = NEVER if found is None else found

    def _one(self, pks: list[str], none: float = 0.2) -> str | None:
        return None if self._random.random() < none else self._random.choice(pks)

    async def _create(self) -> None:
        await self._random.choice((self._create_session, self._create_session, self._create_other))()

    async def _create_session(self) -> None:
        pk, parent, user = self._random.choice(SESSIONS), self._one(SESSIONS, 0.6), self._random.choice(USERS)
        duration = self._random.choice((None, *[self._random.randrange(1, 12) * MILLISECOND] * 6))

        def expect(world: World) -> str:
            free(world.sessions, pk)
            refers(world.sessions, parent if parent != pk else None)
            world.sessions[pk] = {"deadline": NEVER, "user": user, "parent": parent}
            return pk

        values = {"user": user, "parent": parent, "expires": duration}
        if parent == pk:
            return
        if await self._compare(f"create {pk} {values}", lambda: self._made("Session", pk, values), expect) == pk:
            self._learn_deadline(pk)

    async def _made(self, name: str, pk: str, values: dict[str, Any]) -> str:
        values = {key: value for key, value in values.items() if value is not None or key == "expires"}
        one = await self._face.do(getattr(self.models, name).create(pk_name=pk, **values))
        return str(one._pk)

    async def _create_other(self) -> None:
        session, cart, item = self._one(SESSIONS), self._one(CARTS), self._one(ITEMS)
        code, kind = self._random.choice(CODES), self._random.choice(("Cart", "Item", "Item", "Note"))
        pk = self._random.choice({"Cart": CARTS, "Item": ITEMS, "Note": NOTES}[kind])

        def expect(world: World) -> str:
            if kind == "Cart":
                free(world.carts, pk)
                refers(world.sessions, session)
                world.carts[pk] = {"session": session, "seen": {session} - {None}}
            elif kind == "Item":
                free(world.items, pk, "code", code)
                refers(world.sessions, session)
                refers(world.carts, cart)
                world.items[pk] = {"owner": session, "cart": cart, "code": code}
            else:
                free(world.notes, pk)
                refers(world.items, item)
                world.notes[pk] = {"item": item}
            return pk

        values: dict[str, Any] = {
            "Cart": {"note": "n", "session": session, "seen": {session} - {None}},
            "Item": {"owner": session, "cart": cart, "code": code},
            "Note": {"item": item},
        }[kind]
        if any(value for value in values.values()):
            await self._compare(f"create {pk} {values}", lambda: self._made_once(kind, pk, values), expect)

    async def _made_once(self, name: str, pk: str, values: dict[str, Any]) -> str:
        values = {key: value for key, value in values.items() if value is not None}
        return str((await self._face.do(getattr(self.models, name).create(pk_name=pk, **values)))._pk)

    async def _write(self) -> None:
        cart, item, session = (self._random.choice(pks) for pks in (CARTS, ITEMS, SESSIONS))
        one_cart, one_item = self.models.Cart.lazy_connect(cart), self.models.Item.lazy_connect(item)
        one_session, parent = self.models.Session.lazy_connect(session), self._random.choice(SESSIONS)

        def set_session(world: World) -> bool:
            there(world.carts, cart)
            refers(world.sessions, session)
            world.carts[cart]["session"] = session
            return True

        def add(world: World) -> int:
            there(world.carts, cart)
            refers(world.sessions, session)
            seen = world.carts[cart]["seen"]
            seen.add(session)
            return len(seen)

        def set_owner(world: World) -> None:
            there(world.items, item)
            refers(world.sessions, session)
            world.items[item]["owner"] = session

        def set_parent(world: World) -> None:
            there(world.sessions, session)
            refers(world.sessions, parent)
            world.sessions[session]["parent"] = parent

        async def added() -> int:
            await self._face.do(one_cart.seen.sadd(session))
            return int(await self._face.do(one_cart.seen.scard()))

        what, act, expect = self._random.choice(
            (
                ("set session", lambda: one_cart.session.set(session), set_session),
                ("sadd", added, add),
                ("update", lambda: one_item.update(owner=session), set_owner),
                ("parent", lambda: one_session.update(parent=parent), set_parent),
            )
        )
        if what != "sadd" or not any(deadline < NEVER for deadline in self._world.deadlines()):
            await self._compare(f"{what} {cart} {item} {session} {parent}", act, expect)
        else:  # it is two requests, between which an object may expire

            def added_one(world: World) -> int:
                new = not (cart in world.carts and session in world.carts[cart]["seen"])
                add(world)
                return int(new)

            await self._compare(f"{what} {cart} {session}", lambda: one_cart.seen.sadd(session), added_one)

    async def _deadline(self) -> None:
        pk = self._random.choice(SESSIONS)
        one, milliseconds = self.models.Session.lazy_connect(pk), self._random.randrange(14)

        def expect(world: World) -> bool | None:
            there(world.sessions, pk)
            return True

        async def changed() -> bool:
            if milliseconds < 12:
                await self._face.do(one.expires.pexpire(milliseconds))
            else:
                await self._face.do(one.expires.persist())
            return True

        if await self._compare(f"deadline of {pk}: {milliseconds}", changed, expect) is True:
            self._learn_deadline(pk)

    async def _delete(self) -> None:
        name, objects, pks, delete = self._random.choice(
            (
                ("Session", "sessions", SESSIONS, World.delete_session),
                ("Cart", "carts", CARTS, World.delete_cart),
                ("Item", "items", ITEMS, World.delete_item),
            )
        )
        pk = self._random.choice(pks)

        def expect(world: World) -> None:
            there(getattr(world, objects), pk)
            delete(world, pk)

        await self._compare(f"delete {pk}", lambda: getattr(self.models, name).lazy_connect(pk).delete(), expect)

    async def _read(self) -> None:
        cart, item, note, session = (self._random.choice(pks) for pks in (CARTS, ITEMS, NOTES, SESSIONS))
        one_cart, one_item = self.models.Cart.lazy_connect(cart), self.models.Item.lazy_connect(item)
        one_note, one_session = self.models.Note.lazy_connect(note), self.models.Session.lazy_connect(session)

        def of(objects: str, pk: str, name: str) -> Callable[[World], Any]:
            def expect(world: World) -> Any:
                there(getattr(world, objects), pk)
                return getattr(world, objects)[pk][name]

            return expect

        what, act, expect = self._random.choice(
            (
                ("session", lambda: one_cart.session.get(), of("carts", cart, "session")),
                ("seen", lambda: one_cart.seen.smembers(), of("carts", cart, "seen")),
                ("owner", lambda: one_item.owner.get(), of("items", item, "owner")),
                ("code", lambda: one_item.code.get(), of("items", item, "code")),
                ("hmget", lambda: self._first(one_item.hmget("cart")), of("items", item, "cart")),
                ("note", lambda: one_note.item.get(), of("notes", note, "item")),
                ("parent", lambda: one_session.parent.get(), of("sessions", session, "parent")),
                ("exists", lambda: self.models.Item.exists(item), lambda world: item in world.items),
                ("pk.exists", lambda: one_note.pk.exists(), lambda world: note in world.notes),
                ("session.exists", lambda: one_session.pk.exists(), lambda world: session in world.sessions),
            )
        )
        await self._compare(f"{what} of {cart} {item} {note} {session}", act, expect)

    async def _first(self, call: Any) -> Any:
        return (await self._face.do(call))[0]

    async def _set(self, items: Any) -> set[Any]:
        return set(await self._face.all(items))

    async def _query(self) -> None:
        session, user, models = self._random.choice(SESSIONS), self._random.choice(USERS), self.models

        def of_user(world: World) -> set[str]:
            mine = {pk for pk, one in world.sessions.items() if one["user"] == user}
            return {pk for pk, one in world.carts.items() if one["session"] in mine}

        def with_users(world: World) -> list[tuple[str, Any]]:
            users = {pk: one["user"] for pk, one in world.sessions.items()}
            return sorted((pk, users.get(one["owner"])) for pk, one in world.items.items())

        async def read() -> list[tuple[str, Any]]:
            found = await self._face.do(models.Item.collection().values("pk", "owner__user").all())
            return sorted((one["pk"], one["owner__user"]) for one in found)

        def seen(world: World) -> set[str]:
            return {pk for pk, one in world.carts.items() if session in one["seen"]}

        what, act, expect = self._random.choice(
            (
                ("of user", lambda: self._set(models.Cart.collection(session__user=user)), of_user),
                ("count", lambda: models.Cart.collection(session__user=user).count(), lambda w: len(of_user(w))),
                ("seen", lambda: self._set(models.Cart.collection(seen=session)), seen),
                ("users", read, with_users),
                (
                    "none",
                    lambda: self._set(models.Cart.collection(session__isnull=True)),
                    lambda world: {pk for pk, one in world.carts.items() if one["session"] is None},
                ),
                ("items", lambda: models.Item.collection().count(), lambda world: len(world.items)),
                ("notes", lambda: self._set(models.Note.collection()), lambda world: set(world.notes)),
                (
                    "exists",
                    lambda: models.Item.exists(code=user),
                    lambda world: any(one["code"] == user for one in world.items.values()),
                ),
                ("sessions", lambda: self._set(models.Session.collection()), lambda world: set(world.sessions)),
            )
        )
        await self._compare(f"query {what} {session} {user}", act, expect)

    async def _reverse(self) -> None:
        session, cart = self._random.choice(SESSIONS), self._random.choice(CARTS)
        one, one_cart = self.models.Session.lazy_connect(session), self.models.Cart.lazy_connect(cart)

        def referring(objects: str, name: str, to: str) -> Callable[[World], set[str]]:
            return lambda world: {pk for pk, one in getattr(world, objects).items() if one[name] == to}

        what, act, expect = self._random.choice(
            (
                ("carts", lambda: self._set(one.carts()), referring("carts", "session", session)),
                ("children", lambda: self._set(one.children()), referring("sessions", "parent", session)),
                ("items", lambda: self._set(one.items()), referring("items", "owner", session)),
                ("items of cart", lambda: self._set(one_cart.items()), referring("items", "cart", cart)),
            )
        )
        await self._compare(f"reverse {what} of {session} {cart}", act, expect)

    async def _several(self) -> None:
        """Several reads at once, in a pipeline or a transaction; the latter are of one moment."""
        cart, item = self._random.choice(CARTS), self._random.choice(ITEMS)
        models, transaction = self.models, self._random.random() < 0.7

        async def both() -> tuple[Any, ...]:
            kind = self._face.database.transaction if transaction else self._face.database.pipeline
            parts = (
                lambda: models.Cart.collection(session__isnull=True).count(),
                lambda: models.Item.exists(item),
                lambda: models.Note.collection().count(),
            )
            if self._face.is_async:
                async with kind() as _:
                    pending = [part() for part in parts]
            else:
                with kind() as _:
                    pending = [part() for part in parts]
            return tuple(one.value for one in pending)

        def expect(world: World) -> tuple[Any, ...]:
            none = sum(one["session"] is None for one in world.carts.values())
            return none, item in world.items, len(world.notes)

        if transaction:
            await self._compare(f"several of {cart} {item}", both, expect)
        else:
            await both()

    async def _wait(self) -> None:
        before = self._now()
        while self._now() < before + 3:
            pass
        if self._random.random() < 0.2:
            await self._face.do(self.models.Session.sweep())
