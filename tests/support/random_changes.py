"""Random writes to models with a feed of changes, compared with what they have changed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from limpyd import (
    ChangeFeed,
    DeadlineField,
    DynamicInstanceHashField,
    DynamicSetField,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    LimpydError,
    ListField,
    M2MSetField,
    SetField,
    SortedSetField,
    StringField,
    VersionField,
)
from tests.support.face import Face
from tests.support.recorded_changes import Recorded, is_right

ODD = ["a", "b:c", "*", "{x}", "\0", "é😀", "\udcff", "a b", ""]
"""Values."""
NAMES = [f"n{number}" for number in range(8)]
"""Unique values."""


class RandomChanges:
    """Random writes, and what was wrong with the entries of the feeds.

    Args:
        face: the face.
        partitions: the number of partitions of the models.
        seed: which steps there are.

    Attributes:
        steps: the number of steps.
        refused: how many of them were refused.
        entries: how many entries there were.
        wrong: what was wrong.
    """

    def __init__(self, face: Face, partitions: int, seed: int) -> None:
        self.face, self.choose, self.partitions = face, random.Random(seed), partitions
        self.steps = self.refused = self.entries = 0
        self.wrong: list[Any] = []
        one_partition = partitions == 1

        class Author(face.Model):
            database, namespace = face.database, "feed"
            name = InstanceHashField(unique=True)
            note = InstanceHashField()
            changes = ChangeFeed()

        count = partitions

        class Book(face.Model):
            database, namespace, partitions = face.database, "feed", count
            title = InstanceHashField(indexable=True)
            text = StringField(indexable=True)
            tags = SetField(indexable=True)
            pages = ListField()
            ranks = SortedSetField(indexable=True)
            facts = HashField()
            part = DynamicInstanceHashField(indexable=True)
            group = DynamicSetField()
            version = VersionField()
            changes = ChangeFeed()
            if one_partition:
                code = InstanceHashField(unique=True)
                author = FKInstanceHashField(Author, on_delete="cascade")
                editors = M2MSetField(Author, on_delete="clear", related_name="edited")

        class Loan(face.Model):
            database, namespace, partitions = face.database, "feed", count
            expires = DeadlineField()
            who = InstanceHashField(indexable=True)
            changes = ChangeFeed(["who"])

        self.models = {"author": Author, "book": Book, "loan": Loan}
        self.recorded = Recorded(face, self.models)

    @property
    def summary(self) -> str:
        """What came up, in words."""
        return f"{self.refused} refused, {self.entries} entries"

    async def run(self, steps: int) -> None:
        """Makes so many steps."""
        for _ in range(steps):
            await self.step()

    async def step(self) -> None:
        """Makes a step, and looks at the new entries."""
        before, known = self.recorded.snapshot(), self.recorded.newest()
        refused = ""
        try:
            await self._write()
        except LimpydError as error:
            refused = repr(error)
            self.refused += 1
        self.steps += 1
        after, found = self.recorded.snapshot(), self.recorded.entries_after(known)
        for one in {*before, *after, *found}:
            entries, is_loan = found.get(one, []), one[0] == "loan"
            self.entries += len(entries)
            all_taken_back = bool(refused) and not self._keeps_some
            recorded = {"who"} if is_loan else set[str]()
            old, new = before.get(one), after.get(one)
            if not is_right(old, new, entries, recorded, refused=all_taken_back, may_expire=is_loan):
                self.wrong.append((self._last, refused, one, entries, old, new))

    async def _write(self) -> None:
        self._keeps_some = False
        steps = [self._create, self._fields, self._members, self._update, self._delete, self._bulk, self._found]
        steps += [self._dynamic, self._loan]
        if self.partitions == 1:
            steps.append(self._transaction)
        step = self.choose.choice(steps)
        self._last = step.__name__
        await step()

    def _text(self) -> str:
        return self.choose.choice(ODD)

    async def _any(self, name: str) -> Any:
        pks = [pk for model, pk in self.recorded.snapshot() if model == name]
        if not pks:
            return await self.face.do(self.models[name].create(**self._values(name)))
        pk = self.choose.choice(pks).decode(errors="surrogateescape")
        return self.models[name].lazy_connect(pk)

    def _values(self, name: str) -> dict[str, Any]:
        if name == "author":
            return {"name": self.choose.choice(NAMES), "note": self._text()}
        if name == "loan":
            return {"who": self._text()}
        values: dict[str, Any] = {"title": self._text(), "tags": [self._text()], "pages": ["1"], "text": self._text()}
        if self.partitions == 1 and self.choose.random() < 0.5:
            values["code"] = self.choose.choice(NAMES)
        return values

    async def _create(self) -> None:
        name = self.choose.choice(list(self.models))
        values = self._values(name)
        if name == "book" and self.partitions == 1 and self.choose.random() < 0.7:
            author = await self._some_author()
            values |= {"author": author} if author else {}
        await self.face.do(self.models[name].create(**values))

    async def _some_author(self) -> Any:
        pks = [pk.decode() for model, pk in self.recorded.snapshot() if model == "author"]
        return self.choose.choice(pks) if pks else None

    async def _fields(self) -> None:
        book = await self._one("book")
        if book is None:
            return
        calls = [
            lambda: book.title.hset(self._text()),
            lambda: book.title.hdel(),
            lambda: book.text.set(self._text()),
            lambda: book.text.append("x"),
            lambda: book.text.delete(),
            lambda: book.text.set(self._text(), nx=True),
        ]
        if self.partitions == 1:
            calls.append(lambda: book.code.hset(self.choose.choice(NAMES)))
        await self.face.do(self.choose.choice(calls)())

    async def _one(self, name: str) -> Any:
        pks = [pk for model, pk in self.recorded.snapshot() if model == name]
        return self.models[name].lazy_connect(self.choose.choice(pks).decode()) if pks else None

    async def _members(self) -> None:
        book = await self._one("book")
        if book is None:
            return
        author = await self._some_author()
        calls = [
            lambda: book.tags.sadd(self._text(), self._text()),
            lambda: book.tags.srem(self._text()),
            lambda: book.tags.spop(),
            lambda: book.pages.rpush(self._text()),
            lambda: book.pages.lpop(),
            lambda: book.pages.lmove(book.pages),
            lambda: book.ranks.zadd({self._text(): self.choose.randrange(3)}),
            lambda: book.ranks.zrem(self._text()),
            lambda: book.facts.hset(self._text(), self._text()),
            lambda: book.facts.hdel(self._text()),
            lambda: book.tags.delete(),
        ]
        if self.partitions == 1 and author:
            calls.append(lambda: book.editors.sadd(author))
        await self.face.do(self.choose.choice(calls)())

    async def _dynamic(self) -> None:
        book = await self._one("book")
        if book is None:
            return
        part = self.choose.choice([one for one in ODD if one and one != "\0"])
        calls = [
            lambda: book.part(part).hset(self._text()),
            lambda: book.part(part).hdel(),
            lambda: book.group(part).sadd(self._text()),
            lambda: book.group(part).delete(),
        ]
        await self.face.do(self.choose.choice(calls)())

    async def _update(self) -> None:
        book = await self._one("book")
        if book is None:
            return
        values: dict[str, Any] = {"title": self._text(), "pages": [self._text()], "tags": [self._text()]}
        for name in self.choose.sample(list(values), self.choose.randrange(3)):
            del values[name]
        if self.partitions == 1 and self.choose.random() < 0.3:
            values["code"] = self.choose.choice(NAMES)
        await self.face.do(
            book.update(**values, if_version=self.choose.choice([1, 2, 3, 4]))
            if self.choose.random() < 0.3
            else book.update(**values)
        )

    async def _delete(self) -> None:
        one = await self._one(self.choose.choice(list(self.models)))
        if one is not None:
            await self.face.do(one.delete())

    async def _bulk(self) -> None:
        self._keeps_some = True
        book = self.models["book"]
        how = self.choose.choice(["raise", "skip"])
        many = [self._values("book") for _ in range(self.choose.randrange(1, 4))]
        pks = [pk.decode() for model, pk in self.recorded.snapshot() if model == "book"]
        if self.choose.random() < 0.5 or not pks:
            await self.face.do(book.bulk_create(many, on_conflict=how))
        elif self.choose.random() < 0.5:
            some = self.choose.sample(pks, min(len(pks), 2))
            await self.face.do(book.bulk_update([{"pk": pk, **self._values("book")} for pk in some]))
        else:
            await self.face.do(book.bulk_delete(self.choose.sample(pks, min(len(pks), 2))))

    async def _found(self) -> None:
        found = self.models["book"].collection(title=self._text())
        self._keeps_some = self.partitions > 1
        await self.face.do(found.update(title=self._text()) if self.choose.random() < 0.7 else found.delete())

    async def _loan(self) -> None:
        loan, one = self.models["loan"], await self._one("loan")
        self._keeps_some = True
        if one is not None and self.choose.random() < 0.5:
            await self.face.do(one.expires.expire(self.choose.choice([0, 100])))
        elif one is not None and self.choose.random() < 0.5:
            await self.face.do(one.who.hset(self._text()))
        elif self.choose.random() < 0.5:
            await self.face.do(loan.sweep())
        else:
            await self.face.do(
                loan.create(who=self._text(), expires=timedelta(milliseconds=self.choose.choice([0, 10_000])))
            )

    async def _transaction(self) -> None:
        face, book, other = self.face, await self._one("book"), await self._one("author")
        gone = await self._one("book")
        if book is None or other is None:
            return
        calls = [
            lambda: book.title.hset(self._text()),
            lambda: book.update(code=self.choose.choice(NAMES)),
            lambda: book.tags.sadd(self._text()),
            lambda: other.name.hset(self.choose.choice(NAMES)),
            lambda: self.models["book"].create(**self._values("book")),
            lambda: gone.delete(),
            lambda: other.note.hset(self._text()),
        ]
        chosen = [self.choose.choice(calls) for _ in range(self.choose.randrange(1, 5))]
        if face.is_async:
            async with face.database.transaction():
                for call in chosen:
                    call()
        else:
            with face.database.transaction():
                for call in chosen:
                    call()
