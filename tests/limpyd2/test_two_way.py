"""limpyd with layout="limpyd2" and redis-limpyd 2.1.2 work on one database, each on objects of both."""

import random

import pytest

from tests.support.amounts import amount
from tests.support.limpyd2.peers import contents, limpyd2, peers
from tests.support.limpyd2.random_orders import WORDS, call, random_order
from tests.support.servers import running

STEPS = amount("LIMPYD_TWO_WAY", 60)


@pytest.fixture(scope="module")
def server():
    with running("valkey-9.1") as server:
        yield server


@pytest.fixture(scope="module")
def reference_server():
    with running("valkey-9.1") as server:
        yield server


@pytest.fixture(scope="module")
def processes(server):
    with peers(server.port) as both:
        yield both


@pytest.fixture
def both(server, processes):
    with server.client() as client:
        client.flushall()
    return processes


@pytest.fixture(scope="module")
def reference(reference_server):
    with limpyd2(reference_server.port) as peer:
        yield peer


QUERIES = [
    *(
        {name: value}
        for name in ("name", "city", "email", "login", "bio", "tags", "keys", "team")
        for value in WORDS[1:4]
    ),
    *({f"age__{operator}": value} for operator in ("gt", "gte", "lt", "lte") for value in ("0", "5", "-3")),
    *({f"bio__lower__{operator}": "abc"} for operator in ("gt", "gte", "lt", "startswith")),
    *({f"words__{operator}": value} for operator in ("gt", "gte", "startswith") for value in ("a", "abc", "b")),
    {"born__year": 2015},
    {"born__gte": "2015-06"},
    {"seen__date__gt": "2015-06", "seen__hour__gte": 12},
    {"met__time__lt": "13"},
    {"headers__from": "a"},
    {"sizes__to__gte": 1},
    {"name__in": ["a", "abc"], "age__gte": 0},
    {"street": "a", "number": "a", "place": "a"},
    {"bio__first": "a"},
    *({"odd": value} for value in ("ABC", "É", "a")),
    *({"odd__any": value} for value in (True, "True", 5.0, "5.0", -7, "abc:d")),
    *({f"odd__sum__{operator}": value} for operator in ("gte", "lt") for value in (1, 0, "5.0", True)),
    *({f"odd__text__{operator}": "T"} for operator in ("gte", "lt", "startswith")),
    {"odd__initial__gt": "aodd"},
]


def outcome(answer):
    """What came back; of an error only that there was one."""
    return answer.get("reply", "refused")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_any_mixture_stores_what_limpyd_2_alone_would_store(both, server, reference, reference_server, seed):
    source = random.Random(seed)
    pks = []
    with reference_server.client() as client:
        client.flushall()
    with server.client() as mixed, reference_server.client() as alone:
        for number in range(STEPS):
            order = random_order(source, pks, number)
            expected = reference.answer(**order)
            got = source.choice(both).answer(**order)
            assert outcome(got) == outcome(expected), (order, got, expected)
            if order["do"] == "create":
                pks.append(got["reply"])
            if number % 10 == 0 or number == STEPS - 1:
                assert contents(mixed) == contents(alone), order
        for filters in QUERIES:
            find = {"do": "find", "model": "Person", "filters": filters}
            old, new = (peer(**find) for peer in both)
            assert old == new, filters
        for by in ("name", "-name", "age", "title"):
            find = {"do": "find", "model": "Person", "filters": {}, "sort": {"by": by, "alpha": True}}
            old, new = (peer(**find) for peer in both)
            assert sorted(old) == sorted(new)


def test_relations_of_both(both):
    old, new = both
    for maker, other in ((old, new), (new, old)):
        owner = maker(do="create", model="Owner", values={"name": "o"})
        book = maker(do="create", model="Book", values={"isbn": f"book {owner}", "owner": owner, "lender": owner})
        for field, command in (("readers", "sadd"), ("wishes", "rpush")):
            other(**call(book, field, command, owner, model="Book"))
        other(**call(book, "ratings", "zadd", model="Book", **{owner: 3}))
        for peer in both:
            for name in ("books", "lent", "read", "wished", "rated"):
                assert peer(do="reverse", model="Owner", pk=owner, name=name) == [book], name
        other(do="delete", model="Book", pk=book)
        for peer in both:
            assert peer(do="reverse", model="Owner", pk=owner, name="books") == []


REFERENCES = {"by_date": "copy_set", "by_text": "texts", "by_number": "numbers", "by_key": "keys", "readers": "copies"}
"""The references of a Copy, each with an index of its own, and their reverse sides."""


def references_with_indexes(maker, other):
    """What two peers reply of references with indexes of their own, and of default indexes."""
    owners = [maker(do="create", model="Owner", values={"name": name}) for name in "ab"]
    for number, bought in enumerate(["2019", "2005", None, "2012"]):
        values = dict.fromkeys(REFERENCES, owners[number % 4 // 3])
        values["readers"] = owners
        if bought:
            values["bought"] = bought
        (maker, other)[number % 2](do="create", model="Copy", values=values)
    film = maker(do="create", model="Film", values={"title": "Alien", "year": "1979", "owner": owners[0]})
    song = other(do="create", model="Song", values={"title": "Alice", "singer": "b", "owner": owners[0]})
    replies = [owners, film, song]
    for peer in (maker, other):
        for owner in owners:
            replies += (
                peer(do="reverse", model="Owner", pk=owner, name=name, in_order=name == "copy_set")
                for name in (*REFERENCES.values(), "a_base_film_set", "a_base_song_set")
            )
        for model, filters in (
            ("Film", {"title__gte": "Alf"}),
            ("Film", {"title": "Alien", "year": "1979"}),
            ("Song", {"title__startswith": "Ali"}),
            ("Song", {"singer": "b"}),
            ("Song", {"owner": owners[0]}),
        ):
            replies.append(peer(do="find", model=model, filters=filters))
        replies.append([peer.answer(do="find", model="Song", filters={"singer__gte": "a"}).get("reply", "refused")])
    other(do="delete", model="Owner", pk=owners[0])
    for pk in "1234":
        replies += [other(**call(pk, field, "get", model="Copy")) for field in ("by_date", "by_number", "by_key")]
    maker(do="delete", model="Owner", pk=owners[1])
    return replies


def test_references_with_indexes_of_their_own(both, server, reference, reference_server):
    with reference_server.client() as alone, server.client() as mixed:
        for pair in (both, both[::-1], (both[1], both[1])):
            alone.flushall()
            mixed.flushall()
            expected = references_with_indexes(reference, reference)
            assert references_with_indexes(*pair) == expected
            assert contents(mixed) == contents(alone)


def test_uniqueness_holds_between_both(both):
    for maker, other in (both, both[::-1]):
        first = maker(do="create", model="Person", values={"email": "taken", "login": "me", "badge": "7", "slug": "s"})
        maker(**call(first, "keys", "sadd", "k"))
        maker(**call(first, "first", "set", "f"))
        maker(**call(first, "last", "set", "l"))
        second = other(do="create", model="Person", values={"first": "f"})
        for field, command, value in (
            ("email", "set", "taken"),
            ("login", "hset", "me"),
            ("badge", "hset", "7.0"),
            ("slug", "set", "s"),
            ("keys", "sadd", "k"),
            ("last", "set", "l"),
        ):
            answer = other.answer(**call(second, field, command, value))
            assert "UniquenessError" in answer.get("error", ()), (field, answer)
        maker(do="delete", model="Person", pk=first)
        assert other(**call(second, "email", "set", "taken"))
        other(do="delete", model="Person", pk=second)


def unique_by_score(maker, other):
    """Replies of writes of unique values with an index by score, none of which gives one up: limpyd 2 does not."""

    def write(peer, pk, field, command, value):
        return peer.answer(**call(pk, field, command, value, model="Desk"))

    first = maker(do="create", model="Desk", values={"team": "x", "seat": "1", "rank": "1"})
    second = other(do="create", model="Desk", values={"rank": "2"})
    replies = [write(peer, second, "team", "set", "x") for peer in (other, maker)]
    replies += [write(peer, second, "seat", "hset", "1") for peer in (other, maker)]
    third = other(do="create", model="Desk", values={"team": "no score"})
    replies += [write(peer, second, "team", "set", "no score") for peer in (maker, other)]
    replies += [write(maker, third, "rank", "set", "3"), write(other, second, "team", "set", "y")]
    replies += [write(maker, first, "rank", "set", "4"), write(other, third, "seat", "hset", "3")]
    for peer in (maker, other):
        replies += [sorted(peer(do="find", model="Desk", filters={"team": value})) for value in ("x", "y", "no score")]
    return [sorted(reply["error"]) if "error" in reply else reply for reply in map(_as_dict, replies)]


def _as_dict(reply):
    return reply if isinstance(reply, dict) else {"found": reply}


def test_unique_values_by_score(both, server, reference, reference_server):
    with reference_server.client() as alone, server.client() as mixed:
        for pair in (both, both[::-1], (both[1], both[1])):
            alone.flushall()
            mixed.flushall()
            expected = unique_by_score(reference, reference)
            found = unique_by_score(*pair)
            assert ["UniquenessError" in reply for reply in found] == ["UniquenessError" in reply for reply in expected]
            assert [reply for reply in found if "found" in reply] == [reply for reply in expected if "found" in reply]
            assert contents(mixed) == contents(alone)


def test_limpyd_gives_unique_values_by_score_up(both, server):
    old, new = both
    first = old(do="create", model="Desk", values={"team": "x", "rank": "1"})
    new(**call(first, "team", "set", "y", model="Desk"))
    second = old(do="create", model="Desk", values={"team": "x", "rank": "2"})
    with server.client() as client:
        assert client.smembers("two:desk:team:equal-scored:x:__uniqueness__") == {str(second).encode()}
