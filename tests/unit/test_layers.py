"""The layers of the package: imports point from the command line down to the exceptions."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "limpyd"

LAYERS = {
    "exceptions and types": {
        "exceptions",
        "types",
        "constraints",
        "expressions",
        "operands",
        "server",
        "utils",
        "version",
    },
    "keys, commands and requests": {"keys", "commands", "requests"},
    "Lua": {"lua"},
    "statements, indexes and fields": {"scripts", "indexes", "statements", "fields", "claims", "targets"},
    "relations and queries": {"query", "relations", "deletions", "integrity"},
    "connections and databases": {"tracing", "drivers", "pipelines", "embedded", "database"},
    "models": {"schema", "migrations", "repartitioning", "relocation", "transfer", "changes", "model"},
    "command line and testing": {"cli", "testing", "otel", "acl", "asyncio", "", "__main__"}
    | {"checking", "collection", "contrib", "moving"},
}
"""The packages and modules of each layer, the lowest first."""
HEIGHT = {name: height for height, names in enumerate(LAYERS.values()) for name in names}


def module_of(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_of(path): path for path in SOURCE.rglob("*.py")}


def imports(path):
    """The modules of limpyd that a file imports, also within functions, and for type checkers only."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("limpyd"):
            base = node.module.removeprefix("limpyd").removeprefix(".")
            for name in node.names:
                whole = f"{base}.{name.name}".removeprefix(".")
                yield whole if whole in MODULES else base


@cache
def all_imports():
    """Of each module those that it imports; all files are read for it, so not when tests are collected."""
    return {module: set(imports(path)) - {module} for module, path in MODULES.items()}


def package_of(module):
    return module.partition(".")[0]


def test_every_package_has_its_layer():
    assert {package_of(module) for module in MODULES} == HEIGHT.keys()


def test_imports_point_down():
    for module, imported in all_imports().items():
        for other in imported:
            assert HEIGHT[package_of(other)] <= HEIGHT[package_of(module)], f"{module} imports {other}"


def circle(imported_by):
    try:
        TopologicalSorter(imported_by).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other():
    assert circle(all_imports()) == []


def test_no_packages_import_each_other():
    packages = defaultdict(set)
    for module, imported in all_imports().items():
        packages[package_of(module)] |= {package_of(other) for other in imported} - {package_of(module)}
    assert circle(packages) == []


def test_packages_hold_no_logic():
    """An `__init__` imports, and says what is public."""
    for path in SOURCE.rglob("*/__init__.py"):
        for node in ast.parse(path.read_text()).body:
            assert isinstance(node, (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.If)), path


def test_connecting_imports_neither_checks_nor_moves():
    program = "import sys, limpyd, limpyd.asyncio; print(*(name for name in sys.modules if name.startswith('limpyd.')))"
    imported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout.split()
    packages = {package_of(name.removeprefix("limpyd.")) for name in imported}
    assert packages.isdisjoint({"integrity", "migrations", "transfer", "embedded", "cli"})
    assert {"database", "model"} <= packages


def test_importing_costs_little_beyond_redis():
    """At most seven tenths of the function calls of importing redis, which is about half of its time."""
    program = (
        "import sys; calls = [0]\n"
        "def count(_frame, event, _): calls[0] += event in {'call', 'c_call'}\n"
        "sys.setprofile(count)\nimport redis, redis.asyncio, hiredis\nof_redis = calls[0]\n"
        "import limpyd, limpyd.asyncio\nprint((calls[0] - of_redis) / of_redis)"
    )
    ratio = float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)
    assert ratio < 0.7


def test_making_an_instance_costs_little(one_server):
    """At most eight times as much as an instance of a plain class, where nothing is asked."""
    import timeit  # noqa: PLC0415

    from limpyd import RedisDatabase, RedisModel, StringField  # noqa: PLC0415

    class Thing(RedisModel):
        database = RedisDatabase(port=one_server.port)
        text = StringField()

    class Plain:
        def __init__(self, pk):
            self.pk = pk

    # In short rounds, some of which nothing else interrupts, and beside something as plain, for the machine's speed.
    plain, made = (
        min(timeit.repeat(lambda m=make: m(1), number=200, repeat=200)) for make in (Plain, Thing.lazy_connect)
    )
    assert made < 8 * plain


IMPORT_OF_TESTS = re.compile(r"^[ \t]*from (tests[\w.]*) import (\([^)]*\)|.*)", re.MULTILINE)
"""A statement that imports from the tests, wherever in a file; its module, and the names."""


def test_no_test_imports_from_another():
    """Shared helpers are in tests/support, or in a file that is no test."""
    tests = Path(__file__).parents[1]
    for path in tests.rglob("*.py"):
        for module, names in IMPORT_OF_TESTS.findall(path.read_text()):
            imported = {*module.split("."), *re.findall(r"\w+", names)}
            assert not any(name.startswith(("test_", "conftest")) for name in imported), f"{path}: {module}"


def test_folders_of_tests_hold_tests():
    """Programs that tests run are in folders of their own."""
    for folder in ("behaviour", "faults", "limpyd2", "unit"):
        for path in Path(__file__).parents[1].joinpath(folder).glob("*.py"):
            assert path.name == "conftest.py" or path.name.startswith("test_"), path
