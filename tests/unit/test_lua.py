"""The Lua files require what they use, and provide what they say; the linker puts each where it is needed, once."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from limpyd.lua import linker
from limpyd.lua.linker import LIBRARY, LinkError, link, script_path, script_paths
from limpyd.lua.script import Script
from tools import lua
from tools.lua_names import names_in

NAMES = sorted(script_paths())
PUT = re.compile(rf"(?m)^-- ({LIBRARY.name}/[\w/]+\.lua)$")
PROVIDED = "-- Gives a name.\n-- @provides {0}\n\nlocal function {0}()\n  return 1\nend\n"


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Folders of a library and of scripts, with files by their names."""
    library, scripts = tmp_path / "library", tmp_path / "scripts"
    library.mkdir()
    scripts.mkdir()
    monkeypatch.setattr(linker, "FOLDERS", (scripts,))
    monkeypatch.setattr(linker, "LIBRARY", library)
    monkeypatch.setattr(lua, "LIBRARY", library)

    def write(**files):
        for name, text in files.items():
            is_script = name.startswith("script")
            ((scripts if is_script else library) / f"{name}.lua").write_text(text, "utf-8")
        forget()

    forget()
    yield write
    forget()


def forget():
    for known in (linker.library, linker.providers, linker.script_paths, linker._script_part):
        known.cache_clear()


def test_what_is_used_is_declared():
    assert not list(lua.problems()), "python -m tools.lua declare"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_linked_twice(name):
    files = PUT.findall(Script(name).source.decode())
    assert sorted(set(files)) == sorted(files)


@pytest.mark.parametrize("name", NAMES)
def test_the_key_that_is_never_written_is_taken_away_first(name):
    """Of each script, and of those that become functions of another one."""
    source = Script(name).source.decode()
    first = next(line for line in source.splitlines() if not line.startswith(("#!", "--")))
    assert first == linker.NO_NOTHING.strip()
    assert source.count(linker.NO_NOTHING) == 1 + len(Script(name).within)


def test_importing_links_nothing():
    program = "import limpyd, limpyd.asyncio; from limpyd.lua import linker; print(linker.library.cache_info().misses)"
    assert subprocess.check_output([sys.executable, "-c", program]) == b"0\n"
    assert b"tree_sitter" not in subprocess.check_output(
        [sys.executable, "-c", "import limpyd, sys; print(*sys.modules)"]
    )


def test_a_file_comes_after_what_it_requires(folders):
    folders(
        b_first=PROVIDED.format("first"),
        a_second="-- @requires first\n-- @provides second\nlocal second = first()\n",
    )
    linked = link("-- @requires second\nreturn second\n", "script")
    assert linked.index("function first") < linked.index("local second") < linked.index("return second")


def test_what_is_deferred_stands_inside_unless_it_is_needed_outside(folders):
    folders(
        one=PROVIDED.format("one"),
        two=PROVIDED.format("two"),
        maker="-- @provides make\n\nlocal function make()\n  -- @defers one two\n  return one, two\nend\n",
        plain="-- @requires one\n-- @provides plain\nlocal plain = one\n",
        other="-- @provides other\nlocal function other()\n  -- @defers two\n  return two\nend\n",
    )
    inside = link("-- @requires make plain\nreturn make(), plain\n", "script")
    assert inside.index("function one") < inside.index("function make") < inside.index("function two")
    both = link("-- @requires make other\nreturn make(), other()\n", "script")
    assert both.index("function two") < both.index("function make")
    assert both.count("function two") == 1


def test_scripts_within_another_share_the_library(folders):
    folders(
        one=PROVIDED.format("one"),
        guard="-- Guards.\nif KEYS[2] then\n  return 2\nend\n",
        script_a="#!lua\n-- A.\n-- @guarded\n-- @requires one\nreturn one()\n",
        script_b="#!lua\n-- B.\n-- @requires one\nreturn one() + 1\n",
        script_all="#!lua\nlocal scripts, wanted = {}, {}\n-- @scripts script_a script_b\nreturn scripts.script_a()\n",
    )
    linked = Script("script_all").source.decode()
    assert linked.count("function one") == 1
    assert "#!lua" not in linked[5:]
    assert not list(lua.problems())


USES = "local function used()\n  return {0}\nend\nreturn used()\n"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"script": "return nothing\n"}, "scripts/script.lua:1 uses nothing, which it does not require"),
        ({"script": "-- @requires nothing\nreturn nothing\n"}, "script.lua requires nothing, which no file provides"),
        ({"one": PROVIDED.format("one"), "script": "-- @requires one\n"}, "requires one, which it does not use"),
        ({"one": PROVIDED.format("one"), "script": USES.format("one")}, ":2 uses one, which it does not require"),
        (
            {name: PROVIDED.format("one") for name in ("a", "b")} | {"script": "-- @requires one\nreturn one\n"},
            "library/b.lua provides one, which library/a.lua provides too",
        ),
        ({"one": PROVIDED.format("one")}, "library/one.lua provides one, which no file requires"),
        ({"one": "-- @provides one\n", "script": "-- @requires one\nreturn one\n"}, "one, which it does not define"),
        (
            {
                "one": "-- @requires two\n-- @provides one\nlocal one = two\n",
                "two": "-- @requires one\n-- @provides two\nlocal two = one\n",
                "script": "-- @requires one\nreturn one\n",
            },
            "in a circle: library/one.lua → library/two.lua → library/one.lua",
        ),
        (
            {"one": PROVIDED.format("one"), "script": "-- @requires one\nlocal one = 2\nreturn one, two\n"},
            "defines one, which library/one.lua provides",
        ),
        ({"one": PROVIDED.format("one") + "local other = 1\n"}, "defines other, which it neither uses nor provides"),
        (
            {
                "one": PROVIDED.format("one"),
                "script": "local function make()\n  -- @defers one\n  return one\nend\nreturn make(), one\n",
            },
            "uses one when it is linked, which nothing defines where it is used",
        ),
    ],
)
def test_mistakes_are_told(folders, files, told):
    folders(**files)
    assert told in "\n".join(lua.problems())


def test_what_cannot_be_had_is_not_linked(folders):
    folders(one=PROVIDED.format("one"))
    with pytest.raises(LinkError, match=r"my script requires two, which no file of the library provides"):
        link("-- @requires two\nreturn two\n", "my script")


def test_what_is_optional_may_be_left_out(folders):
    folders(
        kinds="-- @provides kinds\n\nlocal kinds = {}\n",
        one="-- @optional more\n-- @requires kinds used\n-- @provides kinds.one\nkinds.one = used\n",
        two="-- @requires kinds\n-- @provides kinds.two\nkinds.two = 2\n",
        used=PROVIDED.format("used"),
        rare="-- @optional more\n" + PROVIDED.format("rare"),
    )
    text = (
        "-- @requires kinds\nlocal function kind(name)\n"
        "  if not name then\n    -- @defers rare\n    return rare()\n  end\n"
        "  -- @choose kinds name\n  return kinds[name]\nend\nreturn kind(KEYS[1])\n"
    )
    whole, less = link(text, "script"), link(text, "script", frozenset({"more"}))
    for name in ("function rare", "kinds.one =", "function used", "if name == 'one'"):
        assert name in whole
        assert name not in less
    assert "kinds.two = 2" in less


def test_what_several_functions_defer_is_not_left_out(folders):
    folders(one=PROVIDED.format("one"))
    text = "".join(f"local function {name}()\n  -- @defers one\n  return one\nend\n" for name in "ab")
    with pytest.raises(LinkError, match=r"my script has no line '-- @requires' for library/one\.lua"):
        link(text, "my script")


@pytest.mark.parametrize(
    ("source", "free"),
    [
        ("local a = a", {"a"}),
        ("local function a() return a end", set()),
        ("function t.a(b) return b.c + t.d end", {"t"}),
        ("for a, b in f do g(a, b) end h(a)", {"f", "g", "h", "a"}),
        ("for a = b, c, d do e(a) end", {"b", "c", "d", "e"}),
        ("repeat local a = f() until a", {"f"}),
        ("while a do local b = 1 end c(b)", {"a", "b", "c"}),
        ("if a then local b = 1 elseif c then d() else e() end", {"a", "c", "d", "e"}),
        ("local t = { a = b, [c] = d, e, f = function(g) return g, h end }", {"b", "c", "d", "e", "h"}),
        ("a.b.c, d = e[f], g:h(i)", {"a", "d", "e", "f", "g", "i"}),
        ("local a, b do local c = a end return c, ...", {"c"}),
        ("-- a\nlocal text = 'b' .. \"c\" .. [[d]]", set()),
    ],
)
def test_names_are_found_by_the_scopes_of_lua(source, free):
    assert names_in(source).free.keys() == free


def test_threads_that_link_at_the_same_time(monkeypatch):
    """Each may have read the library itself, and meet what the other one has read."""
    text = script_path("take_over").read_text("utf-8")
    expected = link(text, "take_over")
    for each in (linker.library, linker.providers):
        monkeypatch.setattr(linker, each.__name__, each.__wrapped__)
    assert link(text, "take_over") == expected
