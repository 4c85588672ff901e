"""Random writes to fields with constraints, compared with plain Python: `python -m tests.support.random_constraints`.

Each write is made of a plain dictionary, too, which is checked against the same constraints in Python. limpyd has to
refuse what breaks one, leave everything as it was then, and otherwise store the same.
"""

from __future__ import annotations

import asyncio
import copy
import random
import sys
from decimal import Decimal
from typing import Any

from limpyd import HashField, InstanceHashField, ListField, SetField, SortedSetField, StringField
from limpyd.exceptions import ConstraintError
from tests.support.blocks import block

WORDS = ["a", "b", "c", "é", "éé", "long", "longer", ""]
OBJECTS = 3
RULES: dict[str, Any] = {
    "name": lambda value: value is not None and 1 <= len(value) <= 4,
    "stock": lambda value: value is None or 0 <= value <= 50,
    "large": lambda value: value is None or -5 <= value < 2**61 + 5,
    "price": lambda value: value is None or Decimal(0) <= value <= Decimal("1.0000000001"),
    "state": lambda value: value is None or value in {1, 2, 5},
    "counts": lambda value: len(value) <= 3 and all(0 <= each <= 9 for each in value.values()),
    "tags": lambda value: len(value) <= 4 and all(0 <= each <= 9 for each in value),
    "labels": lambda value: 1 <= len(value) <= 3 and all(len(each) <= 4 for each in value),
    "queue": lambda value: len(value) <= 4 and all(len(each) <= 4 for each in value),
    "board": lambda value: len(value) <= 3 and all(len(each) <= 4 for each in value),
}
"""What plain Python demands of each field."""


def declare(face: Any) -> Any:
    class Item(face.Model):  # type: ignore[misc,name-defined]
        database = face.database
        name = InstanceHashField(type=str, required=True, min_length=1, max_length=4)
        stock = InstanceHashField(type=int, ge=0, le=50)
        large = StringField(type=int, ge=-5, lt=2**61 + 5)
        price = InstanceHashField(type=Decimal, ge=Decimal(0), le=Decimal("1.0000000001"))
        state = StringField(type=int, choices=[1, 2, 5], indexable=True)
        counts = HashField(type=int, ge=0, le=9, max_members=3)
        tags = SetField(type=int, ge=0, le=9, max_members=4)
        labels = SetField(type=str, required=True, max_length=4, max_members=3, indexable=True)
        queue = ListField(type=str, max_length=4, max_members=4)
        board = SortedSetField(type=str, max_length=4, max_members=3)

    return Item


EMPTY = {"name": "a", "labels": {"a"}, "counts": {}, "tags": set(), "queue": [], "board": {}}
Values = dict[str, Any]


class Write:
    """A random write: on an object of limpyd, and on plain values."""

    def __init__(self, rng: random.Random) -> None:
        self.at, self.other = rng.sample(range(OBJECTS), 2)
        self.word, self.words = rng.choice(WORDS), rng.sample(WORDS, rng.randint(1, 4))
        self.number, self.numbers = rng.randint(-3, 12), [rng.randint(-1, 10) for _ in range(rng.randint(1, 4))]
        self.large = rng.choice([rng.randint(-9, 9), 2**61, -(2**61), 2**62])
        self.price = Decimal(rng.choice(["0.1", "-0.1", "0.0000000001", "0.3", "-0.25", "1"]))
        self.end = rng.choice(["LEFT", "RIGHT"])
        names = [name for name in dir(self) if name.startswith(("set_", "add_", "take_", "move_"))]
        self.name = rng.choice(names)

    def of_plain(self, state: list[Values]) -> None:
        getattr(self, self.name)(state[self.at], state[self.other], None, None)

    def of_limpyd(self, items: list[Any]) -> Any:
        return getattr(self, self.name)({}, {}, items[self.at], items[self.other])

    # --- each changes plain values, or returns a call of limpyd ---

    def set_name(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["name"] = self.word
        return item and item.name.hset(self.word)

    def set_price(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["price"] = self.price
        return item and item.price.hset(self.price)

    def set_stock_and_tags(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["stock"], own["tags"] = self.number, set(self.numbers)
        return item and item.update(stock=self.number, tags=self.numbers)

    def set_labels(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["labels"] = set(self.words)
        return item and item.update(labels=self.words)

    def set_list_by_index(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["queue"] = [*self.words]
        return item and item.update(queue=self.words)

    def add_stock(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["stock"] = (own.get("stock") or 0) + self.number
        return item and item.stock.hincrby(self.number)

    def add_large(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["large"] = (own.get("large") or 0) + self.large
        return item and item.large.incrby(self.large)

    def add_price(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["price"] = (own.get("price") or Decimal(0)) + self.price
        return item and item.price.hincrbyfloat(self.price)

    def add_state(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["state"] = (own.get("state") or 0) + self.number
        return item and item.state.incrby(self.number)

    def add_count(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        counts = own.setdefault("counts", {})
        counts[self.word] = counts.get(self.word, 0) + self.number
        return item and item.counts.hincrby(self.word, self.number)

    def add_tags(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own.setdefault("tags", set()).update(self.numbers)
        return item and item.tags.sadd(*self.numbers)

    def add_labels(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own.setdefault("labels", set()).update(self.words)
        return item and item.labels.sadd(*self.words)

    def add_queue(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own.setdefault("queue", []).extend(self.words)
        return item and item.queue.rpush(*self.words)

    def add_board(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        board = own.setdefault("board", {})
        board[self.word] = board.get(self.word, 0) + self.number
        return item and item.board.zincrby(self.number, self.word)

    def add_all_tags(self, own: Values, other: Values, item: Any, second: Any) -> Any:
        own["tags"] = own.get("tags", set()) | other.get("tags", set())
        return item and item.tags.sunionstore(item.tags, second.tags)

    def take_name(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["name"] = None
        return item and item.name.delete()

    def take_stock(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["stock"] = None
        return item and item.hdel("stock")

    def take_label(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own.setdefault("labels", set()).discard(self.word)
        return item and item.labels.srem(self.word)

    def take_labels_of_both(self, own: Values, other: Values, item: Any, second: Any) -> Any:
        own["labels"] = own.get("labels", set()) - other.get("labels", set())
        return item and item.labels.sdiffstore(item.labels, second.labels)

    def take_tags(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        own["tags"] = set()
        return item and item.tags.delete()

    def take_counts(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        for word in self.words:
            own.get("counts", {}).pop(word, None)
        return item and item.counts.hdel(*self.words)

    def take_board(self, own: Values, _other: Values, item: Any, _: Any) -> Any:
        for word in self.words:
            own.get("board", {}).pop(word, None)
        return item and item.board.zrem(*self.words)

    def move_label(self, own: Values, other: Values, item: Any, second: Any) -> Any:
        if self.word in own.get("labels", ()):
            own["labels"].discard(self.word)
            other["labels"].add(self.word)
        return item and item.labels.smove(second.labels, self.word)

    def move_queue(self, own: Values, other: Values, item: Any, second: Any) -> Any:
        if own.get("queue"):
            other.setdefault("queue", []).append(own["queue"].pop(0 if self.end == "LEFT" else -1))
        return item and item.queue.lmove(second.queue, self.end, "RIGHT")

    def move_board(self, own: Values, other: Values, item: Any, second: Any) -> Any:
        other["board"] = dict(own.get("board", {})) or other.get("board", {})
        return item and item.board.copy(second.board, replace=True)


def broken(state: list[Values]) -> bool:
    """Returns whether plain values break a rule."""
    return not all(rule(values.get(name)) for values in state for name, rule in RULES.items())


async def compare(face: Any, count: int, seed: int) -> int:
    """Makes random writes, and compares; returns how many were refused."""
    rng = random.Random(seed)
    model = declare(face)
    state: list[Values] = [copy.deepcopy(EMPTY) for _ in range(OBJECTS)]
    items = [await face.do(model.create(name="a", labels=["a"])) for _ in range(OBJECTS)]
    refused = 0
    for number in range(count):
        writes = [Write(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        after, stops = copy.deepcopy(state), False
        for write in writes:
            write.of_plain(after)
            stops = stops or broken(after)
        try:
            await _made(face, items, writes)
        except ConstraintError:
            refused += 1
            assert stops, (seed, number, [vars(write) for write in writes], state)
        else:
            assert not stops, (seed, number, [vars(write) for write in writes], state)
            state = after
        touched = {index for write in writes for index in (write.at, write.other)}
        for index in touched:
            found = await face.do(items[index].values(*RULES))
            expected = {name: state[index].get(name) for name in RULES}
            assert found == expected, (seed, number, [vars(write) for write in writes], found, expected)
    return refused


async def _made(face: Any, items: list[Any], writes: list[Write]) -> None:
    if len(writes) == 1:
        await face.do(writes[0].of_limpyd(items))
        return
    async with block(face, face.database.transaction()):
        for write in writes:
            write.of_limpyd(items)


def main(count: int) -> None:
    """Compares on both faces, half of the writes on each."""
    from tests.support.face import Face  # noqa: PLC0415
    from tests.support.servers import NEWEST, running  # noqa: PLC0415

    with running(NEWEST) as server:
        for name in ("sync", "async"):
            seed = random.randrange(10**9)
            refused = asyncio.run(compare(Face(name, server), count // 2, seed))
            print(f"{name}: {count // 2} writes, {refused} refused, none different (seed {seed})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 20_000)
