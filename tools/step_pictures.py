"""The pictures of the architecture page: the steps of a write and of a query, with the files that take them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tools.svg import Picture

SOURCE = Path(__file__).parents[1] / "src" / "limpyd"


class Step(NamedTuple):
    """A step: a sentence, the code or the commands of it, and the files and folders that take it."""

    sentence: str
    code: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines in its frame.

        Raises:
            FileNotFoundError: there is no such file, or no such folder.
        """
        for file in self.files:
            if not (SOURCE / file).exists():
                raise FileNotFoundError(file)
        return [*self.code, *([", ".join(self.files)] if self.files else [])]


WRITE = (
    Step(
        "1. the field checks and encodes the value", ('person.email.hset("ada@x")',), ("fields/instancehash/", "types/")
    ),
    Step("2. a request: a script, its keys and arguments", (), ("statements/", "requests/")),
    Step("3. the driver sends it: one round trip", ("EVALSHA …",), ("commands/", "drivers/")),
    Step("9. the decoder gives the result, or the error", ("1, or UniquenessError",), ("scripts/error_mapping.py",)),
)
WRITE_ON_SERVER = (
    Step("4. does the object exist?", ("SISMEMBER {person}:pks 1",)),
    Step("5. is the value free?", ("HGET {person}:uniq:email ada@x",)),
    Step("6. the command itself", ("HSET {person}:hash:1 email ada@x",)),
    Step("7. the indexes get the difference", ("HDEL, HSETNX {person}:uniq:email …",)),
    Step("8. refused midway? what was done is undone", (), ("lua/library/journal.lua",)),
)
QUERY = (
    Step(
        "1. each filter finds its index; without one it is an error",
        ('collection(Person.age >= 18, city="Paris")',),
        ("query/filters/",),
    ),
    Step(
        "2. an order and a projection",
        ('.sort(by="-age").values("name", "age")[:20]',),
        ("query/ordering.py", "query/results/"),
    ),
    Step("3. a plan: one native command, or one script", (), ("query/planning/",)),
    Step("4. the driver sends it: one round trip", ("EVALSHA …",), ("drivers/",)),
    Step("9. the projection turns the reply into items", ('[{"name": "Ada", "age": 36}, …]',), ("query/results/",)),
)
QUERY_ON_SERVER = (
    Step(
        "5. about how many objects meet each condition?",
        ("SCARD {person}:eq:city:Paris", "ZCOUNT {person}:num:age 18 +inf"),
        ("lua/library/conditions/",),
    ),
    Step("6. the smallest condition lists objects, the others test them", ("SMEMBERS …, then ZMSCORE …",)),
    Step(
        "7. the order: a walk along an index, or a sort",
        (),
        ("lua/library/order_plans.lua", "lua/library/sort_results.lua"),
    ),
    Step("8. the values of the page only", ("HMGET {person}:hash:… name age",), ("lua/library/rows.lua",)),
)


def picture(title: str, description: str, process: tuple[Step, ...], server: tuple[Step, ...]) -> str:
    """Returns the picture of the steps of a process and of the server."""
    drawn = Picture(title, description)
    for step in process:
        drawn.left(step.sentence, code=step.lines)
    for step in server:
        drawn.right(step.sentence, code=step.lines, strong=True)
    return drawn.text("your process", "the server: one atomic step")


def drawn() -> dict[str, str]:
    """Returns the text of each picture, by the name of its file."""
    return {
        "write_steps.svg": picture(
            "The steps of a write",
            "The process makes one request of a command; on the server a script checks the object and the value, runs "
            "the command, applies the difference to the indexes, undoes all if one refuses, and replies.",
            WRITE,
            WRITE_ON_SERVER,
        ),
        "query_steps.svg": picture(
            "The steps of a query",
            "The process finds the index of each condition and plans one request; on the server the smallest condition "
            "lists objects and the others test them; then come the order, the page and the values.",
            QUERY,
            QUERY_ON_SERVER,
        ),
    }
