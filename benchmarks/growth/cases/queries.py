"""Cases of collections."""

from __future__ import annotations

import functools
import operator
from typing import Any

from benchmarks.growth.case import Case
from benchmarks.growth.datasets import empty, items, members, referring

ONE, SEVERAL = "count of one equality, or one range", "count of several conditions"
SOME, ALL, ANY = "exists, a slice without an order", "all, list, values, instances", "`in` with many values, `|`"
INDEXED = "a slice or page in the order of an index, or of primary keys"
SORTED = "a slice or page in another order"
TOTALS, EXTREMES = "sum, avg, count_by", "min, max"
WALK, CHANGES = "iterate", "update, delete of a collection"
ACROSS, STORE, STORED = "a filter across references", "store", "exists, first, last, page of a stored collection"
WITHIN = "count of a stored collection, a slice of it"
MEMBERS = "count of the members of a field or key"

PAGE = 20


def _any_of(terms: Any) -> Any:
    return functools.reduce(operator.or_, terms)


def _chained(dataset: Any, size: int) -> Any:
    found = dataset.collection(group="g1")
    for number in range(size):
        found = found.filter(number__gte=-number)
    return found


def _nested(dataset: Any, size: int) -> Any:
    model = dataset.model
    term = model.group == "g1"
    for number in range(size):
        term = ~(term & (model.number >= number)) if number % 2 else (term | (model.half == "yes"))
    return dataset.collection(term)


def _pages(found: Any) -> Any:
    page = found.page(PAGE)
    return found.page(PAGE, after=page.cursor)


def _count(iterator: Any) -> int:
    return sum(1 for _ in iterator)


def _stored(dataset: Any) -> Any:
    if not hasattr(dataset, "stored"):
        dataset.stored = dataset.collection().sort(by="-number").store()
    return dataset.stored


FEW = [
    Case("count()", ONE, "objects", items, lambda w, _: w.collection().count()),
    Case("count(group=…)", ONE, "objects", items, lambda w, _: w.collection(group="g7").count()),
    Case("count(half=…)", ONE, "objects", items, lambda w, _: w.collection(half="yes").count()),
    Case("count(number__gte=…)", ONE, "objects", items, lambda w, _: w.collection(number__gte=50).count()),
    Case("count(sparse__isnull=False)", ONE, "objects", items, lambda w, _: w.collection(sparse__isnull=False).count()),
    Case(
        "count(group=…, half=…)", SEVERAL, "objects", items, lambda w, _: w.collection(group="g7", half="yes").count()
    ),
    Case(
        "count(group=…, number__gte=…)",
        SEVERAL,
        "objects",
        items,
        lambda w, _: w.collection(group="g7", number__gte=9).count(),
    ),
    Case("exists()", SOME, "objects", items, lambda w, _: w.collection().exists()),
    Case("exists(half=…)", SOME, "objects", items, lambda w, _: w.collection(half="yes").exists()),
    Case(
        "exists(half=…, number__gte=…)",
        SOME,
        "objects",
        items,
        lambda w, _: w.collection(half="yes", number__gte=9).exists(),
    ),
    Case("exists, exclude(group=…)", SOME, "objects", items, lambda w, _: w.collection().exclude(group="g1").exists()),
    Case(
        "exists(sparse__isnull=True)", SOME, "objects", items, lambda w, _: w.collection(sparse__isnull=True).exists()
    ),
    Case("[:20]", SOME, "objects", items, lambda w, _: w.collection()[:PAGE]),
    Case("[:20] of half", SOME, "objects", items, lambda w, _: w.collection(half="yes")[:PAGE]),
    Case("[:20], exclude(group=…)", SOME, "objects", items, lambda w, _: w.collection().exclude(group="g1")[:PAGE]),
    Case(
        "[:20] of half, number__ne", SOME, "objects", items, lambda w, _: w.collection(half="yes", number__ne=3)[:PAGE]
    ),
    Case("all(group=…)", ALL, "objects", items, lambda w, _: w.collection(group="g7").all()),
    Case(
        "all(group=…, number__gte=…)", ALL, "objects", items, lambda w, _: w.collection(group="g7", number__gte=9).all()
    ),
    Case(
        "all(group=…), exclude(half=…)",
        ALL,
        "objects",
        items,
        lambda w, _: w.collection(group="g7").exclude(half="no").all(),
    ),
    Case(
        "all(group=…, name__gte=…)",
        ALL,
        "objects",
        items,
        lambda w, _: w.collection(group="g7", name__gte="name 5").all(),
    ),
    Case("all(code=…)", ALL, "objects", items, lambda w, _: w.collection(code="c7").all()),
    Case("all(group=…).values()", ALL, "objects", items, lambda w, _: w.collection(group="g7").values().all()),
    Case("all(group=…).instances()", ALL, "objects", items, lambda w, _: w.collection(group="g7").instances().all()),
    Case(
        "all(group=… | number__lt=…)",
        ALL,
        "objects",
        items,
        lambda w, _: w.collection((w.model.group == "g7") | (w.model.number <= PAGE)).all(),
    ),
    Case("sum(group=…)", TOTALS, "objects", items, lambda w, _: w.collection(group="g7").sum("plain")),
    Case("sort('number')[:20]", INDEXED, "objects", items, lambda w, _: w.collection().sort(by="number")[:PAGE]),
    Case("sort('-number')[:20]", INDEXED, "objects", items, lambda w, _: w.collection().sort(by="-number")[:PAGE]),
    Case(
        "sort('number')[:20] of half",
        INDEXED,
        "objects",
        items,
        lambda w, _: w.collection(half="yes").sort(by="number")[:PAGE],
    ),
    Case("sort('number')[-20:]", INDEXED, "objects", items, lambda w, _: w.collection().sort(by="number")[-PAGE:]),
    Case(
        "sort('number')[n - 20:n]",
        INDEXED,
        "objects",
        items,
        lambda w, n: w.collection(number__gte=0).sort(by="number")[n - PAGE : n],
    ),
    Case(
        "sort('number')[n / 2:n / 2 + 20]",
        INDEXED,
        "objects",
        items,
        lambda w, n: w.collection().sort(by="number")[n // 2 : n // 2 + PAGE],
    ),
    Case("sort('name')[:20]", INDEXED, "objects", items, lambda w, _: w.collection().sort(by="name")[:PAGE]),
    Case(
        "sort('sparse')[:20]", INDEXED, "objects", items, lambda w, _: w.collection().sort(by="sparse")[: min(PAGE, 2)]
    ),
    Case(
        "sort('-sparse')[n / 100:][:20]",
        INDEXED,
        "objects",
        items,
        lambda w, n: w.collection().sort(by="-sparse")[n // 100 - 1 : n // 100 + PAGE],
    ),
    Case(
        "sort('number').page(20), the next one",
        INDEXED,
        "objects",
        items,
        lambda w, _: _pages(w.collection().sort(by="number")),
    ),
    Case("page(20), the next one", INDEXED, "objects", items, lambda w, _: _pages(w.collection())),
    Case("page(20) of half, the next one", INDEXED, "objects", items, lambda w, _: _pages(w.collection(half="yes"))),
    Case("first()", INDEXED, "objects", items, lambda w, _: w.collection().first()),
    Case("last()", INDEXED, "objects", items, lambda w, _: w.collection().last()),
    Case(
        "sort('number').first(), last()",
        INDEXED,
        "objects",
        items,
        lambda w, _: (w.collection().sort(by="number").first(), w.collection().sort(by="number").last()),
    ),
    Case(
        "sort('plain')[:20] (group=…)",
        SORTED,
        "objects",
        items,
        lambda w, _: w.collection(group="g7").sort(by="plain")[:PAGE],
    ),
    Case(
        "explain()",
        "explain",
        "objects",
        items,
        lambda w, _: w.collection(half="yes", number__gte=5).sort(by="number").explain(),
    ),
    Case("iterate(group=…)", WALK, "objects", items, lambda w, _: _count(w.collection(group="g7").iterate())),
    Case(
        "iterate(number__in=25)",
        WALK,
        "objects",
        items,
        lambda w, _: _count(w.collection(number__in=range(25)).iterate()),
    ),
    Case(
        "iterate(pk__in=500)",
        WALK,
        "objects",
        items,
        lambda w, _: _count(w.collection(pk__in=range(1, 501)).iterate()),
    ),
    Case("stored[:20]", STORED, "objects", items, lambda w, _: _stored(w)[:PAGE]),
    Case("stored[n / 2:n / 2 + 20]", WITHIN, "objects", items, lambda w, n: _stored(w)[n // 2 : n // 2 + PAGE]),
    Case("stored.count()", WITHIN, "objects", items, lambda w, _: _stored(w).count()),
    Case("stored.exists(), first()", STORED, "objects", items, lambda w, _: (_stored(w).exists(), _stored(w).first())),
    Case("stored.page(20)", STORED, "objects", items, lambda w, _: _pages(_stored(w))),
    Case("update(group=…)", CHANGES, "objects", items, lambda w, _: w.collection(group="g7").update(plain=1)),
    Case(
        "update(pk__in=25)", CHANGES, "objects", items, lambda w, _: w.collection(pk__in=range(1, 26)).update(plain=1)
    ),
    Case("delete(group=…)", CHANGES, "objects", items, lambda w, _: w.collection(group="g9").delete(), changes=True),
]
MANY = [
    Case("all(half=…)", ALL, "matches", items, lambda w, _: w.collection(half="yes").all()),
    Case(
        "all(half=…, number__gte=…)",
        ALL,
        "matches",
        items,
        lambda w, n: w.collection(half="yes", number__gte=n // 2).all(),
    ),
    Case(
        "all(half=…).values('plain', 'city')",
        ALL,
        "matches",
        items,
        lambda w, _: w.collection(half="yes").values("plain", "city").all(),
    ),
    Case("all(half=…).instances()", ALL, "matches", items, lambda w, _: w.collection(half="yes").instances().all()),
    Case("all, exclude(half=…)", ALL, "matches", items, lambda w, _: w.collection().exclude(half="yes").all()),
    Case("all(sparse__isnull=True)", ALL, "matches", items, lambda w, _: w.collection(sparse__isnull=True).all()),
    Case(
        "count(half=…, number__gte=…)",
        SEVERAL,
        "matches",
        items,
        lambda w, n: w.collection(half="yes", number__gte=n // 2).count(),
    ),
    Case("count, exclude(half=…)", SEVERAL, "matches", items, lambda w, _: w.collection().exclude(half="yes").count()),
    Case("sum(half=…)", TOTALS, "matches", items, lambda w, _: w.collection(half="yes").sum("plain")),
    Case(
        "min, max", EXTREMES, "matches", items, lambda w, _: (w.collection().min("plain"), w.collection().max("plain"))
    ),
    Case("count_by('city')", TOTALS, "matches", items, lambda w, _: w.collection().count_by("city")),
    Case("sort('plain')[:20]", SORTED, "matches", items, lambda w, _: w.collection().sort(by="plain")[:PAGE]),
    Case("sort('url')[:20]", SORTED, "matches", items, lambda w, _: w.collection().sort(by="url")[:PAGE]),
    Case("sort('url')", SORTED, "matches", items, lambda w, _: w.collection().sort(by="url").all()),
    Case(
        "sort(['city', 'plain'])[:20]",
        SORTED,
        "matches",
        items,
        lambda w, _: w.collection().sort(by=["city", "plain"], alpha=True)[:PAGE],
    ),
    Case("iterate()", WALK, "matches", items, lambda w, _: _count(w.collection().iterate())),
    Case("iterate(half=…)", WALK, "matches", items, lambda w, _: _count(w.collection(half="yes").iterate())),
    Case(
        "iterate(half=…, number__gte=…)",
        WALK,
        "matches",
        items,
        lambda w, n: _count(w.collection(half="yes", number__gte=n // 2).iterate()),
    ),
    Case(
        "iterate(group__in=half of all), chunks of 20",
        WALK,
        "matches",
        items,
        lambda w, n: _count(w.collection(group__in=[f"g{each}" for each in range(n // 50)]).iterate(chunk=20)),
    ),
    Case(
        "iterate(pk__in=half of all)",
        WALK,
        "matches",
        items,
        lambda w, n: _count(w.collection(pk__in=range(1, n // 2)).iterate()),
        stops_at=100_000,
    ),
    Case(
        "iterate(a | b)",
        WALK,
        "matches",
        items,
        lambda w, n: _count(w.collection((w.model.half == "yes") | (w.model.number < n // 2)).iterate()),
    ),
    Case(
        "iterate in the order of an index",
        WALK,
        "matches",
        items,
        lambda w, _: _count(w.collection().sort(by="number").iterate()),
    ),
    Case("store()", STORE, "matches", items, lambda w, _: w.collection(half="yes").store(ttl=60)),
    Case(
        "update(half=…)",
        CHANGES,
        "matches",
        items,
        lambda w, _: w.collection(half="yes").update(plain=1),
        stops_at=100_000,
    ),
    Case(
        "update(half=…) of computed values",
        CHANGES,
        "matches",
        items,
        lambda w, _: w.collection(half="yes").update(number=w.model.number * 1, if_=w.model.number >= 0),
        stops_at=100_000,
    ),
    Case(
        "update(group__in=half of all), chunks of 20",
        CHANGES,
        "matches",
        items,
        lambda w, n: w.collection(group__in=[f"g{each}" for each in range(n // 50)]).update(20, plain=1),
        stops_at=100_000,
    ),
    Case(
        "delete(half=…)",
        CHANGES,
        "matches",
        items,
        lambda w, _: w.collection(half="yes").delete(),
        changes=True,
        stops_at=100_000,
    ),
]
TERMS = [
    Case("all(number__in=…)", ANY, "values", items, lambda w, n: w.collection(number__in=range(n)).all()),
    Case(
        "all(group__in=…)",
        ANY,
        "values",
        items,
        lambda w, n: w.collection(group__in=[f"g{each}" for each in range(n)]).all(),
    ),
    Case(
        "all(code__in=…)",
        ANY,
        "values",
        items,
        lambda w, n: w.collection(code__in=[f"c{each}" for each in range(n)]).all(),
    ),
    Case("count(number__in=…)", ANY, "values", items, lambda w, n: w.collection(number__in=range(n)).count()),
    Case(
        "sort('plain')(number__in=…)",
        ANY,
        "values",
        items,
        lambda w, n: w.collection(number__in=range(n)).sort(by="plain").all(),
    ),
    Case(
        "exclude(number__in=…)",
        ANY,
        "values",
        items,
        lambda w, n: w.collection(group="g1").exclude(number__in=range(n)).all(),
    ),
    Case(
        "a | b | …",
        ANY,
        "terms",
        empty,
        lambda w, n: w.collection(_any_of(w.model.number == each for each in range(n))).all(),
    ),
    Case(
        "a & b & …",
        ANY,
        "terms",
        empty,
        lambda w, n: w.collection(*(w.model.number >= -each for each in range(n))).all(),
    ),
    Case("filter(…).filter(…)…", ANY, "terms", empty, lambda w, n: _chained(w, n).all()),
    Case(
        "explain() of a | b | …",
        "explain",
        "terms",
        empty,
        lambda w, n: w.collection(_any_of(w.model.number == each for each in range(n))).explain(),
    ),
]
RELATED = [
    Case("members().count()", MEMBERS, "members", members, lambda w, _: w.one.members().count()),
    Case(
        "members().exists(), [:20]",
        SOME,
        "members",
        members,
        lambda w, _: (w.one.members().exists(), w.one.members()[:PAGE]),
    ),
    Case("members(name=…)", ALL, "members", members, lambda w, _: w.one.members(name="u1").all()),
    Case(
        "intersect(loose)(name=…)",
        ALL,
        "members",
        members,
        lambda w, _: w.user.collection(name="u1").intersect(w.one.loose).all(),
    ),
    Case(
        "intersect(loose).count()",
        MEMBERS,
        "members",
        members,
        lambda w, _: w.user.collection().intersect(w.one.loose).count(),
    ),
    Case(
        "intersect(board).sort(by_score=…)[:20]",
        INDEXED,
        "members",
        members,
        lambda w, _: w.user.collection().intersect(w.one.board).sort(by_score=w.one.board)[:PAGE],
    ),
    Case("iterate over members()", WALK, "matches", members, lambda w, _: _count(w.one.members().iterate())),
    Case("groups()", ALL, "members", members, lambda w, _: w.first.groups().all()),
    Case("posts().count()", ONE, "referring", referring, lambda w, _: w.one.posts().count()),
    Case("posts(title=…)", ALL, "referring", referring, lambda w, _: w.one.posts(title="t7").all()),
    Case(
        "collection(user__name=…, title=…)",
        ACROSS,
        "referring",
        referring,
        lambda w, _: w.post.collection(user__name="ann", title="t7").all(),
    ),
    Case(
        "collection(user__name=…)", ACROSS, "matches", referring, lambda w, _: w.post.collection(user__name="ann").all()
    ),
    Case(
        "iterate(user__name=…)",
        WALK,
        "matches",
        referring,
        lambda w, _: _count(w.post.collection(user__name="ann").iterate()),
    ),
    Case(
        "update(user__name=…)",
        CHANGES,
        "matches",
        referring,
        lambda w, _: w.post.collection(user__name="ann").update(plain="b"),
        stops_at=100_000,
    ),
    Case(
        "delete(user__name=…)",
        CHANGES,
        "matches",
        referring,
        lambda w, _: w.post.collection(user__name="ann").delete(),
        changes=True,
        stops_at=100_000,
    ),
]
CASES = [*FEW, *MANY, *TERMS, *RELATED]
