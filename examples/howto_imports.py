"""Importing many objects: the program of docs/howto/imports.md, which explains it. Made by `make examples`."""

import csv
import io

from limpyd import BulkError, PKField, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Airport(RedisModel):
    database = database
    code = PKField()
    name = fields.InstanceHashField()
    country = fields.InstanceHashField(indexable=True)
    metres = fields.InstanceHashField(type=int, indexable=True)


FILE = """code,name,country,metres
CDG,Charles de Gaulle,FR,119
LHR,Heathrow,GB,25
LPB,El Alto,BO,4061
"""


def rows(file):
    """Yields the values of each object, converted to the types of its fields."""
    for row in csv.DictReader(file):
        yield {**row, "metres": int(row["metres"])}


print(Airport.bulk_create(rows(io.StringIO(FILE))))  # → BulkCreated(created=3, skipped=0, updated=0, pks=None)
print(Airport("LPB").metres.get())  # → 4061
print(
    Airport.bulk_create(
        ({"code": f"X{number}", "country": "XX"} for number in range(1000)), progress=lambda done: done % 500 or None
    ).created
)
# → 1000

# --- Importing again ---

print(Airport.bulk_create(rows(io.StringIO(FILE)), on_conflict="skip").skipped)  # → 3
print(Airport.bulk_create(rows(io.StringIO(FILE)), on_conflict="update").updated)  # → 3

# --- Errors ---

broken = FILE.replace("GB,25", "GB,-25").replace("CDG", "ORY") + "CDG,again,FR,0\n"
try:
    Airport.bulk_create(rows(io.StringIO(broken.replace("LHR", "LGW").replace("LPB", "LPZ"))))
except BulkError as error:
    refused = error
print(refused.position)  # → 3
print(refused.done.created)  # → 3
print(type(refused.__cause__).__name__)  # → 'UniquenessError'

# --- Updating and deleting many objects ---

print(Airport.bulk_update([("CDG", {"name": "Roissy"}), ("LHR", {"name": "London"})]).updated)  # → 2
print(Airport.collection(country="XX").delete())  # → 1000
print(Airport.bulk_delete(["CDG", "LHR", "LPB", "???"], on_missing="skip"))  # → BulkDeleted(deleted=3, missing=1)
