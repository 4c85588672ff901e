"""Clients that do all kinds of work on one face, and note what came of each operation."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from limpyd.exceptions import NotExecuted, OutcomeUnknown, ServerError, ServerTimeout, ServerUnreachable, WatchError
from tests.support.blocks import block
from tests.support.promises import BULK, DONE, REFUSED, STARTED, UNKNOWN, Promises

REFUSALS = (ServerUnreachable, ServerError, ServerTimeout, NotExecuted, WatchError)
SHARED = "shared"
Note = Callable[..., None]


class Client:
    """Works on an account of its own, and on one that all share.

    Args:
        face: the face, with `do`.
        models: the accounts and the items.
        name: of the client, and its account.
        note: is told of each operation when it begins, and when it ends.
    """

    def __init__(self, face: Any, models: tuple[Any, Any], name: str, note: Note) -> None:
        self._face = face
        self._accounts, self._items = models
        self._name = name
        self._note = note
        self._rng = random.Random(name)
        self._made = 0
        self._mine = self._accounts.lazy_connect(name)
        self._shared = self._accounts.lazy_connect(SHARED)
        self._related = hasattr(self._accounts, "items")
        works = {name: work for name, work in vars(Client).items() if name.startswith("do_")}
        if not self._related:
            del works["do_cascade"]
        if self._accounts._schema.keys.count > 1:  # what is one step on one partition only
            del works["do_together"], works["do_bulk"]
        self._works = [*works.values()]
        self.mixed_up = 0

    async def open_account(self, owner: str | None = None) -> None:
        """Creates the client's account, or another one."""
        owner = owner or self._name
        await self._face.do(self._accounts.create(owner=owner, name=owner))

    async def work(self) -> None:
        """Does one thing."""
        self._made += 1
        work = self._rng.choice(self._works)
        await work(self, f"{self._name}-{self._made}")

    async def attempt(self, kind: str, token: str, call: Callable[[], Any], client: str | None = None) -> Any:
        """Does an operation, and notes what came of it; whether it was done."""
        owner = client or self._name
        self._note(token, kind, owner, STARTED)
        try:
            result = await self._face.do(call())
        except OutcomeUnknown:
            outcome, result = UNKNOWN, None
        except REFUSALS:
            outcome, result = REFUSED, None
        else:
            outcome = DONE
        self._note(token, kind, owner, outcome, result if kind == "incr" and outcome == DONE else 0)
        return outcome == DONE

    async def do_incr(self, token: str) -> None:
        await self.attempt("incr", token, lambda: self._mine.count.incr())

    async def do_incr_of_all(self, token: str) -> None:
        await self.attempt("incr", token, lambda: self._shared.count.incr(), SHARED)

    async def do_push(self, token: str) -> None:
        await self.attempt("push", token, lambda: self._mine.queue.rpush(token))

    async def do_append(self, token: str) -> None:
        await self.attempt("append", token, lambda: self._mine.text.append(f"{token};"))

    async def do_tag(self, token: str) -> None:
        await self.attempt("tag", token, lambda: self._mine.tags.sadd(token))

    async def do_score(self, token: str) -> None:
        await self.attempt("score", token, lambda: self._mine.board.zincrby(1, token))

    async def do_prop(self, token: str) -> None:
        await self.attempt("prop", token, lambda: self._mine.props.hincrby(token, 1))

    async def do_log(self, token: str) -> None:
        await self.attempt("log", token, lambda: self._mine.log.xadd({"t": token}))

    async def do_name(self, token: str) -> None:
        await self.attempt("name", token, lambda: self._mine.name.hset(token))

    async def do_create(self, token: str) -> None:
        await self._create(token)

    async def do_bulk(self, token: str) -> None:
        items = [self._item(f"{token}.{number}") for number in range(BULK)]
        await self.attempt("bulk", token, lambda: self._items.bulk_create(items))

    async def do_update(self, token: str) -> None:
        if await self._create(token):
            item = self._items.lazy_connect(token)
            await self.attempt("update", token, lambda: item.update(note=f"{token}!", label="!"))

    async def do_delete(self, token: str) -> None:
        if await self._create(token):
            await self.attempt("delete", token, lambda: self._items.lazy_connect(token).delete())

    async def do_cascade(self, token: str) -> None:
        def parent() -> Any:
            return self._accounts.create(owner=token, name=f"parent {token}")

        if await self.attempt("parent", f"{token}:parent", parent):
            items = [self._item(f"{token}.{number}") | {"holder": token} for number in range(BULK)]
            if await self.attempt("bulk", token, lambda: self._items.bulk_create(items)):
                await self.attempt("cascade", token, lambda: self._accounts.lazy_connect(token).delete())

    async def do_together(self, token: str) -> None:
        async def transaction() -> None:
            async with block(self._face, self._face.database.transaction()):
                self._mine.queue.rpush(token)
                self._shared.queue.rpush(token)
                if self._related:
                    self._items.create(**self._item(token))

        await self.attempt("together", token, transaction)

    async def do_watched(self, token: str) -> None:
        def push(transaction: Any) -> None:
            transaction.multi()
            self._mine.queue.rpush(token)

        async def push_later(transaction: Any) -> None:
            push(transaction)

        body = push_later if self._face.is_async else push
        await self.attempt("watched", token, lambda: self._face.database.transaction(body, self._mine.queue))

    async def do_piped(self, token: str) -> None:
        """Three in one pipeline, each with an outcome of its own."""
        tokens = [f"{token}.{number}" for number in range(3)]
        for one in tokens:
            self._note(one, "piped", self._name, STARTED)
        pendings: list[Any] = []
        try:
            async with block(self._face, self._face.database.pipeline()):
                pendings += [self._mine.queue.rpush(one) for one in tokens]
        except (OutcomeUnknown, *REFUSALS):
            pass
        for one, pending in zip(tokens, pendings, strict=True):
            await self.attempt("piped", one, lambda pending=pending: pending.value)

    async def do_read(self, token: str) -> None:
        """What is read must be one's own."""
        try:
            owner = await self._face.do(
                self._accounts.collection(owner=self._name).values_list("owner", flat=True).all()
            )
            tags = await self._face.do(self._mine.tags.smembers())
        except (OutcomeUnknown, *REFUSALS):
            return
        foreign = [tag for tag in tags if not tag.startswith(f"{self._name}-")]
        if owner != [self._name] or foreign:
            self.mixed_up += 1

    async def _create(self, token: str) -> bool:
        return bool(await self.attempt("create", token, lambda: self._items.create(**self._item(token))))

    def _item(self, token: str) -> dict[str, Any]:
        return {"token": token, "note": token, "label": "new", "holder": self._name}


class Crowd:
    """Clients that work at the same time until they are stopped: threads, or tasks of one event loop.

    Attributes:
        promises: what they noted.
        errors: what ended a client.
    """

    def __init__(self, face: Any, models: tuple[Any, Any], size: int, label: str, pause: float = 0.0) -> None:
        self._pause = pause
        self.promises = Promises()
        self.errors: list[BaseException] = []
        self._face = face
        self._clients = [Client(face, models, f"{label}{number}", self.promises.note) for number in range(size)]
        self._stop = threading.Event()
        groups = [self._clients] if face.is_async else [[client] for client in self._clients]
        self._threads = [threading.Thread(target=self._run, args=(group,)) for group in groups]

    @property
    def mixed_up(self) -> int:
        """How many reads gave what is another's."""
        return sum(client.mixed_up for client in self._clients)

    async def open_accounts(self) -> None:
        """Creates the accounts of all clients."""
        for client in self._clients:
            await client.open_account()
        await self._clients[0].open_account(SHARED)
        await self.close()

    async def close(self) -> None:
        """Closes the connections of the clients."""
        await self._face.do(self._face.database.close())

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for_work(self) -> None:
        """Waits until another operation has begun, however slow the machine."""
        before = len(self.promises.operations)
        while len(self.promises.operations) == before and any(thread.is_alive() for thread in self._threads):
            time.sleep(0.001)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, clients: list[Client]) -> None:
        try:
            asyncio.run(self._all(clients))
        except BaseException as error:  # noqa: BLE001 - it is told at the end
            self.errors.append(error)

    async def _all(self, clients: list[Client]) -> None:
        try:
            await asyncio.gather(*map(self._one, clients))
        finally:
            if self._face.is_async:
                await self._face.database.close()

    async def _one(self, client: Client) -> None:
        while not self._stop.is_set():
            await client.work()
            await asyncio.sleep(self._pause)
