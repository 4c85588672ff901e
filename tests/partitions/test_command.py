"""The `limpyd` command with models of several partitions."""

from __future__ import annotations

import json
import os
import sys

import pytest

pytest.importorskip("typer")

from limpyd.cli import app as cli_app

MODULE = """
from limpyd import *

class Article(RedisModel):
    database = RedisDatabase(port={port})
    partitions = {partitions}
    title = InstanceHashField(indexable=True)
    votes = InstanceHashField(type=int, indexable=True, indexes=[NumberRangeIndex])
    tags = SetField(indexable=True)
    note = StringField()
"""


@pytest.fixture
def module(tmp_path, one_server, monkeypatch):
    """Writes the module of models, as the command imports it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    made = []

    def make(partitions):
        name = f"articles{partitions}{tmp_path.name.replace('-', '_')}{os.getpid()}"
        (tmp_path / f"{name}.py").write_text(MODULE.format(port=one_server.port, partitions=partitions))
        made.append(name)
        return name

    yield make
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def limpyd(module, capsys):
    """Runs the command in this process: exit code, and the document that it prints, or its error."""

    def run(*args, partitions=4):
        code = cli_app.run([arg.replace("{}", module(partitions)) for arg in args])
        out, err = capsys.readouterr()
        return int(code), json.loads(out) if out.startswith("{") else out, err

    return run


@pytest.fixture
def filled(limpyd):
    program = "for n in range(20): Article(title=f't{n % 2}', votes=n, tags=['x'], note='n')"
    assert limpyd("shell", "{}", "-c", program)[0] == 0


@pytest.mark.usefixtures("filled")
class TestWithFourPartitions:
    def test_models(self, limpyd, one_server):
        code, document, _ = limpyd("models", "{}", "--json")
        (model,) = document["models"]
        assert (code, model["objects"], model["values"]["keys"]) == (0, 20, 60)
        assert [(each["name"], each["built"]) for each in model["indexes"]] == [
            ("eq:title", True),
            ("num:votes", True),
            ("eq:tags", True),
        ]
        assert model["keys"] == ["{article}:meta*", "{article:*"]
        with one_server.client() as client:
            of_indexes = sum(each["keys"] for each in model["indexes"])
            assert client.dbsize() == 60 + of_indexes + model["others"]["keys"]

    def test_keys(self, limpyd, one_server):
        code, document, _ = limpyd("keys", "{}:Article", "--json")
        with one_server.client() as client:
            assert {each["key"] for each in document["keys"]} == {key.decode() for key in client.scan_iter(count=1000)}
        assert (code, document["more"]) == (0, False)
        code, document, _ = limpyd("keys", "{}:Article", "--limit", "7", "--json")
        assert (len(document["keys"]), document["more"]) == (7, True)
        _, document, _ = limpyd("keys", "{}:Article", "7", "--json")
        assert {each["key"].partition("}:")[2] for each in document["keys"]} == {
            "hash:7",
            "field:tags:7",
            "field:note:7",
        }

    def test_check_and_rebuild(self, limpyd):
        code, document, _ = limpyd("check", "{}", "--json")
        assert (code, document["reports"][0]["objects"]) == (0, 20)
        code, document, _ = limpyd("rebuild", "{}", "--json")
        assert (code, document["rebuilt"][0]["objects"]) == (0, 20)

    @pytest.mark.parametrize("operation", ["create", "delete", "title.hset"])
    def test_script(self, limpyd, operation):
        code, out, err = limpyd("script", f"{{}}:Article.{operation}")
        assert (code, err) == (0, "")
        assert out

    @pytest.mark.parametrize(
        ("args", "sent"),
        [
            (["--filter", "title=t1"], "SMEMBERS {article:0.16}:eq:title:t1"),
            (["--count", "--filter", "votes__gt=3"], "ZCOUNT {article:0.16}:num:votes (3 +inf"),
            (["--sort", "votes"], "the script page.lua"),
        ],
    )
    def test_script_of_a_query(self, limpyd, args, sent):
        code, out, err = limpyd("script", "{}:Article", *args)
        assert (code, err) == (0, "")
        first, second, *_ = out.splitlines()
        assert first == "-- 4 requests are sent at once, the first one to the partition article:0.16; others may follow"
        assert sent in second

    @pytest.mark.parametrize("args", [("models", "{}"), ("check", "{}"), ("rebuild", "{}")])
    @pytest.mark.parametrize("partitions", [1, 8])
    def test_another_number_is_refused(self, limpyd, args, partitions):
        code, _, err = limpyd(*args, partitions=partitions)
        assert code not in {0, 1}
        assert f"declared with {partitions} partition" in err
        assert "Traceback" not in err


def test_repartition(limpyd, filled):
    code, _, error = limpyd("repartition", "{}:Article", "16", "--json", partitions=8)
    assert (code, "declared with 8 partitions" in error) == (2, True)
    code, found, _ = limpyd("repartition", "{}:Article", "8", "--json", partitions=8)
    assert (code, found["partitions"], found["unindexed"]) == (0, 8, [])
    assert 0 < found["objects"] < 20
    code, found, _ = limpyd("repartition", "{}:Article", "8", partitions=8)
    assert (code, found) == (0, "Article: moved 0 objects; there are 8 partitions now\n")
    code, _, error = limpyd("check", "{}:Article", "--json")
    assert (code, "moved to 8 partitions" in error) == (4, True)  # this process has used the model before
    assert limpyd("check", "{}:Article", "--json", partitions=8)[0] == 0
