"""Imports point one way: from the faces down to the keys."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "limpyd"

LAYERS = [
    {"exceptions", "command_table", "unsupported_commands", "suggestions", "cached_properties"},
    {"urls", "utils", "version", "model_registry"},
    {"keys.templates"},
    {"keys", "faces", "replies", "iteration", "expressions", "conversion", "pickling"},
    {"keys.limpyd2"},
    {"keys.layouts"},
    {"resp"},
    {"lua.arguments", "lua.linker", "lua"},
    {"lua.layouts"},
    {"scripts.loader"},
    {"types", "server", "pipelines"},
    {"requests"},
    {"tracing.events"},
    {"tracing.listeners"},
    {"tracing.log", "tracing.databases", "tracing", "otel"},
    {"foreign_key_values"},
    {"acl"},
    {"commands", "indexes.python_transforms", "pipelines.pending_result", "scripts.change_limit"},
    {"scripts.error_mapping", "overloads"},
    {"statements.script_source", "statements.lua_text", "statements.parameters", "statements.statement_cache"},
    {"statements.statement", "statements.read"},
    {"statements.prepared_requests"},
    {"statements.unindexed_write", "statements.fast_path", "statements"},
    {"scripts.writes"},
    {"scripts.query_nodes"},
    {"scripts.queries", "scripts.analysis"},
    {"scripts.object_requests", "scripts.key_info", "scripts"},
    {"scripts.query_writes", "scripts.dynamic", "scripts.reference_change", "scripts.updates"},
    {"scripts.bulk"},
    {"indexes.normalizers"},
    {"indexes.numbers", "indexes.date_texts"},
    {"indexes.encoding"},
    {"indexes.custom", "indexes.settings", "indexes.limpyd2", "indexes.field_index"},
    {"statements.lua_normalizers", "statements.scalar_field"},
    {"statements.index_entries"},
    {"statements.operations"},
    {"indexes.base"},
    {"indexes.equality", "indexes.multi"},
    {"indexes.ranges", "indexes.geo", "indexes.composite"},
    {"statements.composite_entries", "statements.members", "statements.creation_source"},
    {"statements.scalar_write", "statements.delete", "statements.create"},
    {"statements.assignment", "statements.scalar_command", "statements.update"},
    {"indexes.dates", "indexes.defaults"},
    {"indexes"},
    {"indexes.maintenance.declarations"},
    {"indexes.maintenance.catalog"},
    {"indexes.maintenance.requests"},
    {"indexes.maintenance.generators"},
    {"indexes.maintenance"},
    {"indexes.maintenance.fields"},
    {"fields.checks", "fields.custom", "fields.limpyd2_names"},
    {
        "fields.base",
        "fields.setters",
        "fields.bitfield",
        "fields.geo_arguments",
        "fields.dynamic_names",
        "fields.dynamic_versions",
    },
    {"fields.value", "fields.pk"},
    {"fields.bound_value"},
    {"fields.expiry", "fields.scalar", "fields.multi_key", "fields.blocking"},
    {"fields.key_commands"},
    {"fields.members", "fields.bits"},
    {"fields.sort_command", "fields.bound_dynamic"},
    {"fields.dynamic"},
    {
        "fields.hash_expiry",
        "fields.list_blocking",
        "fields.sortedset_ranges",
        "fields.streamentries",
        "fields.streampending",
    },
    {"fields.string", "fields.instancehash", "fields.set", "fields.list", "fields.hash", "fields.streamgroups"},
    {"fields.hyperloglog", "fields.json", "fields.sortedset_combine", "fields.stream", "fields.version"},
    {"fields.sortedset"},
    {"fields.dynamic_kinds"},
    {"fields.geo"},
    {"fields"},
    {"relations.references"},
    {"relations.deletion", "relations.resolution"},
    {"integrity.findings", "integrity.expected_keys", "key_scan"},
    {"integrity.report", "integrity.requests"},
    {"integrity.messages"},
    {"integrity.model_check"},
    {"integrity.generators", "integrity"},
    {"integrity.databases"},
    {"query.filter_errors", "query.argument_errors", "query.lookups"},
    {"query.columns", "query.conditions", "query.operands"},
    {"query.row_factories", "query.prefetch", "query.single_object"},
    {"query.ambiguous_replies"},
    {"query.filters", "query.ordering", "query.projections"},
    {
        "query.assumptions",
        "query.scan_cursors",
        "query.existence",
        "query.single_command",
        "query.paging",
        "query.argument_patterns",
    },
    {"query.plan", "query.compiled_queries"},
    {"query.chunks", "query.query"},
    {
        "query.explanation",
        "query.aggregates",
        "query.bulk_writes",
        "query.dynamic_filter",
        "query.item_access",
        "query.scans",
        "query.slices",
        "query.pickling",
        "query.limpyd2_names",
    },
    {"query.aggregate_methods"},
    {"query.core"},
    {"query.sync", "query.asynchronous", "query"},
    {"relations.fields", "relations.reverse", "relations"},
    {"relations.dynamic"},
    {
        "drivers.forks",
        "drivers.script_cache",
        "drivers.guards",
        "drivers.error_translation",
        "drivers.interrupts",
        "drivers.sync_connection",
        "drivers.connection_pool",
        "drivers.clients",
        "drivers.sentinel",
        "drivers.multiplexed_connection",
        "drivers",
    },
    {"drivers.loop_connections", "drivers.settings", "drivers.addresses"},
    {"drivers.sync_transport", "drivers.async_transport"},
    {"drivers.sync", "drivers.asynchronous"},
    {"drivers.access", "drivers.fast_path"},
    {"pipelines.multi_exec"},
    {"pipelines.batching", "pipelines.blocks", "pipelines.raw_commands"},
    {"pipelines.atomic_script"},
    {"pipelines.collector", "pipelines.watch"},
    {"pipelines.sync", "pipelines.asynchronous"},
    {"embedded.supervisor"},
    {"embedded.presence", "embedded.folders"},
    {"embedded"},
    {"database"},
    {"async_database", "testing"},
    {"model.declared_fields", "model.dynamic", "model.field_lookup", "model.instance_hash"},
    {"model.limpyd2_names", "model.statements"},
    {"model.schema", "model.class_body", "model.hooks", "model.creation_lock"},
    {"migrations.previous_schema", "migrations.migration_plan"},
    {"migrations.requests"},
    {"migrations.generators"},
    {"migrations"},
    {"model.crud", "model.core", "model.create_plan", "model.updates"},
    {"model.bulk", "model.get_or_create"},
    {"model.sync", "model.asynchronous"},
    {"model", "asyncio"},
    {"checking", "moving", "moving.programs", "moving.steps", "fields.keyed"},
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
    {"cli.model_paths"},
    {"cli.session", "cli.inspection"},
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


COMPARE_TABLES = {"test_round_trips.py", "test_commands.py"}
"""Tests of tests: whether the tables of calls that others try are complete."""


def test_no_test_imports_from_another():
    """What several need is in tests/support, or beside them in a file that is no test."""
    tests = Path(__file__).parents[1]
    for path in tests.rglob("*.py"):
        if path.name in COMPARE_TABLES:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
                assert not node.module.rpartition(".")[2].startswith(("test_", "conftest")), f"{path}: {node.module}"
