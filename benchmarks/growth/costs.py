"""What each operation is stated to cost, as `docs/costs.md` shows it; the cases measure it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Cost(NamedTuple):
    """What an operation costs.

    Attributes:
        operation: what is called.
        formula: what the work follows, in words.
        exponents: with what power the cost grows with each variable; with the others it does not.
        step: what the longest step on the server does.
        chunked: how to have it in shorter steps, where one step may be long.
    """

    operation: str
    formula: str
    exponents: Mapping[str, int] = {}
    step: str = "all of it"
    chunked: str = ""


A_CHUNK = "one chunk"
SET_CHUNK = "`iterate(chunk=…)` with what is wanted of each"

INSTANCES = [
    Cost("Model(…), create", "values that are given", {"members": 1}),
    Cost("get, get_or_create", "1"),
    Cost("exists, instances of a primary key", "1"),
    Cost("a command of a field", "as [Redis says](commands.md) of the command"),
    Cost("a write to an indexed field of one value", "1 for each index; the bytes of the text", {"bytes": 1}),
    Cost("a command on an indexed field of many members", "members that the command changes", {"values": 1}),
    Cost("lrem, ltrim, lset of an indexed list", "members that are passed over, as LPOS", {"members": 1}),
    Cost("hmget, hmset, update", "fields that are given"),
    Cost("delete of an instance", "entries in indexes, and objects that refer to it", {"members": 1, "referring": 1}),
    Cost("hgetall, smembers, lrange: all of a value", "members", {"members": 1}),
]
BULK = [
    Cost("bulk_create, bulk_update, bulk_delete", "objects that are given", {"objects": 1}, A_CHUNK),
    Cost("from_pks", "primary keys that are given", {"values": 1}),
    Cost("a pipeline", "what is in it", {"requests": 1}, "one command"),
    Cost("a transaction", "what is in it", {"requests": 1}, "all of it", "a pipeline, or several transactions"),
]
QUERIES = [
    Cost("count of one equality, or one range", "1"),
    Cost("count of several conditions", "objects that the smallest condition finds", {"matches": 1}),
    Cost("exists, a slice without an order", "objects that are asked for"),
    Cost("all, list, values, instances", "objects that the smallest condition finds", {"matches": 1}),
    Cost("`in` of many values, `|`", "values, terms, and what they find", {"values": 1, "terms": 1}),
    Cost("a slice or page in the order of an index", "objects that are asked for"),
    Cost("a slice or page without an index for its order", "objects that are found", {"matches": 1}),
    Cost("sum, avg, min, max, count_by", "objects that are found", {"matches": 1}),
    Cost("iterate", "objects that the smallest condition finds", {"matches": 1}, A_CHUNK),
    Cost("update, delete of a collection", "objects that are found", {"matches": 1}, A_CHUNK),
    Cost("a filter across references", "objects that are referred to, and that refer", {"matches": 1}),
    Cost("store", "objects that are found", {"matches": 1}),
    Cost("exists, first, last, page of a stored collection", "objects that are asked for"),
    Cost("count of a stored collection, a slice within", "members up to its end", {"objects": 1}),
    Cost("explain", "conditions", {"terms": 1}),
]
UPKEEP = [
    Cost("rebuild_indexes, clear_indexes", "objects of the model, entries", {"objects": 1}, A_CHUNK),
    Cost("check of a model", "objects of the model, entries", {"objects": 1}, A_CHUNK),
    Cost("check of a database", "keys of the database, models", {"objects": 1, "models": 1}, A_CHUNK),
    Cost("rename_field", "objects of the model", {"objects": 1}, A_CHUNK),
    Cost("scan_keys, scan_model_keys", "keys of the database", {"objects": 1}, A_CHUNK),
    Cost("declaring a model", "its fields"),
]
COSTS = {cost.operation: cost for cost in [*INSTANCES, *BULK, *QUERIES, *UPKEEP]}
