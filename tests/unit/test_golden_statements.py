"""The Lua of statements, as it stands in golden files: a change of a template shows what it does to each.

`WRITE_GOLDEN=1 pytest tests/unit/test_golden_statements.py` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    InstanceHashField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.cli.script import of_command, of_model

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


def test_there_are_no_others():
    assert {path.stem for path in FOLDER.glob("*.lua")} == OPERATIONS.keys()
