"""`limpyd check`: what it prints, and how it ends."""

from __future__ import annotations

import json
import sys
import types

import pytest

from tests.support.damage import DAMAGES, declare, values
from tests.support.face import Face

pytest.importorskip("typer")

from limpyd.cli.app import run


@pytest.fixture(params=["sync", "async"])
async def face(request, one_server, monkeypatch):
    """A face, whose models are in a module of the name `shop`, and have some data."""
    face = Face(request.param, one_server)
    module = types.ModuleType("shop")
    town, thing = module.Town, module.Thing = declare(face.Model, face.database)
    monkeypatch.setitem(sys.modules, "shop", module)
    for code in ("t1", "t2"):
        await face.do(town.create(code=code, name="x"))
    for number in range(4):
        await face.do(thing.create(**values(number)))
    await face.do(face.database.close())
    yield face
    face.client.close()


def test_all_is_well(face, capsys):
    assert run(["check", "shop"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Town, Thing: 6 objects, ")
    assert "all is well" in out


def test_something_is_wrong(face, capsys):
    DAMAGES["lex"](face.client)
    DAMAGES["data of nobody"](face.client)
    assert run(["check", "shop:Thing"]) == 1
    out = capsys.readouterr().out
    assert "Thing: 4 objects" in out
    assert "something is wrong" in out
    assert "to do: --repair: " in out
    assert "to do: --repair --also half: " in out
    assert "repair=" not in out
    assert r"zz\x00\x003" in out
    assert "[repaired]" not in out
    assert run(["check", "shop:Town"]) == 0
    capsys.readouterr()
    assert run(["check", "shop:Thing", "--repair"]) == 1
    assert capsys.readouterr().out.count("[repaired]") == 3
    assert run(["check", "shop:Thing", "--repair", "--also", "half"]) == 0
    assert run(["check", "shop:Thing"]) == 0


def test_json(face, capsys):
    face.client.set(b"{thing}:\xff\n", "x")
    assert run(["check", "shop", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    (report,) = told["reports"]
    assert report["found"] == {"unexplained": 1}
    assert report["findings"][0]["key"] == "{thing}:\\xff\n"
    assert run(["check", "shop", "--json", "--repair", "--also", "all"]) == 0
    assert json.loads(capsys.readouterr().out)["reports"][0]["repaired"] == {"unexplained": 1}


def test_the_whole_database(face, capsys):
    face.client.sadd("{older}:pks", "1")
    assert run(["check", "shop:Town"]) == 0
    assert run(["check", "shop:Town", "--whole"]) == 1
    out = capsys.readouterr().out
    assert "unowned: older" in out
    assert "`limpyd rename`" in out
    assert "rename_from" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--also", "half"], "--repair"),
        (["--repair", "--also", "nonsense"], "half, unexplained"),
        (["--repair", "--also", "conflict"], "half, unexplained"),
        (["--nonsense"], "nonsense"),
    ],
)
def test_mistakes(face, capsys, arguments, said):
    assert run(["check", "shop", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_no_server(face, capsys):
    assert run(["check", "shop", "--url", "redis://127.0.0.1:1"]) == 3
    assert capsys.readouterr().err.startswith("limpyd: ")
