"""Layouts of arguments: what is packed by one is read by the lines that are written of it into Lua files."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

import pytest

from limpyd.lua.arguments import (
    ChangedField,
    IndexRow,
    Many,
    MembersCall,
    MembersCommand,
    Packed,
    Value,
    ValueCommand,
    packed,
)
from limpyd.scripts.writes import WriteStep
from tests.support.servers import NEWEST
from tools import lua, lua_layouts

INDEXES = (IndexRow(b"eq", b"text", b"k"), IndexRow(b"num", b"exact", b"n"))


class Thing(NamedTuple):
    head: Annotated[bytes, "what comes first"]
    entries: Annotated[Many[IndexRow], "its entries"]
    boxes: Annotated[tuple[bytes, ...], "its boxes"]
    tail: Annotated[bytes, "what comes last"]
    places: Annotated[tuple[ChangedField, ...], "its places"]


@pytest.fixture
def thing(monkeypatch):
    monkeypatch.setitem(vars(lua_layouts.arguments), "Thing", Thing)


def test_what_is_packed():
    value = Value(b"p", b"entry", b"s", INDEXES)
    laid_out = (b"p", b"entry", b"s", 2, b"eq", b"text", b"k", b"num", b"exact", b"n")
    assert packed(value) == laid_out
    assert packed(ValueCommand(value, "HSET", (b"s", b"v"))) == (*laid_out, "HSET", 2, b"s", b"v")
    assert packed(ValueCommand(packed(value), "HSET", [])) == (*laid_out, "HSET", 0)
    place = ChangedField(0, b"p", b"set", b"members", 1, 1, packed((INDEXES[:1],)))
    command = MembersCommand([place, place], MembersCall("SADD", 1, (b"a",)))
    of_place = (0, b"p", b"set", b"members", 1, 1, 1, b"eq", b"text", b"k")
    assert packed(command) == (2, *of_place, *of_place, "SADD", 1, 1, b"a")
    assert type(packed(command)) is Packed


def test_a_step_is_a_command_behind_the_name_of_its_field():
    assert [name.replace("layout", "value") for name in WriteStep._fields[1:]] == list(ValueCommand._fields)


def reading(names, start="at", indent=""):
    block = f"{indent}-- @reads Thing {start}\n{indent}-- @end\n"
    return lua_layouts.written(f"{block}{indent}return {names}\n")


def test_only_what_is_used_is_read(thing):
    assert "local head = ARGV[at]\n" in reading("head")
    assert "first" not in reading("head")
    assert "local last_entry = at + 1 + 3 * ARGV[at + 1]\n" in reading("last_entry")
    assert "last_box" not in reading("first_box")
    assert "local head = ARGV[3]\nlocal first_entry = 5\n" in reading("head, first_entry", "3")
    inside = "do\n" + reading("head", indent="  ") + "end\nreturn tail\n"
    assert "tail = " not in lua_layouts.written(inside)


def test_what_is_packed_is_read(thing, servers):
    names = "head, first_entry, last_entry, first_box, last_box, tail, place_count, first_place"
    source = re.sub(r"return (.*)\n", r"return { \1 }\n", reading(names, "2"))
    args = packed(Thing(b"h", INDEXES, (b"a", b"b", b"c"), b"t", (ChangedField(0, b"p", b"s", b"", 1, 1, ()),) * 2))
    with servers(NEWEST).client() as client:
        found = client.eval(source, 0, "before", *args)
        moved = client.eval("local at = 2\n" + source.replace("[2]", "[at]"), 0, "before", *args)
    assert found == moved == [b"h", 4, 9, 11, 13, b"t", 2, 16]


def test_the_table_tells_of_each(thing):
    table = lua_layouts.written("-- @layout Thing\n-- @end\n")
    assert "--    1 head     what comes first\n--    2 entries  its entries: a count, and for each\n" in table
    assert "--          kind  the name of its kind, see lua/library/index_kinds.lua\n" in table
    assert "--      tail     what comes last\n" in table
    assert lua_layouts.written(table) == table


def test_stale_lines_are_told(monkeypatch, tmp_path):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    file = scripts / "script.lua"
    monkeypatch.setattr(lua, "script_paths", lambda: {"script": file})
    monkeypatch.setattr(lua, "LIBRARY", tmp_path / "library")
    monkeypatch.setattr(lua, "link", lambda text, _: text)
    file.write_text("-- @reads Value 1\nlocal prefix = ARGV[2]\n-- @end\nreturn prefix\n")
    assert "scripts/script.lua reads or explains arguments otherwise than they are laid out: make lua" in lua.problems()
    lua.declare()
    assert file.read_text() == "-- @reads Value 1\nlocal prefix = ARGV[1]\n-- @end\nreturn prefix\n"
    assert not list(lua.problems())
