"""The documented cost of each operation: the table behind `docs/costs.md`, checked by the cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Cost(NamedTuple):
    """The documented cost of one operation.

    Attributes:
        operation: the name of the operation.
        formula: the quantity that the cost is proportional to, in words.
        exponents: the exponent of each variable that the cost grows with; it is constant in all others.
        step: the work of the longest step on the server.
        chunked: the way to do the same in shorter steps, where a single step may be long.
    """

    operation: str
    formula: str
    exponents: Mapping[str, int] = {}
    step: str = "all of it"
    chunked: str = ""


A_CHUNK = "one chunk"
ALL = "all of it"
ITERATE = "`iterate()`"

INSTANCES = [
    Cost("Model(…), create", "the values passed", {"members": 1}, ALL, "add members in parts, e.g. with `sadd`"),
    Cost("get, get_or_create", "constant"),
    Cost("exists, instances of a primary key", "constant"),
    Cost("a command of a field", "as [Redis documents it](commands.md)"),
    Cost("a write to an indexed field of one value", "the number of indexes; the bytes of the value", {"bytes": 1}),
    Cost(
        "a command on an indexed field of many members",
        "the members that change",
        {"values": 1},
        ALL,
        "pass fewer members",
    ),
    Cost("lrem, ltrim, lset of an indexed list", "the members that are searched, as in LPOS", {"members": 1}),
    Cost("hmget, hmset, update", "the fields passed"),
    Cost(
        "delete of an instance",
        "its index entries, and the objects that refer to it",
        {"members": 1, "referring": 1},
        "all of it, up to [`max_changes`](relations.md#deleting)",
        "delete the referring objects first, with a collection",
    ),
    Cost("hgetall, smembers, lrange: the whole value", "the members", {"members": 1}, ALL, "HSCAN, SSCAN, LRANGE"),
]
BULK = [
    Cost("bulk_create, bulk_update, bulk_delete", "the objects passed", {"objects": 1}, A_CHUNK),
    Cost("from_pks", "the primary keys passed", {"values": 1}),
    Cost("a pipeline", "its operations", {"requests": 1}, "one operation"),
    Cost("a transaction", "its operations", {"requests": 1}, ALL, "a pipeline, or several transactions"),
]
QUERIES = [
    Cost("count of one equality, or one range", "constant"),
    Cost("count of several conditions", "the objects in the smallest condition", {"matches": 1}, ALL, ITERATE),
    Cost(
        "count of the members of a field or key",
        "the members (SINTERCARD; a field's own `scard()` is constant)",
        {"members": 1},
        ALL,
        ITERATE,
    ),
    Cost("exists, a slice without an order", "the objects in the slice"),
    Cost("all, list, values, instances", "the objects in the smallest condition", {"matches": 1}, ALL, ITERATE),
    Cost(
        "`in` with many values, `|`",
        "the values, the terms, and the objects that they find",
        {"values": 1, "terms": 1},
        ALL,
        ITERATE,
    ),
    Cost("a slice or page in the order of an index, or of primary keys", "the objects in the slice"),
    Cost(
        "a slice or page in another order",
        "the objects found, and those they refer to in an order such as `author__name`; sorting all adds a logarithm",
        {"matches": 1},
        ALL,
        "a range index in that order",
    ),
    Cost("sum, avg, count_by", "the objects found", {"matches": 1}, "2,000 objects, in chunks of 1,000 beyond"),
    Cost(
        "min, max",
        "the objects found; with a range index constant",
        {"matches": 1},
        "2,000 objects, in chunks of 1,000 beyond",
    ),
    Cost(
        "iterate",
        "the objects in the smallest condition; places, lists, and ranges that only Python can test are read whole",
        {"matches": 1},
        A_CHUNK,
    ),
    Cost("update, delete of a collection", "the objects found", {"matches": 1}, A_CHUNK),
    Cost(
        "a filter across references",
        "the referenced objects, and the objects that refer to them",
        {"matches": 1},
        ALL,
        ITERATE,
    ),
    Cost(
        "store",
        "the objects found",
        {"matches": 1},
        ALL,
        "`iterate()`, RPUSH of the primary keys, and `from_stored`",
    ),
    Cost("exists, first, last, page of a stored collection", "the objects in the page"),
    Cost(
        "count of a stored collection, a slice of it",
        "the members up to the end of the slice",
        {"objects": 1},
        ALL,
        "`page()`",
    ),
    Cost("explain", "the conditions", {"terms": 1}),
]
UPKEEP = [
    Cost(
        "rebuild_indexes, clear_indexes",
        "the objects of the model; a SCAN of the database",
        {"objects": 1, "others": 1},
        A_CHUNK,
    ),
    Cost("check of a model", "the objects of the model; a SCAN of the database", {"objects": 1, "others": 1}, A_CHUNK),
    Cost("check of a database", "the keys of the database, the models", {"objects": 1, "models": 1}, A_CHUNK),
    Cost("rename_field", "the objects of the model", {"objects": 1}, A_CHUNK),
    Cost("scan_keys, scan_model_keys", "the keys of the database", {"objects": 1}, A_CHUNK),
    Cost("declaring models", "the models and their fields", {"models": 1}),
]
COSTS = {cost.operation: cost for cost in [*INSTANCES, *BULK, *QUERIES, *UPKEEP]}
