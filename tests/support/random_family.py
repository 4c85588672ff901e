"""Random steps on orders, their lines and the notes on those, compared with the same steps in plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from limpyd.exceptions import InvalidValue, NotInPipeline, RestrictedError

STATUSES = "ab"
SKUS = "xyz"


class RandomFamily:
    """The models of tests/support/colocated.py with what should be stored of them.

    Args:
        shop: the models, of the sync face.
        seed: makes the steps the same again.

    Attributes:
        orders, lines, notes: the values of the objects by primary key.
        refused: how many steps were refused, as they should be.
    """

    def __init__(self, shop: Any, seed: int) -> None:
        self.shop = shop
        self.orders: dict[str, dict[str, Any]] = {}
        self.lines: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, dict[str, Any]] = {}
        self.refused = 0
        self._random = random.Random(seed)
        self._count = shop.Order._schema.keys.count

    def step(self) -> None:
        """Does one of the steps, and compares what comes of it."""
        while len(self.orders) < 2 or len(self.lines) < 2:
            self._order()
            self._line()
        steps = [self._order, self._line, self._line, self._note, self._move, self._refer, self._main_line, self._about]
        self._random.choice([*steps, self._transaction, self._delete_order, self._delete_line, self.compare])()

    def _one(self, objects: dict[str, Any]) -> str:
        return self._random.choice(list(objects))

    def _in_one(self, *pks: str) -> bool:
        """Whether automatic primary keys are of one partition."""
        return len({(int(pk) - 1) % self._count for pk in pks}) == 1

    def _try(self, is_allowed: bool, error: type[Exception], call: Callable[[], Any]) -> Any:
        """The result of a call; None if it was refused, as it should be."""
        try:
            result = call()
        except error:
            assert not is_allowed
            self.refused += 1
            return None
        assert is_allowed
        return result

    def _order(self) -> None:
        values = {"status": self._random.choice(STATUSES), "total": self._random.randrange(9)}
        self.orders[self.shop.Order(**values).pk.get()] = {**values, "main_line": None}

    def _line(self) -> None:
        order, sku = self._one(self.orders), self._random.choice(SKUS)
        pk = self.shop.Line(order=order, sku=sku).pk.get()
        assert self._in_one(pk, order)
        self.lines[pk] = {"order": order, "sku": sku}

    def _note(self) -> None:
        line, about = self._one(self.lines), self._one(self.orders)
        made = self._try(
            self._in_one(line, about), InvalidValue, lambda: self.shop.Note(line=line, about=[about]).pk.get()
        )
        if made is not None:
            self.notes[made] = {"line": line, "about": {about}}

    def _move(self) -> None:
        line, order = self._one(self.lines), self._one(self.orders)
        allowed = self._in_one(line, order)
        self._try(allowed, InvalidValue, lambda: self.shop.Line(line).update(order=order, sku="moved"))
        if allowed:
            self.lines[line] = {"order": order, "sku": "moved"}

    def _refer(self) -> None:
        order, lines = self._one(self.orders), self._random.sample(list(self.lines), 2)
        allowed = self._in_one(order, *lines)
        self._try(allowed, InvalidValue, lambda: self.shop.Order(order).lines.sadd(*lines))
        for line in lines if allowed else ():
            self.lines[line]["order"] = order

    def _main_line(self) -> None:
        order, line = self._one(self.orders), self._one(self.lines)
        allowed = self._in_one(order, line)
        self._try(allowed, InvalidValue, lambda: self.shop.Order(order).main_line.set(line))
        if allowed:
            self.orders[order]["main_line"] = line

    def _about(self) -> None:
        if self.notes:
            note, order = self._one(self.notes), self._one(self.orders)
            allowed = self._in_one(note, order)
            self._try(allowed, InvalidValue, lambda: self.shop.Note(note).about.sadd(order))
            if allowed:
                self.notes[note]["about"].add(order)

    def _transaction(self) -> None:
        order, line = self._one(self.orders), self._one(self.lines)

        def change() -> None:
            with self.shop.Order.database.transaction():
                self.shop.Order.lazy_connect(order).status.hset("sold")
                self.shop.Line.lazy_connect(line).sku.hset("sold")

        allowed = self._in_one(order, line)
        self._try(allowed, NotInPipeline, change)
        if allowed:
            self.orders[order]["status"] = self.lines[line]["sku"] = "sold"

    def _delete_order(self) -> None:
        order = self._one(self.orders)
        lines = [line for line, values in self.lines.items() if values["order"] == order]
        if self._delete(self.shop.Order(order), lines):
            del self.orders[order]
            for values in self.notes.values():
                values["about"].discard(order)

    def _delete_line(self) -> None:
        line = self._one(self.lines)
        self._delete(self.shop.Line(line), [line])

    def _delete(self, instance: Any, lines: list[str]) -> bool:
        """Deletes an object, and lines with it, unless a note refers to one of these."""
        allowed = not any(values["line"] in lines for values in self.notes.values())
        self._try(allowed, RestrictedError, instance.delete)
        if allowed:
            self.lines = {line: values for line, values in self.lines.items() if line not in lines}
            for values in self.orders.values():
                values["main_line"] = None if values["main_line"] in lines else values["main_line"]
        return allowed

    def compare(self) -> None:
        """Compares the results of queries."""
        shop, orders, lines = self.shop, self.orders, self.lines
        order, status, total = self._one(orders), self._random.choice(STATUSES), self._random.randrange(9)
        some = self._random.sample(list(orders), 2)
        of_line = {line: orders[values["order"]] for line, values in lines.items()}
        queries: list[tuple[Any, set[str]]] = [
            (shop.Order(order).lines(), {pk for pk, values in lines.items() if values["order"] == order}),
            (shop.Line.collection(order__in=some), {pk for pk, values in lines.items() if values["order"] in some}),
            (
                shop.Line.collection(order__status=status, order__total__lt=total),
                {pk for pk, values in of_line.items() if values["status"] == status and values["total"] < total},
            ),
            (
                shop.Note.collection(line__order=order),
                {pk for pk, values in self.notes.items() if lines[values["line"]]["order"] == order},
            ),
            (
                shop.Note.collection(about=order),
                {pk for pk, values in self.notes.items() if order in values["about"]},
            ),
            (
                shop.Order.collection(main_line__sku="x"),
                {
                    pk
                    for pk, values in orders.items()
                    if values["main_line"] and lines[values["main_line"]]["sku"] == "x"
                },
            ),
        ]
        for query, expected in queries:
            assert set(query) == expected
            assert query.count() == len(expected)
        first = sorted(lines, key=lambda pk: (of_line[pk]["total"], -int(pk)))[:5]
        rows = shop.Line.collection().sort(by=["order__total", "-pk"]).values("pk", "order__total")[:5]
        assert rows == [{"pk": pk, "order__total": of_line[pk]["total"]} for pk in first]
