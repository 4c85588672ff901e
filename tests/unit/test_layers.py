"""Imports point one way: from the faces down to the keys."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "limpyd"

LAYERS = [
    {"exceptions", "command_table", "command_refusals", "suggestions", "cached_properties"},
    {"urls", "utils", "version", "named_models"},
    {"keys.parts"},
    {"keys", "faces", "replies", "iteration", "expressions", "conversion", "pickling"},
    {"keys.limpyd2"},
    {"keys.layouts"},
    {"resp"},
    {"lua.arguments", "lua.linker", "lua"},
    {"lua.layouts"},
    {"scripts.loader"},
    {"types", "server", "pipelines"},
    {"requests"},
    {"foreign_values"},
    {"acl"},
    {"commands", "indexes.asked", "pipelines.pending", "scripts.too_many"},
    {"scripts.outcomes", "overloads"},
    {"statements.source", "statements.lua_text", "statements.names", "statements.on_demand"},
    {"statements.statement", "statements.read"},
    {"statements.prepared"},
    {"statements.plain", "statements.direct", "statements"},
    {"scripts.writes"},
    {"scripts.leaves"},
    {"scripts.queries", "scripts.analysis"},
    {"scripts.calls", "scripts.describing", "scripts"},
    {"scripts.changes", "scripts.dynamic", "scripts.refer", "scripts.updates"},
    {"scripts.bulk"},
    {"indexes.forms"},
    {"indexes.numbers", "indexes.date_texts"},
    {"indexes.encoding"},
    {"indexes.custom", "indexes.settings", "indexes.limpyd2", "indexes.kept"},
    {"statements.formed", "statements.slot"},
    {"statements.entries"},
    {"statements.operations"},
    {"indexes.base"},
    {"indexes.equal", "indexes.multi"},
    {"indexes.ranges", "indexes.geo", "indexes.composite"},
    {"statements.together", "statements.members", "statements.creation_source"},
    {"statements.write", "statements.delete", "statements.create"},
    {"statements.assign", "statements.run", "statements.update"},
    {"indexes.dates", "indexes.defaults"},
    {"indexes"},
    {"upkeep.declared"},
    {"upkeep.catalog"},
    {"upkeep.steps"},
    {"upkeep.programs"},
    {"upkeep"},
    {"upkeep.fields"},
    {"fields.checks", "fields.custom", "fields.limpyd2_names"},
    {
        "fields.base",
        "fields.setters",
        "fields.bitfield",
        "fields.geoarguments",
        "fields.version_names",
        "fields.versions",
    },
    {"fields.value", "fields.pk"},
    {"fields.bound_value"},
    {"fields.expiring", "fields.single", "fields.together", "fields.waiting"},
    {"fields.keyed"},
    {"fields.many", "fields.bits"},
    {"fields.sortable", "fields.bound_dynamic"},
    {"fields.dynamic"},
    {"fields.hashexpiry", "fields.listwaiting", "fields.scoredranges", "fields.streamentries", "fields.streampending"},
    {"fields.string", "fields.instancehash", "fields.set", "fields.list", "fields.hash", "fields.streamgroups"},
    {"fields.hyperloglog", "fields.json", "fields.scoredtogether", "fields.stream", "fields.version"},
    {"fields.sortedset"},
    {"fields.dynamic_kinds"},
    {"fields.geo"},
    {"fields"},
    {"relations.references"},
    {"relations.deletion", "relations.registry"},
    {"checking.findings", "checking.declared", "key_scan"},
    {"checking.report", "checking.steps"},
    {"checking.told"},
    {"checking.models"},
    {"checking.programs", "checking"},
    {"checking.databases"},
    {"query.filter_errors", "query.misplaced", "query.meanings"},
    {"query.columns", "query.conditions", "query.values"},
    {"query.row_makers", "query.following", "query.one"},
    {"query.unclear"},
    {"query.filters", "query.ordering", "query.shapes"},
    {"query.assumptions", "query.cursors", "query.existence", "query.native", "query.paging", "query.patterns"},
    {"query.plan", "query.templates"},
    {"query.chunks", "query.query"},
    {
        "query.explanation",
        "query.totals",
        "query.changes",
        "query.dynamic_filter",
        "query.positions",
        "query.walks",
        "query.slices",
        "query.copies",
        "query.limpyd2_names",
    },
    {"query.with_totals"},
    {"query.core"},
    {"query.sync", "query.asynchronous", "query"},
    {"relations.fields", "relations.reverse", "relations"},
    {"relations.dynamic"},
    {
        "drivers.forks",
        "drivers.known_scripts",
        "drivers.guards",
        "drivers.replies",
        "drivers.interrupts",
        "drivers.lines",
        "drivers.connections",
        "drivers.clients",
        "drivers.sentinel",
        "drivers.shared_line",
        "drivers",
    },
    {"drivers.loop_connections", "drivers.settings"},
    {"drivers.sync", "drivers.asynchronous"},
    {"drivers.access", "drivers.direct"},
    {"pipelines.multi_exec"},
    {"pipelines.batches", "pipelines.blocks", "pipelines.raw"},
    {"pipelines.whole"},
    {"pipelines.collecting", "pipelines.watching"},
    {"pipelines.sync", "pipelines.asynchronous"},
    {"embedded.supervisor"},
    {"embedded.presence", "embedded.folders"},
    {"embedded"},
    {"database"},
    {"async_database", "testing"},
    {"model.declared_fields", "model.dynamic", "model.field_lookup", "model.instance_hash"},
    {"model.limpyd2_names", "model.statements"},
    {"model.schema", "model.class_body", "model.hooks", "model.making"},
    {"moving.former", "moving.route"},
    {"moving.steps"},
    {"moving.programs"},
    {"moving"},
    {"model.objects", "model.core", "model.shapes", "model.updates"},
    {"model.bulk", "model.get_or_create"},
    {"model.sync", "model.asynchronous"},
    {"model", "asyncio"},
    {
        "collection",
        "contrib",
        "contrib.collection",
        "contrib.database",
        "contrib.dynamic",
        "contrib.indexes",
        "contrib.related",
    },
    {"cli.failures", "cli.options", "cli.progress"},
    {"cli.output"},
    {"cli.targets"},
    {"cli.session", "cli.looking"},
    {"cli.explain"},
    {
        "cli.check",
        "cli.keys",
        "cli.migrate",
        "cli.models",
        "cli.rebuild",
        "cli.rename",
        "cli.script",
        "cli.serve",
        "cli.shell",
    },
    {"cli.app"},
    {"cli"},
    {"", "__main__"},
]
HEIGHT = {module: height for height, layer in enumerate(LAYERS) for module in layer}


def module_of(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path):
    """The modules of limpyd that a file imports, but for those that only type checkers see."""
    tree = ast.parse(path.read_text())
    checked_only = {
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in checked_only and (node.module or "").startswith("limpyd"):
            base = node.module.removeprefix("limpyd").removeprefix(".")
            for name in node.names:
                whole = f"{base}.{name.name}".removeprefix(".")
                yield whole if whole in HEIGHT else base


def test_every_module_has_its_layer():
    assert {module_of(path) for path in SOURCE.rglob("*.py")} == HEIGHT.keys()


def test_imports_point_down():
    for path in SOURCE.rglob("*.py"):
        module = module_of(path)
        for imported in imports(path):
            package = module == imported or module.startswith(f"{imported}.")
            same_folder = imported.startswith(f"{module}.")
            assert HEIGHT[imported] <= HEIGHT[module] or package or same_folder, f"{module} imports {imported}"


def test_files_are_short():
    for path in SOURCE.rglob("*.py"):
        assert len(path.read_text().splitlines()) < 420, path


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
