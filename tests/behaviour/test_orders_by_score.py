"""Orders by the scores in a sorted set that another model has."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, SortedSetField

COUNT = 60


@pytest.mark.parametrize("missing", [0, 3, 50])
def test_of_all_and_of_those_who_have_one(one_server, missing):
    class Base(RedisModel):
        abstract = True
        database = RedisDatabase(port=one_server.port)

    class Player(Base):
        name = InstanceHashField(indexable=True)

    class Game(Base):
        scores = SortedSetField()

    Player.bulk_create({"name": str(at % 2)} for at in range(COUNT))
    scores = {str(pk): pk % 7 for pk in range(1, COUNT + 1 - missing)}
    game = Game(scores={**scores, "nobody": 3})
    everybody = [str(pk) for pk in range(1, COUNT + 1)]

    def expected(pks, *, desc):
        there = sorted((pk for pk in pks if pk in scores), key=lambda pk: (scores[pk], pk), reverse=desc)
        return there + sorted((pk for pk in pks if pk not in scores), reverse=desc)

    for desc in (False, True):
        for pks, players in (
            (everybody, Player.collection()),
            (list(scores), Player.collection().intersect(game.scores)),
            (everybody[1::2], Player.collection(name="1")),
        ):
            found, order = players.sort(by_score=game.scores, desc=desc), expected(pks, desc=desc)
            assert found.all() == order
            assert found[:7] == order[:7]
            assert found[-7:] == order[-7:]
            assert found[len(order) - 5 : len(order)] == order[-5:]
            assert (found.first(), found.last()) == (order[0], order[-1])
            page = found.page(9)
            assert page.items == order[:9]
            assert found.page(9, after=page.cursor).items == order[9:18]
    Base.database.close()
