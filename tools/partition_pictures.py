"""The pictures of the guide to several machines: a write with a claim, and a query to several partitions.

The code in them is executed on an embedded server. The keys, and what is in them, are what is found there.
"""

from __future__ import annotations

from typing import Any

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.testing import assert_requests
from tools.svg import Picture

USERS = """\
class User(RedisModel):
    partitions = 4
    login = PKField()
    email = InstanceHashField(unique=True)
    city = InstanceHashField(indexable=True)
"""
CREATION = 'User(login="eve", email="eve@x", city="Rome")'
AIRPORTS = """\
class Airport(RedisModel):
    partitions = 4
    code = PKField()
    country = InstanceHashField(indexable=True)
    height = InstanceHashField(type=int, indexable=True)
"""
HEIGHTS = {"GVA": 1411, "ZRH": 1416, "BRN": 1675, "SIR": 1585, "SMV": 5600, "LUG": 915, "ACH": 1306, "BXO": 1475}
QUERY = 'Airport.collection(country="CH").sort(by="-height")[:3]'


def drawn() -> dict[str, str]:
    """Returns the text of each picture, by the name of its file."""
    database = RedisDatabase.embedded()
    names: dict[str, Any] = {
        "InstanceHashField": InstanceHashField,
        "PKField": PKField,
        "RedisModel": type("Model", (RedisModel,), {"abstract": True, "database": database}),
        "__name__": "partitioned",
    }
    try:
        exec(USERS + AIRPORTS, names)
        return {"claim.svg": claim_picture(database, names), "scattered_query.svg": query_picture(names)}
    finally:
        database.close()


def claim_picture(database: RedisDatabase, names: dict[str, Any]) -> str:
    """Creates an object with a unique value, and returns the picture of what that did."""
    eval('User(login="bob", email="bob@x", city="Oslo")', names)  # so that all is known that is asked once
    with assert_requests(2):
        eval(CREATION, names)
    home = names["User"]._schema.keys.partition(b"eve")
    prefix = home.prefix.decode()
    at = next(key for key in database.scan_keys() if ":claim:" in key and database.connection.hexists(key, "eve@x"))
    picture = Picture(
        "A write with a claim takes two round trips",
        f"{CREATION} claims the e-mail address in {at}, where its hash leads; then a script in {prefix}, "
        "the partition of the primary key, looks at the claim and writes the object with its indexes",
    )
    picture.left("an object with a unique value", code=[CREATION])
    picture.left("the first round trip", code=[f"may partition {home.number} have eve@x?"])
    picture.right(
        "the partition that the hash of eve@x names",
        code=[at, f"    eve@x → partition {home.number}, a nonce, the time"],
    )
    picture.left("the second one: the write", code=["the object, with that claim"])
    picture.right(
        "the partition of the primary key: one atomic step",
        code=[
            f"{prefix}hash:eve",
            "    email → eve@x, city → Rome",
            f"{prefix}uniq:email",
            "    eve@x → the nonce, eve",
            f"{prefix}eq:city:Rome",
            "    eve",
        ],
        strong=True,
    )
    picture.left(
        "",
        plain=[
            "If it is killed between the two, whoever wants eve@x",
            "next finds no owner, and takes the claim over.",
        ],
    )
    return picture.text("your program", "two partitions, perhaps on two nodes")


def query_picture(names: dict[str, Any]) -> str:
    """Runs a query of several partitions, and returns the picture of what each replied."""
    airport = names["Airport"]
    for code, height in HEIGHTS.items():
        airport(code=code, country="CH", height=height)
    eval(QUERY, names)
    with assert_requests(1):
        result = list(eval(QUERY, names))
    partitions = airport._schema.keys.partitions
    picture = Picture(
        "A query is asked of all partitions at once, and merged",
        f"{QUERY} sends one request to each of {len(partitions)} partitions in one round trip; each replies with its "
        f"first objects in order, and they are merged to {result!r}",
    )
    picture.left("a query", code=[QUERY])
    picture.left("", plain=["One write to each node, then all replies are read."])
    picture.left("the rows of all partitions are merged, in order", code=[repr(result)])
    for partition in partitions:
        own = [code for code in HEIGHTS if airport._schema.keys.partition(code.encode()) is partition]
        own.sort(key=HEIGHTS.__getitem__, reverse=True)
        rows = ", ".join(f"{code} {HEIGHTS[code]}" for code in own)
        found = not {*own}.isdisjoint(result)
        picture.right("", code=[partition.prefix.decode(), f"    {rows or 'none'}"], strong=found)
    return picture.text("your program", "four partitions, each at one moment")
