"""Queries of each kind, and each way to evaluate one."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    pk: str
    age: int | None


QUERIES = {
    "everything": lambda person: person.collection(),
    "equality": lambda person: person.collection(city="City 1"),
    "range": lambda person: person.collection(age__gte=5),
    "text": lambda person: person.collection(name__startswith="Name"),
    "all kinds": lambda person: person.collection(
        (person.city == "City 1") | ~(person.age < 3), tags="all", props__a__in=["1", "2"], name__ne="x"
    ).exclude(where__within=(0, 0, 10)),
    "a bound field": lambda person: person.collection(city=person.lazy_connect(2).city, age__lte=9),
    "sorted by an index": lambda person: person.collection(city="City 1").sort(by="-age"),
    "sorted without": lambda person: person.collection(city="City 1").sort(by=["props__a", "-pk"]),
    "sorted by scores": lambda person: person.collection().sort(by_score=person.lazy_connect(1).ranking),
    "intersected": lambda person: person.collection().intersect(["1", "2", "3"], person.lazy_connect(1).ranking),
}


READS = {
    "all": lambda face, c: face.do(c.all()),
    "avg": lambda face, c: face.do(c.avg("age")),
    "count": lambda face, c: face.do(c.count()),
    "count_by": lambda face, c: face.do(c.count_by("city")),
    "exists": lambda face, c: face.do(c.exists()),
    "explain": lambda face, c: face.do(c.explain()),
    "first": lambda face, c: face.do(c.first()),
    "last": lambda face, c: face.do(c.last()),
    "max": lambda face, c: face.do(c.max("age")),
    "min": lambda face, c: face.do(c.min("age")),
    "page": lambda face, c: face.do(c.page(size=5)),
    "store": lambda face, c: face.do(c.store("{person}:kept")),
    "sum": lambda face, c: face.do(c.sum("age")),
    "instances": lambda face, c: face.all(c.instances(prefetch=["name", "tags"])),
    "primary_keys": lambda face, c: face.all(c.instances().primary_keys()),
    "rows": lambda face, c: face.all(c.rows(Row)),
    "values": lambda face, c: face.all(c.values()),
    "values_list": lambda face, c: face.do(c.values_list("name", "age")[3:9]),
}


NARROWING = {"exclude", "filter", "from_stored", "intersect", "sort"}
"""What sends nothing by itself."""


ONE_ONLY = {"get"}


IN_CHUNKS = {"delete", "iterate", "update"}


COLLECTION = READS.keys() | NARROWING | ONE_ONLY | IN_CHUNKS
