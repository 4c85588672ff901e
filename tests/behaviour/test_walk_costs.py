"""What it costs to go through what a query finds: in proportion to that, however many there are; by exact counts."""

from __future__ import annotations

import pytest

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    GeoPoint,
    HashField,
    InstanceHashField,
    ListField,
    M2MSetField,
    M2MSortedSetField,
    RedisDatabase,
    RedisModel,
    SetField,
    TextRangeIndex,
)
from tests.support.servers import running

SIZES = (2000, 5000)
MOST = 1.4
"""How many times as much as of the smaller model an object of the larger one may cost."""


@pytest.fixture(scope="module")
def shops():
    with running("valkey-9.1") as server:
        database = RedisDatabase(port=server.port)
        yield {size: Shop(database, size) for size in SIZES}
        database.close()


class Shop:
    """Models with so many objects."""

    def __init__(self, shared, size):
        class Owner(RedisModel):
            database = shared
            namespace = f"shop{size}"
            name = InstanceHashField(unique=True)
            team = InstanceHashField(indexable=True)

        class Thing(RedisModel):
            database = shared
            namespace = f"shop{size}"
            group = InstanceHashField(indexable=True)
            half = InstanceHashField(type=int, indexes=[EqualIndex])
            number = InstanceHashField(type=int, indexable=True)
            rare = InstanceHashField(type=int, indexable=True)
            title = InstanceHashField(indexes=[TextRangeIndex])
            caseless = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
            parts = InstanceHashField(indexes=[TextRangeIndex(transform=str.split)])
            code = InstanceHashField(unique=True)
            note = InstanceHashField()
            tags = SetField(indexable=True)
            sizes = SetField(type=int, indexable=True)
            props = HashField(indexable=True)
            where = InstanceHashField(type=GeoPoint, indexable=True)
            owner = FKInstanceHashField(Owner, related_name="things")

        class Group(RedisModel):
            database = shared
            namespace = f"shop{size}"
            members = M2MSetField(Thing, related_name="groups")
            ranked = M2MSortedSetField(Thing, related_name="ranks")
            queue = ListField()

        self.client = shared.connection
        self.size, self.thing = size, Thing
        Owner.bulk_create({"name": f"o{at}", "team": f"t{at % 2}"} for at in range(size // 4))
        Thing.bulk_create(
            {
                "group": f"g{at % (size // 4)}",
                "half": at % 2,
                "number": at,
                "title": f"title {at}",
                "caseless": f"Title {at}",
                "parts": f"part {at}",
                "code": f"c{at}",
                "tags": [f"a{at}", f"b{at}"],
                "sizes": [at, size + at],
                "props": {"x": f"p{at % (size // 4)}"},
                "where": GeoPoint(at * 0.0001, 10),
                "owner": str(at % (size // 4) + 1),
                **({"rare": at} if at % 100 == 0 else {}),
            }
            for at in range(size)
        )
        pks = [str(at + 1) for at in range(size)]
        self.group = Group(members=pks, ranked={pk: float(pk) for pk in pks}, queue=pks)

    def cost(self, work):
        """Commands that are run, and bytes that are sent."""
        client = self.client
        client.config_resetstat()
        found = work()
        calls = {name.removeprefix("cmdstat_"): each["calls"] for name, each in client.info("commandstats").items()}
        calls.pop("hpexpiretime", None)  # whether a write asks this depends on what was there
        return found, calls, client.info("stats")["total_net_input_bytes"]


def half(shop):
    return range(shop.size // 2)


QUERIES = {
    "pk__in": lambda shop: shop.thing.collection(pk__in=[at + 1 for at in half(shop)]),
    "pk__in, some": lambda shop: shop.thing.collection(pk__in=[at + 1 for at in range(shop.size)], half=0),
    "in": lambda shop: shop.thing.collection(group__in=[f"g{at}" for at in range(shop.size // 8)]),
    "in, of sub-keys": lambda shop: shop.thing.collection(props__x__in=[f"p{at}" for at in range(shop.size // 8)]),
    "in, of many members": lambda shop: shop.thing.collection(
        tags__in=[f"{letter}{at}" for at in range(shop.size // 4) for letter in "ab"]
    ),
    "unique in": lambda shop: shop.thing.collection(code__in=[f"c{at}" for at in half(shop)]),
    "numbers in": lambda shop: shop.thing.collection(number__in=half(shop)),
    "texts in": lambda shop: shop.thing.collection(title__in=[f"title {at}" for at in half(shop)]),
    "range": lambda shop: shop.thing.collection(number__lt=shop.size // 2),
    "range of many members": lambda shop: shop.thing.collection(
        sizes__between=(shop.size // 2, 3 * shop.size // 2 - 1)
    ),
    "texts": lambda shop: shop.thing.collection(title__startswith="title "),
    "texts without case": lambda shop: shop.thing.collection(caseless__startswith="title "),
    "texts by a transform": lambda shop: shop.thing.collection(parts__startswith="pa"),
    "either by a transform": lambda shop: shop.thing.collection(
        shop.thing.parts.startswith("pa") | shop.thing.caseless.startswith("TI")
    ),
    "either": lambda shop: shop.thing.collection((shop.thing.half == 0) | (shop.thing.number < shop.size // 2)),
    "exclude": lambda shop: shop.thing.collection().exclude(half=0),
    "isnull": lambda shop: shop.thing.collection(rare__isnull=True),
    "reference": lambda shop: shop.thing.collection(owner__team="t0"),
    "reference, some": lambda shop: shop.thing.collection(owner__team="t0", number__lt=shop.size // 2),
    "members": lambda shop: shop.group.members(),
    "members, some": lambda shop: shop.group.members(half=0),
    "sorted members": lambda shop: shop.group.ranked(),
    "a list": lambda shop: shop.thing.collection().intersect(shop.group.queue),
    "places": lambda shop: shop.thing.collection(where__within=(0, 10, shop.size * 0.0001 * 55_000)),
}


def iterated(found):
    return sorted(map(int, found.iterate(chunk=100)))


CHANGING = {"members", "members, some", "sorted members", "a list"}
"""What `update` changes in one step, since it is read from a field of an instance."""
TOLD_ANEW = "in, of many members"
"""Who has several of the values comes with the first, so those before are told with each chunk."""


@pytest.mark.parametrize("query", QUERIES)
def test_iterate(shops, query):
    commands, sent = [], []
    for shop in shops.values():
        found = QUERIES[query](shop)
        expected = sorted(map(int, found.all()))
        pks, calls, sent_bytes = shop.cost(lambda found=found: iterated(found))
        assert pks == expected
        assert len(pks) >= shop.size * 0.2
        commands.append(sum(calls.values()) / len(pks))
        sent.append(sent_bytes / len(pks))
    assert commands[1] <= MOST * commands[0]
    assert sent[1] <= MOST * sent[0] or query == TOLD_ANEW


LISTING = {"lrange", "sdiff", "sinter", "smembers", "sunion", "zrangebylex", "zrangebyscore"}
"""Commands that read all that there is; ZRANGE reads some, here."""


@pytest.mark.parametrize(
    "query", ["members", "members, some", "reference", "reference, some", "sorted members", "texts", "range", "exclude"]
)
@pytest.mark.parametrize("read", ["iterate", "exists", "slice", "update"])
def test_nothing_is_listed(shops, query, read):
    """Neither at once nor again with each part."""
    shop = shops[SIZES[1]]
    found = QUERIES[query](shop)
    work = {
        "iterate": lambda: iterated(found),
        "exists": found.exists,
        "slice": lambda: found[:20],
        "update": lambda: found.update(note="x", chunk=100),
    }[read]
    if read == "update" and query in CHANGING:
        return
    work()
    _, calls, _ = shop.cost(work)
    assert not calls.keys() & LISTING
    if read in {"exists", "slice"}:
        assert sum(calls.values()) < 100


@pytest.mark.parametrize("query", sorted(QUERIES.keys() - CHANGING))
def test_update(shops, query):
    commands, sent = [], []
    for shop in shops.values():
        found = QUERIES[query](shop)
        expected = found.count()
        changed, calls, sent_bytes = shop.cost(lambda found=found: found.update(note=query, chunk=100))
        assert changed == expected
        assert changed >= shop.size * 0.2
        commands.append(sum(calls.values()) / changed)
        sent.append(sent_bytes / changed)
    assert commands[1] <= MOST * commands[0]
    assert sent[1] <= MOST * sent[0] or query == TOLD_ANEW


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "a list"])
def test_a_list_is_read_once_for_all_chunks_of_an_update(shops, stored):
    for shop in shops.values():
        shop.client.delete("some things")
        shop.client.rpush("some things", *range(1, shop.size + 1))
        everybody = shop.thing.collection()
        found = everybody.store() if stored else everybody.intersect("some things")
        changed, calls, _ = shop.cost(lambda c=found: c.update(note="x", chunk=100))
        assert changed == shop.size
        assert calls["lrange"] <= (shop.size // 100 + 1 if stored else 1)


@pytest.mark.parametrize("name", ["texts without case", "texts by a transform", "either by a transform"])
def test_what_only_python_knows_is_listed_once_for_all_chunks(shops, name):
    for shop in shops.values():
        found = QUERIES[name](shop)
        for work in (lambda c=found: c.update(note="x", chunk=100), lambda c=found: len(list(c.iterate(chunk=100)))):
            changed, calls, _ = shop.cost(work)
            assert changed == shop.size
            assert calls.get("zrangebylex", 0) <= 2


def test_an_area_is_not_found_anew_for_each_chunk(shops):
    """Beside those who may be in it, it is tested who is; of the area so many are found that its size is known."""
    for shop in shops.values():
        area = {"where__within": (0, 10, 40_000_000)}
        ran = shop.thing.collection(pk__in=range(1, 200), **area).explain(analyze=True).ran
        assert {each.command: each.values for each in ran}["GEOSEARCH"] == 1000
        assert shop.thing.collection(pk__in=range(1, 200), **area).count() == 199
        _, calls, _ = shop.cost(lambda s=shop, a=area: s.thing.collection(**a).update(note="x", chunk=100))
        assert calls["geopos"] >= shop.size // 100
