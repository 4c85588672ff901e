"""Random creations, deletions and writes for either library."""

from __future__ import annotations


def call(pk, field, command, *args, model="Person", **named):
    return {"do": "call", "model": model, "pk": pk, "field": field, "command": command, "args": args, "named": named}


WORDS = ["", "a", "A", "abc", "abc:d", "b c", "é", "*", "a-b", "lower", "1"]


NUMBERS = ["0", "1", "-2.5", "1e3", "10", "007", "no number"]


DATES = ["2015-02-03", "2015-12-31", "1999-01-01"]


TIMES = ["00:00:00", "12:30:59", "23:59:59"]


WRITES = [
    *(("plain", command, WORDS) for command in ("set", "append")),
    *(("note", command, WORDS) for command in ("hset", "hdel")),
    *((name, "hset", WORDS) for name in ("name", "login", "number")),
    *((name, "set", WORDS) for name in ("city", "email", "title", "slug", "bio", "odd", "team", "street", "place")),
    *((name, "set", WORDS) for name in ("first", "last")),
    *((name, "hdel", None) for name in ("name", "login", "age", "badge", "seen", "number")),
    *(
        (name, "delete", None)
        for name in ("city", "email", "title", "slug", "bio", "odd", "born", "team", "place", "first", "last")
    ),
    *((name, "delete", None) for name in ("tags", "words", "keys", "queue", "scores", "headers", "sizes", "rank")),
    ("city", "append", WORDS),
    ("city", "getset", WORDS),
    ("age", "hset", NUMBERS),
    ("weight", "set", NUMBERS),
    ("height", "set", NUMBERS[:-1]),
    ("badge", "hset", NUMBERS),
    ("rank", "set", NUMBERS[:-1]),
    ("born", "set", DATES),
    ("wakes", "hset", TIMES),
    ("seen", "hset", [f"{day} {time}" for day in DATES for time in TIMES]),
    ("met", "set", [f"{day} {time}" for day in DATES for time in TIMES]),
    *((name, command, WORDS) for name in ("tags", "words", "keys") for command in ("sadd", "srem")),
    ("queue", "rpush", None),
    ("queue", "lpush", None),
    ("queue", "lpop", None),
    ("queue", "rpop", None),
    ("scores", "zadd", WORDS[1:]),
    ("scores", "zrem", WORDS),
    *((name, command, WORDS) for name in ("headers", "sizes") for command in ("hset", "hdel")),
]


def random_write(source, pks, number):
    """A write that has no fault in limpyd 2."""
    pk = source.choice(pks)
    field, command, values = source.choice(WRITES)
    if values is None:
        return call(pk, field, command, *([f"item {number}"] if command.endswith("push") else []))
    value = source.choice(values)
    if command == "zadd":
        return call(pk, field, command, **{value: source.randrange(5)})
    if field in {"headers", "sizes"}:
        sub = source.choice(["from", "to", "x y", "é"])
        return call(pk, field, command, sub, *([value] if command == "hset" else []))
    return call(pk, field, command, *([] if command == "hdel" else [value]))


def random_order(source, pks, number):
    """A creation, a deletion or a write."""
    kind = source.random()
    if (kind < 0.1 and len(pks) < 8) or not pks:
        values = {"name": source.choice(WORDS), "email": f"{number}@x", "age": source.choice(NUMBERS)}
        return {"do": "create", "model": "Person", "values": values}
    if kind < 0.15:
        return {"do": "delete", "model": "Person", "pk": pks.pop(source.randrange(len(pks)))}
    return random_write(source, pks, number)
