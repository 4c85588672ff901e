"""Whether an object is in an area is the same by a look at its place as by GEOSEARCH in the index."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from limpyd import GeoField, GeoIndex, GeoPoint, InstanceHashField, RedisDatabase, RedisModel
from tests.support.servers import NEWEST_AND_OLDEST

PLACES = 1500  # of more than a thousand in an area it is not found who they are, if others are fewer
WORLD = {
    "everywhere": lambda rng: (rng.uniform(-180, 180), rng.uniform(-85.05, 85.05)),
    "poles": lambda rng: (rng.uniform(-180, 180), rng.choice([-1, 1]) * rng.uniform(84, 85.05)),
    "date line": lambda rng: (rng.choice([-1, 1]) * rng.uniform(179, 180), rng.uniform(-85, 85)),
    "a town": lambda rng: (rng.gauss(2.35, 0.05), rng.gauss(48.85, 0.05)),
}


@pytest.mark.parametrize("server", NEWEST_AND_OLDEST, indirect=True)
@pytest.mark.parametrize("name", WORLD)
def test_it_is_the_same(server, name):
    rng = random.Random(name)
    with closing(RedisDatabase(port=server.port)) as shared:

        class Town(RedisModel):
            database = shared
            at = InstanceHashField(type=GeoPoint, indexable=True)
            shops = GeoField(indexes=[GeoIndex])

        places = [WORLD[name](rng) for _ in range(PLACES)]
        Town.bulk_create({"at": GeoPoint(*place)} for place in places)
        with shared.pipeline():
            for pk, place in enumerate(places[:1200], 1):
                Town.lazy_connect(pk).shops.geoadd({"a": place, "b": rng.choice(places)})
        few = rng.sample(range(1, PLACES + 1), 100)
        for _ in range(8):
            around = rng.choice(places)
            size = 10 ** (rng.uniform(3, 4.5) if name == "a town" else rng.uniform(5.5, 7.4))
            for field in ("at", "shops"):
                for area in ({f"{field}__within": (*around, size)}, {f"{field}__box": (*around, size, size / 2)}):
                    found = set(Town.collection(**area))
                    assert set(Town.collection(pk__in=few, **area)) == found & set(map(str, few))
