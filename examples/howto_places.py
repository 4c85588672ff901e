"""Nearby places: the program of docs/howto/places.md, which explains it. Made by `make examples`."""

from limpyd import GeoPoint, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Cafe(RedisModel):
    database = database
    name = fields.InstanceHashField()
    place = fields.InstanceHashField(type=GeoPoint, indexable=True)
    open_late = fields.InstanceHashField(type=bool, indexable=True)


Cafe(name="Flore", place=(2.3326, 48.8541), open_late=True)
Cafe(name="Procope", place=(2.3388, 48.8530), open_late=False)
Cafe(name="Angelina", place=GeoPoint(2.3286, 48.8651), open_late=False)

here = (2.3335, 48.8539)
near = Cafe.collection(place__within=(*here, 500))
print(sorted(near.values_list("name", flat=True)))  # → ['Flore', 'Procope']
print(near.filter(open_late=True).values_list("name", flat=True)[:])  # → ['Flore']
print(Cafe.collection(place__box=(*here, 3_000, 3_000)).count())  # → 3

# --- Nearest first ---


class Town(RedisModel):
    database = database
    cafes = fields.GeoField()


paris = Town()
for cafe in Cafe.collection().instances(prefetch=["place"]):
    paris.cafes.geoadd({cafe.pk.get(): cafe.prefetched["place"]})

nearest = paris.cafes.geosearch_details(longitude=here[0], latitude=here[1], radius=2_000, sort="ASC", count=2)
print([(Cafe(near.member).name.get(), round(near.distance)) for near in nearest])  # → [('Flore', 69), ('Procope', 400)]
