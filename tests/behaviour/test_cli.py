"""The `limpyd` command: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("typer")

from limpyd.cli import app as cli_app
from tests.support import forks
from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
SHOP = """
from limpyd import *
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel

class Base(RedisModel):
    abstract = True
    database = RedisDatabase(port={port})

class Author(Base):
    namespace = "lib"
    name = InstanceHashField(unique=True)
    age = InstanceHashField(int, indexable=True)
    tags = SetField(indexable=True)
    gone = InstanceHashField(bool, indexable=True)

class Book(Base):
    key = PKField()
    title = StringField(indexable=True)
    author = FKStringField("lib:Author", on_delete="cascade")

class Note(AsyncRedisModel):
    database = AsyncRedisDatabase(port={port})
    text = StringField(indexable=True)
"""
COMMAND = "import limpyd.cli; raise SystemExit(limpyd.cli.main())"
ODD = "a\0\x1b[31m[bold]é"


@pytest.fixture
def shop(tmp_path, one_server, monkeypatch):
    """A module of models in the current folder, and its module as the command imports it."""
    name = f"shop{tmp_path.name.replace('-', '_')}{os.getpid()}"
    (tmp_path / f"{name}.py").write_text(SHOP.format(port=one_server.port))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def limpyd(shop, capsys):
    """Runs the command in this process: exit code, stdout, stderr. `{}` stands for the module."""

    def run(*args):
        code = cli_app.run([arg.replace("{}", shop) for arg in args])
        out, err = capsys.readouterr()
        return int(code), out, err

    return run


@pytest.fixture
def filled(limpyd):
    program = (
        "for n in range(3): Author(name=f'n{n}', age=n, tags=['a', str(n)])\n"
        f"Book(key={ODD!r}, title={ODD!r}, author=Author.get(name='n1'))\n"
        "note = await Note.create(text='x')"
    )
    assert limpyd("shell", "{}", "-c", program)[0] == 0


def process(*args, input=""):
    """The command as a process of its own."""
    return forks.run("-m", "limpyd", *args, cwd=Path.cwd(), said=input)


class TestProcesses:
    def test_exit_codes_and_json(self, shop, one_server):
        done = process("shell", shop, "-c", "Author(name='x'); await Note.create(text='y')")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        done = process("models", shop, "--json")
        assert done.returncode == 0
        assert {one["model"]: one["objects"] for one in json.loads(done.stdout)["models"]} == {
            f"{shop}:Author": 1,
            f"{shop}:Book": 0,
            f"{shop}:Note": 1,
        }
        assert done.stderr == ""
        for args, code, told in (
            (("keys", f"{shop}:Book"), 1, ""),
            (("models", "no_such_module"), 2, "no_such_module"),
            (("nonsense",), 2, "nonsense"),
            (("models", shop, "--url", "redis://127.0.0.1:1"), 3, "127.0.0.1:1"),
        ):
            done = process(*args)
            assert done.returncode == code, done.stderr
            assert told in done.stderr
            assert "Traceback" not in done.stderr
            assert done.stderr.count("\n") == (code > 1)

    def test_version_and_help_without_arguments(self):
        from limpyd import __version__  # noqa: PLC0415

        done = process("--version")
        assert (done.returncode, done.stdout, done.stderr) == (0, f"limpyd {__version__}\n", "")
        done = process()
        assert done.returncode == 2
        assert "Usage" in done.stdout
        assert done.stderr == ""

    @pytest.mark.parametrize("as_json", [[], ["--json"]])
    def test_output_that_cannot_be_written(self, as_json, shop):
        full = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
        done = forks.run("-c", f"{full}; {COMMAND}", "models", shop, *as_json, cwd=Path.cwd())
        assert (done.returncode, done.stderr.count("\n")) == (4, 1)
        assert done.stderr.startswith("limpyd: ")

    def test_no_output(self, shop):
        line = f"{sys.executable} -m limpyd models {shop} >&-"
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
        done = subprocess.run(line, shell=True, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (4, 1)
        assert done.stderr.startswith("limpyd: ")

    @pytest.mark.parametrize("as_json", [[], ["--json"]])
    def test_a_reader_that_has_enough(self, as_json, shop):
        # It begins when it reads a line, which is after its output has lost the reader.
        done = forks.Forked("-c", f"input(); {COMMAND}", "models", shop, *as_json, cwd=Path.cwd())
        output = done.stdout
        done.stdout = io.StringIO()
        output.close()
        assert (done.communicate("\n")[1], done.returncode) == ("", 141)

    def test_any_encoding(self, shop):
        process("shell", shop, "-c", "Author(name='é')")
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}", "PYTHONIOENCODING": "ascii"}
        command = [sys.executable, "-m", "limpyd", "explain", f"{shop}:Author", "name=é"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert r"name='\xe9'" in done.stdout

    def test_what_nobody_expected(self, limpyd, monkeypatch):
        monkeypatch.setattr("limpyd.cli.models.models_named", lambda _: 1 / 0)
        code, _, err = limpyd("models", "{}")
        assert code == 4
        assert err.startswith("limpyd: ZeroDivisionError")
        assert err.count("\n") == 1

    def test_a_module_that_ends_the_program(self, tmp_path, shop, limpyd):
        (tmp_path / "ends.py").write_text("raise SystemExit(7)")
        code, _, err = limpyd("models", "ends")
        assert code == 2
        assert "SystemExit" in err

    def test_help_names_every_command(self):
        done = process("--help")
        assert done.returncode == 0
        for name in cli_app.NAMES:
            assert re.search(rf"\b{name}\b", done.stdout)

    def test_the_prompt_awaits(self, shop):
        lines = "n = await Note.create(text='x')\nawait n.text.get()\nAuthor(name='y').name.hget()\n1/0\nexit()\n"
        done = process("shell", shop, input=lines)
        assert done.returncode == 0
        assert "'x'" in done.stdout
        assert "'y'" in done.stdout
        assert "ZeroDivisionError" in done.stderr

    def test_serve_ends_cleanly_and_keeps_what_it_should(self, tmp_path):
        import redis  # noqa: PLC0415

        port = free_port()
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
        command = [sys.executable, "-m", "limpyd", "serve", "--port", str(port), "--dir", str(tmp_path), "--persist"]
        for run, stop in enumerate([signal.SIGINT, signal.SIGTERM]):
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
                assert server.stdout is not None
                url = server.stdout.readline().strip()
                assert url == f"redis://127.0.0.1:{port}/0"
                with redis.Redis.from_url(url) as client:
                    assert client.incr("runs") == run + 1
                server.send_signal(stop)
                assert server.wait(30) == 0
            until = time.monotonic() + 5
            with pytest.raises(redis.ConnectionError), redis.Redis.from_url(url) as client:
                while time.monotonic() < until:
                    client.ping()

    def test_serve_on_a_taken_port(self, one_server):
        done = process("serve", "--port", str(one_server.port))
        assert done.returncode == 4
        assert done.stdout == ""
        assert "ended with code" in done.stderr


class TestModels:
    def test_what_is_declared_and_what_there_is(self, limpyd, filled):
        code, out, _ = limpyd("models", "{}:Author", "--json")
        assert code == 0
        (author,) = json.loads(out)["models"]
        assert author["objects"] == 3
        assert author["keys"] == ["{lib:author}:*"]
        assert [(one["name"], one["type"], one["unique"]) for one in author["fields"]] == [
            ("pk", "str", False),
            ("name", "str", True),
            ("age", "int", False),
            ("tags", "str", False),
            ("gone", "bool", False),
        ]
        indexes = {one["name"]: one for one in author["indexes"]}
        assert {name: one["keys"] for name, one in indexes.items()} == {
            "uniq:name": 1,
            "num:age": 1,
            "eq:tags": 4,
            "eq:gone": 0,
        }
        assert author["values"]["keys"] == 6
        assert all(one["built"] and (one["memory"] > 0) == (one["keys"] > 0) for one in indexes.values())

    def test_references(self, limpyd, filled):
        _, out, _ = limpyd("models", "{}:Book", "--no-memory")
        assert re.search(r"author +FKStringField +lib:Author, on_delete=cascade", out)
        assert "unknown" not in out
        _, out, _ = limpyd("models", "{}:Book", "--no-memory", "--json")
        (book,) = json.loads(out)["models"]
        assert [(one["refers_to"], one["on_delete"]) for one in book["fields"]][-1] == ("lib:Author", "cascade")

    def test_memory_is_what_the_keys_take(self, limpyd, filled, one_server):
        _, out, _ = limpyd("models", "{}:Author", "--json", "--samples", "0")
        (author,) = json.loads(out)["models"]
        told = sum(group["memory"] for group in (author["values"], author["others"], *author["indexes"]))
        with one_server.client() as client:
            assert told == sum(client.memory_usage(key) for key in client.keys("{lib:author}*"))
        _, sampled, _ = limpyd("models", "{}:Author", "--json", "--samples", "1")
        (author,) = json.loads(sampled)["models"]
        assert author["values"]["sampled"] == 1
        assert author["values"]["memory"] > 0

    def test_an_index_that_is_not_built(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.hset("{lib:author}:meta", "num:age", "-")
        code, out, _ = limpyd("models", "{}", "--no-memory")
        assert code == 1
        assert re.search(r"NumberRangeIndex\s+age\s+no", out)
        assert limpyd("rebuild", "{}:Author", "--field", "age")[0] == 0
        assert limpyd("models", "{}", "--no-memory", "--json")[0] == 0

    def test_rebuild(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.delete("{lib:author}:num:age", "{note}:eq:text:x")
        code, out, _ = limpyd("rebuild", "{}", "--json")
        assert code == 0
        assert [one["objects"] for one in json.loads(out)["rebuilt"]] == [3, 1, 1]
        with one_server.client() as client:
            assert client.zcard("{lib:author}:num:age") == 3
            assert client.scard("{note}:eq:text:x") == 1

    def test_a_rebuild_that_a_value_stands_against(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.hset("{lib:author}:hash:1", "name", "n1")
        code, out, err = limpyd("rebuild", "{}:Author")
        assert (code, out) == (4, "")
        assert "n1" in err


class TestKeys:
    def test_of_a_model_and_of_an_object(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.expire("{lib:author}:field:tags:1", 100)
            expected = {key.decode() for key in client.keys("{lib:author}*")}
        code, out, _ = limpyd("keys", "{}:Author", "--json")
        document = json.loads(out)
        assert code == 0
        assert {one["key"] for one in document["keys"]} == expected
        assert document["more"] is False
        _, out, _ = limpyd("keys", "{}:Author", "1", "--json")
        told = {one["key"]: (one["type"], one["length"], one["ttl"] is None) for one in json.loads(out)["keys"]}
        assert told == {
            "{lib:author}:hash:1": ("hash", 2, True),
            "{lib:author}:field:tags:1": ("set", 2, False),
        }
        _, out, _ = limpyd("keys", "{}:Author", "--limit", "2", "--json")
        assert (len(json.loads(out)["keys"]), json.loads(out)["more"]) == (2, True)

    def test_odd_text_is_shown_safely(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.set(b"{book}:field:title:\xff", "x")
        code, out, _ = limpyd("keys", "{}:Book")
        assert code == 0
        assert "\0" not in out
        assert "\x1b" not in out
        assert r"{book}:field:title:a\x00\x1b[31m[bold]é" in out
        assert r"\udcff" in out
        _, out, _ = limpyd("keys", "{}:Book", "--json")
        assert any(ODD in one["key"] for one in json.loads(out)["keys"])
        assert any(r"\udcff" in one["key"] for one in json.loads(out)["keys"])

    def test_there_are_none(self, limpyd):
        assert limpyd("keys", "{}:Book") == (1, "Book has no keys.\n", "")
        assert limpyd("keys", "{}:Book", "a\0") == (1, "Book a\\x00 has no keys.\n", "")


FLAGS = (["gone=false"], ["gone=No"], ["gone=1"], ["gone__in=true,false"], ["gone__ne=yes"], ["gone__isnull=false"])


class TestExplain:
    def test_types_and_operators(self, limpyd, filled):
        code, out, _ = limpyd("explain", "{}:Author", "name=n1", "age__gt=0", "--sort", "-age", "--json")
        document = json.loads(out)
        assert code == 0
        assert document["objects"] == 3
        assert "-age" in document["sort"]
        assert any("> 0" in leaf["text"] for leaf in document["leaves"])
        for filters in (
            ["age__in=1,2"],
            ["age__between=0,2"],
            ["age__isnull=no"],
            ["tags=a"],
            ["age=1", "name=a=b"],
            *FLAGS,
        ):
            assert limpyd("explain", "{}:Author", *filters)[0] == 0, filters
        assert limpyd("explain", "{}:Book", "author__age__gt=1")[0] == 0
        assert limpyd("explain", "{}:Note", "text=x")[0] == 0

    def test_text_is_never_run(self, limpyd, filled, tmp_path):
        code, _, _ = limpyd("explain", "{}:Author", f"name=__import__('os').mkdir('{tmp_path}/x')")
        assert code == 0
        assert not (tmp_path / "x").exists()

    def test_mistakes(self, limpyd):
        for filters in (
            ["nothing"],
            ["=x"],
            ["age=x"],
            ["agee=1"],
            ["name__gt=1"],
            ["age=1", "age=2"],
            ["age__isnull=x"],
            ["age__in=1,x"],
            ["gone=maybe"],
            ["gone__in=yes,maybe"],
        ):
            code, out, err = limpyd("explain", "{}:Author", *filters)
            assert (code, out) == (2, ""), filters
            assert err.startswith("limpyd: ")
            assert err.count("\n") == 1


class TestScript:
    def test_statements(self, limpyd, filled):
        for operation, text in (
            ("create", "--   ARGV[2]  the primary key"),
            ("delete", "the general script delete_related.lua"),
            ("age.hset", "--   ARGV[7]  the value as NumberRangeIndex"),
            ("name.set", "call('HSET'"),
            ("age.hincrby", "call('TYPE', at)"),
            ("tags.sadd", "call('SADD'"),
            ("age.hget", "HGET is sent as it is"),
        ):
            code, out, _ = limpyd("script", f"{{}}:Author.{operation}")
            assert code == 0
            assert text in out, operation
            assert out.count("\n#!lua") == (operation != "age.hget")
        assert "call('UNLINK'" in limpyd("script", "{}:Note.delete")[1]

    def test_queries(self, limpyd, filled):
        tag, age = ("--filter", "tags__contains=a"), ("--filter", "age__gt=1")
        for options, texts in (
            ((*tag,), ("-- SMEMBERS {lib:author}:eq:tags:a", "no script runs")),
            ((*tag, *age), ("the script find_plain.lua", "--   ARGV[5]  '{lib:author}:num:age'  the key of an index")),
            ((*tag, *age, "--count"), ("--   ARGV[1]  'count'", "--   ARGV[6]  '(1'  the lower end of the range")),
            ((*age, "--sort", "age", "--values", "age"), ("page_of_range.lua", "--   ARGV[1]  '(1'  the lower end")),
            (
                (*tag, "--sort", "-age"),
                ("find.lua", "--   ARGV[1]  'pks'  the kind of result", "'1'  1 if from the largest"),
            ),
            (("--filter", "name__in=a,b", "--count"), ("find.lua", "'uniq'", "'{lib:author}:uniq:name'", "'a'")),
            (
                ("--filter", "name__in="),
                ("-- HGET {lib:author}:uniq:name \n", "no script runs"),
            ),
        ):
            code, out, err = limpyd("script", "{}:Author", *options)
            assert (code, err) == (0, ""), options
            for text in texts:
                assert text in out, (options, text, out[:2000])
            assert ("\n#!lua flags=" in out) is ("--   ARGV[1]" in out)

    def test_mistakes(self, limpyd):
        for operation in (
            "{}:Author",
            "{}:Author.creat",
            "{}:Author.nme.set",
            "{}:Author.name.st",
            "{}:Nobody.create",
            "x",
        ):
            code, out, err = limpyd("script", operation)
            assert (code, out) == (2, ""), operation
            assert err.count("\n") == 1


class TestRename:
    def test_a_class(self, limpyd, filled, one_server):
        with one_server.client() as client:
            for key in client.keys("{lib:author}*"):
                client.rename(key, key.replace(b"author", b"writer"))
        code, out, _ = limpyd("rename", "{}:Author", "--from", "Writer", "--json")
        assert code == 0
        assert json.loads(out) == {
            "renamed": [{"from": "Writer", "to": "Author", "objects": 3, "conflicts": [], "kept": []}]
        }
        code, out, _ = limpyd("rename", "{}:Author", "--from", "lib:writer")
        assert code == 0
        assert "moved 0 objects; there is no data under lib:writer" in out

    def test_conflicts(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.sadd("{lib:writer}:pks", "1")
        code, out, _ = limpyd("rename", "{}:Author", "--from", "Writer", "--json")
        assert code == 1
        (renamed,) = json.loads(out)["renamed"]
        assert [one["pk"] for one in renamed["conflicts"]] == ["1"]
        assert limpyd("rename", "{}:Author", "--from", "Writer")[0] == 1

    def test_a_field_of_the_async_face(self, limpyd, filled, one_server):
        with one_server.client() as client:
            client.rename("{note}:field:text:1", "{note}:field:body:1")
            client.rename("{note}:eq:text:x", "{note}:eq:body:x")
        assert limpyd("rename", "{}:Note", "--field", "body=text")[0] == 0
        with one_server.client() as client:
            assert client.get("{note}:field:text:1") == b"x"
            assert client.smembers("{note}:eq:text:x") == {b"1"}
            assert client.keys("{note}*body*") == []

    def test_mistakes(self, limpyd):
        for args in (
            ["{}:Author"],
            ["{}", "--from", "x"],
            ["{}:Author", "--from", "Author"],
            ["{}:Author", "--from", ":book"],
            ["{}:Author", "--from", "nobody"],
            ["{}:Author", "--field", "x"],
            ["{}:Author", "--field", "x=y"],
            ["{}:Base", "--from", "x"],
            ["{}:ODD", "--from", "x"],
        ):
            code, out, err = limpyd("rename", *args)
            assert (code, out) == (2, ""), args
            assert err.startswith("limpyd: ")


class TestExportAndImport:
    @pytest.mark.parametrize("model", ["Author", "Note"])
    def test_there_and_back(self, limpyd, filled, one_server, tmp_path, model):
        code, lines, err = limpyd("export", f"{{}}:{model}")
        assert (code, err) == (0, "")
        path = tmp_path / "objects.jsonl"
        path.write_text(lines)
        objects = lines.count("\n") - 1
        with one_server.client() as client:
            client.flushall()
        imported = ("import", f"{{}}:{model}", str(path))
        assert limpyd(*imported, "--dry-run", "--json")[:2] == (
            0,
            json.dumps({"dry_run": True, "created": objects, "skipped": 0, "updated": 0}, indent=2) + "\n",
        )
        assert limpyd(*imported)[1] == f"{model}: {objects} objects created\n"
        assert sorted(limpyd("export", f"{{}}:{model}")[1].splitlines()) == sorted(lines.splitlines())
        code, _, err = limpyd(*imported)
        assert code == 4
        assert "line 2 was refused" in err
        assert limpyd(*imported, "--on-conflict", "skip")[1] == f"{model}: 0 objects created, {objects} skipped\n"

    def test_csv_of_stdin(self, limpyd, filled, shop, one_server):
        _, lines, _ = limpyd("export", "{}:Author", "--format", "csv", "--exclude", "tags")
        assert lines.startswith("pk,name,age,gone\n")
        with one_server.client() as client:
            client.flushall()
        done = process("import", f"{shop}:Author", "-", "--format", "csv", input=lines)
        assert (done.returncode, done.stdout) == (0, "Author: 3 objects created\n")

    def test_mistakes(self, limpyd, tmp_path):
        (tmp_path / "empty").write_text("")
        for args in (
            ["export", "{}"],
            ["export", "{}:Author", "--format", "csv"],
            ["export", "{}:Author", "--exclude", "nam"],
            ["import", "{}:Author", "nowhere"],
            ["import", "{}:Author", "empty"],
            ["import", "{}:Book", "empty", "--new-pks"],
        ):
            code, out, err = limpyd(*args)
            assert (code, out) == (2, ""), args
            assert err.startswith("limpyd: ")


def test_the_library_does_without_the_extra():
    program = "import sys, limpyd, limpyd.asyncio; sys.exit(bool({'typer', 'rich', 'limpyd.cli'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


EPHEMERAL = """
from limpyd import *

class Person(RedisModel):
    database = RedisDatabase.embedded({path})
    name = StringField(indexable=True)
"""


@pytest.mark.parametrize(("path", "is_told"), [("", True), ("'data'", False)])
def test_a_server_that_each_process_starts_anew(tmp_path, monkeypatch, path, is_told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.py").write_text(EPHEMERAL.format(path=path))
    done = process("check", "people")
    assert done.returncode == 0
    assert "Person: 0 objects" in done.stdout
    assert ("limpyd: Person: embedded() without a path starts a new, empty server" in done.stderr) is is_told
