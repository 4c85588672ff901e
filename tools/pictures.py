"""The pictures of the documentation: what a model, a write and a query are in Redis, and the steps of both.

python -m tools.pictures [--check]    writes docs/pictures/*.svg; or only says which is stale

The code in them is executed on an embedded server. Keys, values, plans and results are what is found there. Only the
steps are written down, in `step_pictures.py`; `partition_pictures.py` has those of several partitions.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limpyd import InstanceHashField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.testing import assert_requests
from tools import partition_pictures, step_pictures
from tools.svg import Picture

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"

MODEL = """\
class User(RedisModel):
    database = database
    name = InstanceHashField(unique=True)
    born = InstanceHashField(type=int, indexable=True)
"""
OBJECT = 'ada = User(name="ada", born=1815)'
WRITE = "ada.born.hincrby(1)"
LINKS = """\
class Link(RedisModel):
    database = database
    url = StringField(unique=True)
    title = InstanceHashField()
    clicks = InstanceHashField(type=int, indexable=True)
    tags = SetField(indexable=True)

Link(url="https://redis.io", title="Redis", clicks=5, tags={"database", "c"})
Link(url="https://python.org", title="Python", clicks=10, tags={"language", "c"})
Link(url="https://valkey.io", title="Valkey", clicks=4, tags={"database", "c", "free"})
"""
QUERY = """\
Link.collection(tags="c", clicks__gte=5)
    .sort(by="-clicks")
    .values_list("title", "clicks")
"""

MEANING = {
    "hash": "the object: its values",
    "pks": "the model: the primary keys of all objects",
    "seq": "the model: the last automatic primary key",
    "meta": "the model: which indexes are built",
    "uniq": "an index: keeps names unique, finds a user by name",
    "num": "an index: finds users by year",
}
"""What the keys of a User are for, by the word after the model's name, in the order of the picture."""


def drawn() -> dict[str, str]:
    """Returns the text of each picture, by the name of its file."""
    database = RedisDatabase.embedded()
    names = {
        "database": database,
        "RedisModel": RedisModel,
        "InstanceHashField": InstanceHashField,
        "SetField": SetField,
        "StringField": StringField,
        "__name__": "links",
    }
    try:
        exec(MODEL + OBJECT, names)
        pictures = {"object.svg": object_picture(stored(database)), "write.svg": write_picture(database, names)}
        exec(LINKS, names)
        pictures["query.svg"] = query_picture(names)
        return pictures | step_pictures.drawn() | partition_pictures.drawn()
    finally:
        database.close()


def stored(database: RedisDatabase) -> dict[str, Any]:
    """Returns the value of each key, in the order of `MEANING`; of `meta`, which is for limpyd alone, only a mark."""
    client = database.connection
    read = {
        "hash": client.hgetall,
        "set": client.smembers,
        "string": client.get,
        "zset": lambda key: dict(client.zrange(key, 0, -1, withscores=True)),
    }
    parts = {key: key.split(":")[1] for key in database.scan_keys()}
    keys = sorted(parts, key=lambda key: list(MEANING).index(parts[key]))
    return {key: "…" if parts[key] == "meta" else read[client.type(key)](key) for key in keys}


def lines_of(value: Any) -> list[str]:
    """Returns what is in a key, one line an entry."""
    if isinstance(value, Mapping):
        return [f"{name} → {f'{each:g}' if isinstance(each, float) else each}" for name, each in value.items()]
    return sorted(value) if isinstance(value, set) else [value]


# --- the pictures ---


def object_picture(keys: Mapping[str, Any]) -> str:
    """Returns the picture of a model, an object and its keys."""
    picture = Picture(
        "A model is a class, an object is a few keys",
        "On the left the code of a model and of an object; on the right the keys that Redis holds then: "
        + ", ".join(keys),
    )
    picture.left("a model is a class", code=MODEL.splitlines())
    picture.left("an object is created", code=[OBJECT])
    picture.left("", plain=["Python keeps the primary key of the object,", "and nothing else."])
    for key, value in keys.items():
        part = key.split(":")[1]
        picture.right(MEANING[part], code=[key, *(f"    {line}" for line in lines_of(value))], strong=part == "hash")
    return picture.text("your code", "Redis")


def write_picture(database: RedisDatabase, names: dict[str, Any]) -> str:
    """Executes the write, and returns the picture of the keys that it changed."""
    before = stored(database)
    with assert_requests(1):
        result = eval(WRITE, names)
    after = stored(database)
    changed = {key: (before[key], after[key]) for key in after if before.get(key) != after[key]}
    picture = Picture(
        "A write is one request and one step",
        f"{WRITE} sends one request; in one step the server changes {' and '.join(changed)}",
    )
    picture.left("a command on a field", code=[WRITE])
    for number, (key, (old, new)) in enumerate(changed.items()):
        lines = [f"    {was}   ⇒   {now}" for was, now in zip(lines_of(old), lines_of(new), strict=True) if was != now]
        picture.right(MEANING[key.split(":")[1]], code=[key, *lines], strong=number == 0)
    picture.right("", plain=["Others see both changes, or none."])
    picture.left("", plain=["There is no lock and no save()."])
    picture.request("one request", f"returns {result!r}")
    return picture.text("your program", "the server: one atomic step")


def query_picture(names: dict[str, Any]) -> str:
    """Executes the query, and returns the picture of its plan and its result."""
    query = eval(f"({QUERY})", names)
    with assert_requests(1):
        result = query.all()
    plan = query.explain()
    picture = Picture(
        "A query is one request",
        f"{' '.join(QUERY.split())} sends one request; the server starts from {plan.driver} and returns {result!r}",
    )
    picture.left("a query holds no results", code=QUERY.splitlines())
    picture.left("its result, asked for with .all()", code=["[", *(f"    {row!r}," for row in result), "]"])
    for leaf in sorted(plan.leaves, key=lambda leaf: leaf.size):
        first = leaf.text == plan.driver
        told = "it starts from the smallest condition" if first else "and tests the other one"
        picture.right(told, code=[leaf.text, f"    {leaf.size} of {plan.objects} objects"], strong=first)
    picture.right("then it sorts", code=[plan.sort])
    picture.right("and reads the values", code=[", ".join(map(repr, result))])
    picture.request("one request", "")
    return picture.text("your program", "the server: one atomic step")


def main() -> None:
    """Writes the pictures, or says which is stale."""
    parser = argparse.ArgumentParser(description="Draws the pictures of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing, only say what is stale")
    check = parser.parse_args().check
    stale = []
    for name, text in drawn().items():
        file = PICTURES / name
        if not file.exists() or file.read_text() != text:
            stale.append(name)
            if not check:
                PICTURES.mkdir(exist_ok=True)
                file.write_text(text)
    if check and stale:
        sys.exit(f"stale: {', '.join(stale)}; run python -m tools.pictures")


if __name__ == "__main__":
    main()
