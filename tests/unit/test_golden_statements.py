"""The Lua of statements, as it stands in golden files: a change of a template shows what it does to each.

`WRITE_GOLDEN=1 pytest tests/unit/test_golden_statements.py` writes them anew.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
    VersionField,
)
from limpyd.cli.script import of_command, of_model, of_statement
from tools.lua import GLOBALS
from tools.lua_names import names_in

FOLDER = Path(__file__).parent / "golden"
database_of_all = RedisDatabase()


class Team(RedisModel):
    database = database_of_all
    namespace = "golden"
    code = PKField()
    title = StringField(unique=True)


class Person(RedisModel):
    database = database_of_all
    namespace = "golden"
    name = InstanceHashField(indexable=True)
    email = InstanceHashField(unique=True)
    age = InstanceHashField(type=int, indexable=True)
    city = InstanceHashField(indexes=[EqualIndex, TextRangeIndex])
    weight = InstanceHashField(type=float, indexes=[NumberRangeIndex])
    motto = StringField(indexes=[TextRangeIndex])
    team = FKInstanceHashField(Team)
    note = InstanceHashField()
    tags = SetField()


class Parcel(RedisModel):
    database = database_of_all
    namespace = "golden"
    name = InstanceHashField(indexes=[EqualIndexWith(other_fields=["size"], unique=True)])
    size = InstanceHashField(type=float, indexes=[EqualIndex])
    weight = InstanceHashField(type=float, indexes=[EqualIndex])
    label = StringField(indexes=[TextRangeIndex(case_sensitive=False)])
    sent = StringField(type=datetime, indexes=[NumberRangeIndex])
    count = InstanceHashField(type=int, indexable=True)
    tags = SetField(indexable=True)
    owned = SetField(unique=True)
    board = SortedSetField(type=float, indexes=[EqualIndex])
    queue = ListField(indexable=True)
    version = VersionField()


def of_several(model, operation, *names, removed=()):
    """The statement of an operation on several fields."""
    return of_statement(model._schema.statements[model._schema.keys.first]._combined((operation, names, removed)))


OPERATIONS = {
    "create": lambda: of_model(Person, "create"),
    "create_with_given_key": lambda: of_model(Team, "create"),
    "delete": lambda: of_model(Person, "delete"),
    "hset_equal": lambda: of_command(Person, "name", "hset"),
    "hset_unique": lambda: of_command(Person, "email", "hset"),
    "hset_number": lambda: of_command(Person, "age", "hset"),
    "hdel_two_indexes": lambda: of_command(Person, "city", "hdel"),
    "set_text": lambda: of_command(Person, "motto", "set"),
    "hset_reference": lambda: of_command(Person, "team", "hset"),
    "create_with_members": lambda: of_model(Parcel, "create"),
    "hset_float": lambda: of_command(Parcel, "weight", "hset"),
    "set_without_case": lambda: of_command(Parcel, "label", "set"),
    "set_moment": lambda: of_command(Parcel, "sent", "set"),
    "hincrby": lambda: of_command(Parcel, "count", "hincrby"),
    "append_unique": lambda: of_command(Team, "title", "append"),
    "update": lambda: of_several(Parcel, "update", "count", "label", "sent", removed=("sent",)),
    "hmset": lambda: of_several(Person, "hmset", "name", "email", "note"),
    "hmset_equal": lambda: of_several(Person, "hmset", "name", "note"),
    "hdel_several": lambda: of_several(Person, "hdel", "name", "age", removed=("name", "age")),
    "sadd": lambda: of_command(Parcel, "tags", "sadd"),
    "srem_unique": lambda: of_command(Parcel, "owned", "srem"),
    "zadd": lambda: of_command(Parcel, "board", "zadd"),
    "rpush": lambda: of_command(Parcel, "queue", "rpush"),
    "hset_of_several": lambda: of_command(Parcel, "name", "hset"),
    "plain": lambda: of_command(Person, "tags", "sadd"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_statement(name):
    lines = "\n".join(OPERATIONS[name]()) + "\n"
    path = FOLDER / f"{name}.lua"
    if os.environ.get("WRITE_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(lines, "utf-8")
    assert path.read_text("utf-8") == lines


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.lua")), ids=lambda path: path.stem)
def test_nothing_is_undefined(path):
    """The templates are checked by what becomes of them."""
    assert names_in(path.read_text("utf-8").partition("#!lua")[2].partition("\n")[2]).free.keys() <= GLOBALS


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_is_a_statement(name):
    """And not a general script."""
    assert ", sent with" in "\n".join(OPERATIONS[name]())


def test_there_are_no_others():
    assert {path.stem for path in FOLDER.glob("*.lua")} == OPERATIONS.keys()
