"""What pages cost, counted in keys that the server reads: what the page has, however many objects there are."""

from __future__ import annotations

import pytest

from limpyd import SORTED_SCORE, InstanceHashField, PKField, RedisDatabase, RedisModel, SortedSetField, TextRangeIndex
from tests.support.servers import running

PAGE = 20
SIZES = (1_000, 10_000)


@pytest.fixture(scope="module")
def models():
    with running("valkey-9.1") as server:
        database = RedisDatabase(port=server.port)
        yield [filled(database, size) for size in SIZES]
        database.close()


def filled(shared, size):
    """A model of so many objects, with a stored collection and a sorted set of scores."""

    class Thing(RedisModel):
        database = shared
        model_name = f"thing{size}"
        number = InstanceHashField(type=int, indexable=True)
        half = InstanceHashField(indexable=True)
        pinned = InstanceHashField(type=int, indexable=True)
        title = InstanceHashField(indexes=[TextRangeIndex])
        most = InstanceHashField(type=int, indexable=True)

    class Game(RedisModel):
        database = shared
        model_name = f"game{size}"
        name = PKField()
        scores = SortedSetField()

    def values(at):
        found = {"number": at * 7 % size, "half": str(at % 2)}
        if at < 5:
            found |= {"pinned": at, "title": f"t{at}"}
        return found | ({"most": at} if at > 5 else {})

    Thing.bulk_create(values(at) for at in range(size))
    game = Game(name="chess")
    game.scores.zadd({str(at + 1): at for at in range(size)})
    return Thing, game, size, Thing.collection().sort(by="number").store(ttl=None)


def page_after(collection):
    """A page behind the first one."""
    cursor = collection.page(PAGE).cursor
    return lambda: collection.page(PAGE, after=cursor).items


def leaderboard(thing, game, *_):
    return thing.collection().intersect(game.scores).sort(by_score=game.scores, desc=True)


PAGES = {
    "by primary key": lambda thing, *_: lambda: thing.collection().page(PAGE).items,
    "by primary key, further": lambda thing, *_: page_after(thing.collection()),
    "by primary key, down": lambda thing, *_: lambda: thing.collection().sort(desc=True)[:PAGE],
    "by primary key, down, further": lambda thing, *_: page_after(thing.collection().sort(desc=True)),
    "by primary key, far behind": lambda thing, game, size, _: lambda: thing.collection().sort()[size - PAGE : size],
    "by primary key, values far behind": lambda thing, game, size, _: (
        lambda: thing.collection().sort(desc=True).values("number")[size - PAGE : size]
    ),
    "by primary key, instances": lambda thing, *_: lambda: thing.collection().instances().sort()[:PAGE],
    "by primary key, of half": lambda thing, *_: lambda: thing.collection(half="0").page(PAGE).items,
    "by primary key as text": lambda thing, *_: lambda: thing.collection().sort(alpha=True)[:PAGE],
    "by primary key as text, down": lambda thing, *_: page_after(thing.collection().sort("-pk", alpha=True)),
    "first": lambda thing, *_: lambda: [thing.collection().first()],
    "last": lambda thing, *_: lambda: [thing.collection().last()],
    "values, last": lambda thing, *_: lambda: [thing.collection().values("number").last()],
    "beyond a sparse index": lambda thing, *_: lambda: thing.collection().sort(by="-pinned")[:PAGE],
    "beyond a sparse index of texts": lambda thing, *_: lambda: thing.collection().sort(by="title", alpha=True)[:PAGE],
    "beyond a sparse index, further": lambda thing, *_: page_after(thing.collection().sort(by="pinned")),
    "beyond a sparse index, last": lambda thing, *_: lambda: [thing.collection().sort(by="pinned").last()],
    "beyond a sparse index, of half": lambda thing, *_: page_after(thing.collection(half="1").sort(by="pinned")),
    "of the scores": lambda thing, game, *_: lambda: leaderboard(thing, game)[:PAGE],
    "of the scores, with them": lambda thing, game, *_: (
        lambda: leaderboard(thing, game).values_list("number", SORTED_SCORE)[:PAGE]
    ),
    "of the scores, further": lambda thing, game, *_: page_after(leaderboard(thing, game)),
    "of the scores, last": lambda thing, game, *_: lambda: [leaderboard(thing, game).last()],
    "by scores, of half": lambda thing, game, *_: lambda: thing.collection(half="1").sort(by_score=game.scores)[:PAGE],
    "by an index, far behind": lambda thing, game, size, _: (
        lambda: thing.collection().sort(by="number")[size - PAGE : size]
    ),
    "by an index, from the end": lambda thing, *_: lambda: thing.collection().sort(by="number").values("half")[-PAGE:],
    "by two fields, the first in an index": lambda thing, *_: page_after(
        thing.collection().sort(by=["-number", "half"])
    ),
    "by two fields, of half": lambda thing, *_: (
        lambda: thing.collection(half="1").sort(by=["number", "-pinned"]).values("number")[:PAGE]
    ),
    "by an index, the last but one": lambda thing, *_: lambda: [thing.collection().sort(by="number")[-2]],
    "of a stored collection": lambda *all_: lambda: all_[-1][:PAGE],
    "of a stored collection, from the end": lambda *all_: lambda: all_[-1][-PAGE:],
    "of a stored collection, the first": lambda *all_: lambda: [all_[-1].first()],
    "of a stored collection, the last": lambda *all_: lambda: [all_[-1].values("half").last()],
    "of a stored collection, whether any": lambda *all_: lambda: [all_[-1].exists()],
}


def looked_at(client, ask):
    """How much the server reads: the arguments of the commands that scripts run, and what these reply."""
    with client.monitor() as monitor:
        ask()
        client.echo("the end")
        commands = []
        while (seen := monitor.next_command())["command"] != "ECHO the end":
            if seen["client_type"] == "lua" or not seen["command"].startswith("EVALSHA"):
                commands.append(seen["command"].split(" "))
    replies = [client.execute_command(*command) for command in commands]
    return sum(map(len, commands)) + sum(len(reply) for reply in replies if isinstance(reply, list))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_what_it_has(models, name):
    """As much of 10,000 objects as of 1,000, and little."""
    looked = []
    for model in models:
        ask = PAGES[name](*model)
        assert len(ask()) in {1, PAGE}
        with model[0].database.connection as client:
            looked.append(looked_at(client, ask))
    small, large = looked
    assert large <= 1.3 * small + 10
    assert large < 25 * PAGE


EXPLAINED = {
    "by walking {thing1000}:num:number": lambda thing, *_: thing.collection(half="1").sort(by="-number"),
    "by walking {thing1000}:num:pinned": lambda thing, *_: thing.collection().sort(by="pinned"),
    "by walking {game1000}:field:scores:chess": leaderboard,
    "{thing1000}:num:number, and sorting objects with equal": lambda thing, *_: thing.collection().sort(
        by=["number", "half"]
    ),
    "by walking the numbers": lambda thing, *_: thing.collection().sort(),
    "by choosing the first of": lambda thing, *_: thing.collection(half="1").sort(by=["half", "number"]),
    "by sorting the objects": lambda thing, *_: thing.collection(number__lt=30, half="1").sort(by=["half", "number"]),
}


@pytest.mark.parametrize("text", EXPLAINED)
def test_explain_names_the_way(models, text):
    explained = EXPLAINED[text](*models[0]).explain()
    assert text in explained.sort


def test_a_printed_explanation_has_the_beginning_of_a_long_command(models):
    explained = models[0][0].collection(half__in=[str(number) for number in range(1000)]).explain()
    assert max(map(len, explained.commands)) > 5000
    assert max(map(len, str(explained).splitlines())) < 400
