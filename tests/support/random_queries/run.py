"""Runs of random queries: a model with random objects, changes of these, and queries, compared with plain Python."""

from __future__ import annotations

import random

from tests.support.random_queries.changes import Changes
from tests.support.random_queries.comparison import Asking, Wrong
from tests.support.random_queries.plain_python import World
from tests.support.random_queries.queries import KEY_OF_LIST, KEY_OF_SCORES, KEY_OF_SET, STORED, Queries
from tests.support.random_queries.result_forms import FORMS, SYNC_ONLY
from tests.support.random_queries.things import SCORES, Deck, model_of

OBJECTS = 80
SHOWN = 60
"""How many failures of one seed are told."""


async def asked(face, seed, how_many, *, partitions=1):
    """Asks the queries of a seed; gives how many there were of each kind."""
    face.client.flushall()
    database = face.Database(port=face.server.port, partitions=partitions)
    run = Run(face, database, seed, partitions=partitions)
    try:
        await run.fill()
        for _ in range(how_many):
            await run.step()
        everything = "Thing.collection().values()"
        run.ask.compare(everything, await run.ask.walked(everything), list(run.world.values()), in_order=False)
    except Wrong as error:  # a change failed, or was not made
        run.wrong.append(str(error))
    finally:
        await face.do(database.close())
    assert not run.wrong, "\n".join([f"{len(run.wrong)} of {how_many} queries {run.advice}", *run.wrong[:SHOWN]])
    return run.made


class Run:
    """A model with random objects, as they are on the server and in plain Python, and queries of it.

    Attributes:
        made: how many there were of each kind.
        wrong: what was found to be wrong.
    """

    def __init__(self, face, database, seed, *, partitions=1):
        rng = random.Random(seed)
        text_pks = rng.random() < 0.5
        self.rng = rng
        self.face = face
        self.world: World = {}
        self.keys = {KEY_OF_SET: set(), KEY_OF_LIST: [], KEY_OF_SCORES: {}, STORED: set()}
        self.queries = Queries(rng, self.world, text_pks=text_pks, keys=self.keys)
        self.ask = Asking(
            face, model_of(face, database, text_pks=text_pks, unique=partitions == 1), rng, self.world, self.queries
        )
        self.changes = Changes(self.ask, rng, self.world, text_pks=text_pks, partitions=partitions)
        self.forms = Deck(rng, [*forms_of(face), "simple"])
        self.made = self.queries.made
        self.wrong: list[str] = []
        self.advice = f"of {'text' if text_pks else 'automatic'} primary keys; again: LIMPYD_QUERY_SEED={seed}"

    async def fill(self):
        """Makes objects, and keys that hold primary keys of some of them."""
        for _ in range(OBJECTS):
            await self.changes.create()
        pks = [*self.world, "nobody"]
        self.keys[KEY_OF_SET] = {*self.rng.sample(pks, OBJECTS // 2)}
        self.keys[KEY_OF_LIST] = [self.rng.choice(pks) for _ in range(OBJECTS // 2)]
        self.keys[KEY_OF_SCORES] = {pk: self.rng.choice(SCORES) for pk in self.rng.sample(pks, OBJECTS // 2)}
        client = self.face.client
        client.sadd(KEY_OF_SET, *self.keys[KEY_OF_SET])
        client.rpush(KEY_OF_LIST, *self.keys[KEY_OF_LIST])
        client.zadd(KEY_OF_SCORES, self.keys[KEY_OF_SCORES])
        kept = self.rng.sample(list(self.world), OBJECTS // 2)
        self.keys[STORED] = {*kept}
        self.ask.names[STORED] = await self.ask.result(f"Thing.collection(pk__in={kept!r}).store(ttl=3600)")

    async def step(self):
        """Makes some changes, or none, and asks one query."""
        for _ in range(self.rng.choice((0, 1, 1, 3))):
            self.made[f"change {await self.changes.one()}"] += 1
        while len(self.world) < OBJECTS * 3 // 4:
            await self.changes.create()
        form = self.forms.draw()
        self.made[form] += 1
        try:
            await FORMS[form](self.ask, self.queries.query())
        except Wrong as error:
            self.wrong.append(f"{form}: {error}")


def forms_of(face):
    return [form for form in FORMS if not (face.is_async and form in SYNC_ONLY)]
