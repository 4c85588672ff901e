"""Expressions in updates: computed by the server as Python would, in the same step as everything else."""

from __future__ import annotations

import asyncio
import decimal
import random
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    InstanceHashField,
    ListField,
    SetField,
    SortedSetField,
    StringField,
    VersionField,
)
from limpyd.exceptions import (
    BulkError,
    ConditionFailed,
    ConstraintError,
    DoesNotExist,
    InvalidFilter,
    InvalidValue,
    StaleObject,
    StoredValueError,
    UniquenessError,
    WrongTypeError,
)
from limpyd.operands import Computed
from limpyd.types import CODECS
from tests.support.blocks import block
from tests.support.expected_indexes import inconsistencies, state
from tests.support.servers import FEW

EXACT = decimal.Context(prec=5000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
TYPES = {"n": int, "x": float, "d": Decimal, "s": str, "b": bytes, "at": datetime, "day": date, "span": timedelta}


@pytest.fixture(params=FEW)
def server(request, servers):
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


def post_model(face):
    class Post(face.Model):
        database = face.database
        votes = InstanceHashField(type=int, indexable=True)
        limit = StringField(type=int)
        ups = InstanceHashField(type=int)
        rank = InstanceHashField(type=int, unique=True)
        city = InstanceHashField(indexes=[EqualIndexWith(other_fields=["room"], unique=True)])
        room = StringField(type=int)
        name = InstanceHashField(type=str, indexes=[EqualIndex(transform=lambda value: value.lower())])
        seen_at = StringField(type=datetime)
        score = InstanceHashField(type=float)
        price = InstanceHashField(type=Decimal)
        flag = InstanceHashField(type=bool)
        untyped = InstanceHashField()
        tags = SetField()
        queue = ListField()
        board = SortedSetField()
        parent = FKInstanceHashField("self", on_delete="clear")
        version = VersionField()

    return Post


@pytest.fixture
def model(face):
    return post_model(face)


def numbers_model(face):
    fields = {f"{name}{index}": InstanceHashField(type=kind) for name, kind in TYPES.items() for index in (1, 2)}
    return type("Numbers", (face.Model,), {"database": face.database, "__module__": __name__, **fields})


def any_int(rng):
    near = rng.choice([0, 10, 2**31, 2**53, 2**62, 2**63, 10**15])
    return rng.choice([1, -1]) * (near + rng.randint(-3, 3)) if rng.random() < 0.7 else rng.randint(-(2**63), 2**63 - 1)


def any_float(rng):
    """Powers of two, and the smallest floats, have texts that are hard to get right."""
    return rng.choice(
        [
            lambda: struct.unpack("<d", rng.randbytes(8))[0],
            lambda: 2.0 ** rng.randint(-1074, 1023),
            lambda: rng.randint(1, 3000) * 5e-324,
            lambda: round(rng.uniform(-1000, 1000), rng.randint(0, 5)),
            lambda: float(rng.randint(0, 10)) * 10 ** rng.randint(-8, 20),
            lambda: rng.choice([0.0, -0.0, float("inf"), 0.1, 1e16, 9999999999999998.0, 1e15, 1e-4, 1e-5]),
        ]
    )()


VALUES = {
    int: any_int,
    float: any_float,
    Decimal: lambda rng: Decimal(rng.randint(-(10**20), 10**20)).scaleb(-rng.randint(0, 25), EXACT),
    str: lambda rng: rng.choice(["", "a", "é🐍", "\0", "1"]),
    bytes: lambda rng: rng.choice([b"", b"\xff\x00", b"x"]),
    datetime: lambda rng: datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=rng.randrange(315537897599999999)),
    date: lambda rng: date.fromordinal(rng.randint(1, 3652059)),
    timedelta: lambda rng: timedelta(
        days=rng.choice([0, 0, rng.randint(-400, 400), rng.randint(-999999999, 999999999)]),
        microseconds=rng.choice([0, 1, -1, rng.randint(-(10**12), 10**12)]) if rng.random() < 0.9 else 0,
    ),
}
ZEROS = {int: 0, float: 0.0, Decimal: Decimal(0), str: "", bytes: b"", timedelta: timedelta()}
OPERATIONS = {
    int: [("+-*", int, int)],
    float: [("+-*", float, float), ("+-*", float, int), ("+-*", int, float)],
    Decimal: [("+-*", Decimal, Decimal), ("+-*", Decimal, int), ("+-*", int, Decimal)],
    str: [("+", str, str)],
    bytes: [("+", bytes, bytes)],
    datetime: [("+-", datetime, timedelta), ("+", timedelta, datetime)],
    date: [("+-", date, timedelta), ("+", timedelta, date)],
    timedelta: [
        ("+-", timedelta, timedelta),
        ("*", timedelta, int),
        ("*", int, timedelta),
        ("-", datetime, datetime),
        ("-", date, date),
    ],
}


def combined(sign, left, right):
    return left + right if sign == "+" else left - right if sign == "-" else left * right


def computed_in_python(sign, left, right):
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        left, right = Decimal(left), Decimal(right)
        return {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}[sign](left, right)
    return combined(sign, left, right)


def any_expression(rng, model, values, kind, depth):
    """An expression of a type, and its value; ValueError where an operand is missing that has no zero."""
    if depth == 0 or rng.random() < 0.2:
        names = [name for name in values if TYPES[name.rstrip("12")] is kind]
        if rng.random() < 0.7:
            name = rng.choice(names)
            value = values[name]
            if value is None and kind not in ZEROS:
                raise ValueError
            return model.get_field(name), ZEROS[kind] if value is None else value
        value = VALUES[kind](rng)
        return value, value
    signs, *sides = rng.choice(OPERATIONS[kind])
    sign = rng.choice(signs)
    (left, left_value), (right, right_value) = (any_expression(rng, model, values, side, depth - 1) for side in sides)
    value = computed_in_python(sign, left_value, right_value)
    return value if is_constant(left) and is_constant(right) else combined(sign, left, right), value


def is_constant(part):
    return isinstance(part, tuple(TYPES.values()))


def stored_text(kind, value):
    if isinstance(value, Decimal) and not value:
        value = abs(value)
    return CODECS[kind].encode(value)


@pytest.mark.parametrize("face", ["sync"], indirect=True)
async def test_random_expressions_are_what_python_computes(face):
    model, rng = numbers_model(face), random.Random(17)
    names = [f"{name}{index}" for name in TYPES for index in (1, 2)]
    done = refused = 0
    while done < 1500:
        values = {name: None if rng.random() < 0.1 else VALUES[TYPES[name.rstrip("12")]](rng) for name in names}
        stored = {
            name: CODECS[TYPES[name.rstrip("12")]].encode(value) for name, value in values.items() if value is not None
        }
        face.client.hset("{numbers}:hash:1", mapping=stored or {"n1": 1})
        missing = [name for name in values if values[name] is None]
        if missing:
            face.client.hdel("{numbers}:hash:1", *missing)
        face.client.sadd("{numbers}:pks", 1)
        kind = rng.choice(list(TYPES.values()))
        target = rng.choice([name for name in names if TYPES[name.rstrip("12")] is kind])
        try:
            expression, expected = any_expression(rng, model, values, kind, rng.randint(1, 4))
            text = stored_text(kind, expected)
        except (ValueError, OverflowError):
            continue
        if not isinstance(expression, Computed) or (kind is int and not -(2**63) <= expected < 2**63):
            continue
        try:
            model.update(1, **{target: expression})
        except InvalidValue as error:
            assert "1000 digits" in str(error) or "beyond" in str(error), (expression, values)  # noqa: PT017
            refused += 1
            continue
        assert face.client.hget("{numbers}:hash:1", target) == text, (expression, values)
        done += 1
    assert refused < done / 5


@pytest.mark.parametrize(
    ("start", "expression", "ok"),
    [
        (2**63 - 2, lambda n: n + 1, True),
        (2**63 - 1, lambda n: n + 1, False),
        (-(2**63), lambda n: n - 1, False),
        (-(2**63) + 1, lambda n: n - 1, True),
        (3037000500, lambda n: n * n, False),
        (3037000499, lambda n: n * n, True),
        (2**62, lambda n: n * 4 - 3 * n, True),  # what is in between may be larger
        (2**53 + 1, lambda n: -n, True),
        (7, lambda n: 2**63 - n, True),
    ],
)
async def test_integers_of_64_bits(face, model, start, expression, ok):
    post = await face.do(model.create(ups=start))
    before = state(face.client)
    if ok:
        await face.do(post.update(ups=expression(model.ups)))
        assert face.client.hget("{post}:hash:1", "ups") == b"%d" % expression(start)
    else:
        await face.refused(InvalidValue, lambda: post.update(ups=expression(model.ups)), match="64 bits")
        assert state(face.client) == before


async def test_fields_are_read_as_they_were_before(face, model):
    do = face.do
    now = datetime(2026, 11, 29, tzinfo=UTC)
    post = await do(model.create(votes=5, limit=7, name="a", seen_at=now))
    assert (
        await do(
            post.update(votes=model.limit, limit=model.votes, ups=model.version, name=model.name + "B", seen_at=now)
        )
        == 2
    )
    assert await do(post.values("votes", "limit", "ups", "name")) == {"votes": 7, "limit": 5, "ups": 1, "name": "aB"}
    await do(post.update(votes=model.ups * 0 + model.room, score=model.votes, price=model.limit, ups=model.room))
    assert await do(post.values("votes", "score", "price", "ups")) == {
        "votes": 0,
        "score": 7.0,
        "price": Decimal(5),
        "ups": None,
    }
    assert inconsistencies(face.client, model) == []
    await face.refused(
        InvalidValue, lambda: model.update(1, if_=model.votes < 1, seen_at=model.seen_at + timedelta.max), match="years"
    )
    await do(post.update(seen_at=None))
    await face.refused(
        InvalidValue, lambda: post.update(seen_at=model.seen_at + timedelta(1)), match="no value to compute"
    )


async def test_indexes_uniqueness_and_versions_follow(face, model):
    do = face.do
    first = await do(model.create(votes=1, rank=1, city="Rome", room=1, name="A"))
    second = await do(model.create(votes=2, rank=2, city="Rome", room=2, name="B"))
    await do(first.update(votes=model.votes + 41, rank=model.rank + 10, room=model.room + 5, name=model.name + "Q"))
    assert await face.all(model.collection(votes=42, rank=11, city="Rome", room=6, name="aq")) == ["1"]
    assert inconsistencies(face.client, model) == []
    before = state(face.client)
    await face.refused(UniquenessError, lambda: second.update(votes=0, rank=model.rank + 9))
    await face.refused(UniquenessError, lambda: second.update(votes=0, room=model.room + 4))
    await face.refused(StaleObject, lambda: second.update(votes=model.votes + 1, if_version=7))
    await face.refused(InvalidValue, lambda: second.update(rank=model.rank + 1, votes=model.votes * 2**62))
    await face.refused(ConditionFailed, lambda: second.update(votes=model.votes + 1, if_=model.rank > 2))
    await face.refused(DoesNotExist, lambda: model.update(3, votes=model.votes + 1))
    face.client.hset("{post}:hash:2", "ups", "abc")
    error = await face.refused(StoredValueError, lambda: second.update(votes=model.votes + model.ups), match="'abc'")
    assert error.key == "{post}:hash:2"
    face.client.hdel("{post}:hash:2", "ups")
    assert state(face.client) == before


MET = {
    "votes < 10": lambda m: m.votes < 10,
    "votes >= 5": lambda m: m.votes >= 5,
    "votes < limit": lambda m: m.votes < m.limit,
    "limit > votes": lambda m: m.limit > m.votes,
    "sum": lambda m: m.votes + m.limit == 12,
    "reflected": lambda m: m.votes < m.limit + m.ups,
    "not in": lambda m: ~m.votes.in_([1, 2]),
    "in": lambda m: m.votes.in_([1, 5]),
    "between": lambda m: m.votes.between(5, 6),
    "ne of missing": lambda m: m.ups != 3,
    "missing": lambda m: m.ups.is_null(),
    "not missing": lambda m: m.limit.is_null(False),
    "and": lambda m: (m.votes == 5) & (m.name == "Ada") & ~m.flag.is_null(),
    "or": lambda m: (m.votes == 4) | (m.flag == True),  # noqa: E712
    "int and float": lambda m: m.votes < m.score,
    "float and int": lambda m: m.score > 5,
    "float": lambda m: m.score == 5.5,
    "int by float": lambda m: m.votes < 5.1,
    "decimal": lambda m: m.price == Decimal("1.5"),
    "decimal and int": lambda m: m.price < m.votes,
    "text": lambda m: m.name < "B",
    "startswith": lambda m: m.name.startswith("A"),
    "moment": lambda m: m.seen_at < datetime(2020, 1, 2, tzinfo=UTC),
    "moments": lambda m: m.seen_at + timedelta(1) == datetime(2020, 1, 2, tzinfo=UTC),
    "untyped": lambda m: m.untyped == 5,
    "reference": lambda m: m.parent == 7,
    "member": lambda m: m.tags.contains("x") & m.queue.contains("q") & m.board.contains("b"),
    "no member": lambda m: ~m.tags.contains("y"),
    "members": lambda m: ~m.tags.is_null(),
    "version": lambda m: m.version == 1,
    "computed twice": lambda m: (m.votes * 2 - m.limit) * 3 <= m.votes + m.votes,
}


@pytest.mark.parametrize("name", MET)
async def test_conditions(face, model, name):
    values = {
        "votes": 5,
        "limit": 7,
        "name": "Ada",
        "flag": True,
        "score": 5.5,
        "price": Decimal("1.50"),
        "untyped": "5",
    }
    members = {"tags": ["x"], "queue": ["q"], "board": {"b": 1}}
    for _ in range(7):
        await face.do(model.create())
    post = await face.do(model.create(**values, **members, parent=7, seen_at=datetime(2020, 1, 1, tzinfo=UTC)))
    condition = MET[name](model)
    with face.sent() as sent:
        await face.do(post.update(room=1, if_=condition))
        error = await face.refused(
            ConditionFailed, lambda: post.update(room=2, if_=~(condition | (model.version == 2)) | (model.room == 9))
        )
    assert len(sent.names) <= 3  # two, and the source of the script at first
    assert (error.model, error.pk) == ("Post", "8")
    assert await face.do(post.room.get()) == 1


async def test_results_keep_constraints(face):
    class Item(face.Model):
        database = face.database
        stock = InstanceHashField(type=int, ge=0, lt=100, indexable=True)
        code = StringField(type=str, max_length=3)
        needed = InstanceHashField(type=int, required=True)
        spare = InstanceHashField(type=int)
        checked = InstanceHashField(type=str, pattern="a+")

    item = await face.do(Item.create(stock=3, code="ab", needed=1, checked="a"))
    await face.do(item.update(stock=Item.stock - 3, code=Item.code + "c"))
    before = state(face.client)
    for values in (
        {"needed": Item.needed + 1, "stock": Item.stock - 1},
        {"stock": Item.stock + 100},
        {"code": Item.code + "d"},
        {"needed": Item.spare},
    ):
        error = await face.refused(ConstraintError, lambda values=values: item.update(**values))
        assert (error.model, error.pk, error.field) == ("Item", "1", next(reversed(values)))
    await face.refused(ConstraintError, lambda: Item.collection(stock=0).update(stock=Item.stock - 1))
    await face.refused(InvalidValue, lambda: item.update(checked=Item.checked + "a"), match="only Python checks")
    assert state(face.client) == before


async def test_what_is_missing_meets_no_comparison(face, model):
    post = await face.do(model.create(flag=True))
    for condition in (
        *(
            model.votes < 1,
            model.votes > 1,
            model.votes == 0,
            model.votes == model.limit,
            model.votes.in_([]),
            model.name < "a",
        ),
        *(model.tags.contains("a"), model.score < 1, model.seen_at < datetime.max.replace(tzinfo=UTC)),
    ):
        await face.refused(ConditionFailed, lambda condition=condition: post.update(room=1, if_=condition))
    await face.do(post.update(room=1, if_=(model.votes + 0 == 0) & (model.votes != 1)))


REFUSED = {
    "types": (lambda m: {"votes": m.name + 1}, "`\\+` is not computed of a str and an int"),
    "result": (lambda m: {"votes": m.votes + 1.5}, "the result is a float, and Post.votes holds int"),
    "decimal": (lambda m: {"price": m.price + 0.5}, "write the float as a Decimal"),
    "copy": (lambda m: {"votes": m.name}, "the result is a str"),
    "many": (lambda m: {"votes": m.tags + 1}, "holds many values"),
    "of many": (lambda m: {"tags": m.votes + 1}, "holds many values|takes fields of one value"),
    "bool": (lambda m: {"votes": m.flag + 1}, "holds bool"),
    "untyped": (lambda m: {"votes": m.untyped + 1}, "declare it with type=int"),
    "bound": (lambda m: {"votes": m.votes + m.lazy_connect(1).votes}, "read by get"),
    "digits": (lambda m: {"votes": m.votes + 10**2000}, "more than 1000 digits"),
    "version": (lambda m: {"version": m.version + 1}, "counts the updates"),
    "key": (lambda m: {"pk": m.votes + 1}, "primary key"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_computed_is_refused_before_it_is_sent(any_face, name):
    face, model = any_face, post_model(any_face)
    values, message = REFUSED[name]
    await face.do(model.create())
    with face.sent() as sent:
        for update in (lambda: model.update(1, **values(model)), lambda: model.collection().update(**values(model))):
            with pytest.raises((InvalidValue, TypeError), match=message):
                await face.do(update())
    assert sent.names == []


async def test_mistakes(any_face):
    face, model = any_face, post_model(any_face)

    class Other(face.Model):
        database = face.database
        votes = InstanceHashField(type=int, indexable=True)

    await face.refused(InvalidValue, lambda: model.update(1, votes=Other.votes + 1), match="is not a field of Post")
    for divided in (
        lambda: model.votes / 2,
        lambda: 5 // model.votes,
        lambda: model.votes % 2,
        lambda: 2**model.votes,
    ):
        with pytest.raises(TypeError, match="divide in Python"):
            divided()
    with pytest.raises(TypeError, match="200 operands"):
        sum([model.votes] * 300)
    with pytest.raises(TypeError, match="computed by the server"):
        bool(model.votes + 1)
    for condition, message in {
        5: "if_ takes a condition",
        (model.votes == Other.votes): "is not a field of Post",
        (model.parent["votes"] == 1): "another object|holds",
        (model.votes == None): "is_null",  # noqa: E711
        (model.votes == "x"): "cannot hold|not compared",
        (model.votes < model.name): "not compared",
        (model.untyped < 5): "with type=int",
        (model.flag < True): "==",
        (model.tags == "x"): "contains and is_null",
        (model.votes.in_(5)): "several values",
    }.items():
        error = (InvalidFilter, InvalidValue)
        with pytest.raises(error, match=message):
            await face.do(model.update(1, votes=1, if_=condition))
    await face.refused(InvalidValue, lambda: face.all(model.collection(model.votes < model.limit)), match="if_=")
    await face.refused(InvalidFilter, lambda: face.all(model.collection(model.votes + 1 < 5)), match="if_")
    await face.refused(InvalidValue, lambda: model.create(votes=model.votes + 1), match="values of update")


async def test_collections(face, model):
    do = face.do
    for number in range(25):
        await do(model.create(votes=number, limit=10, tags=["a"] if number % 2 else ["b"]))
    found = model.collection(votes__lt=20)
    with face.sent() as sent:
        assert await do(found.update(chunk=10, room=1)) == 20
    constants = len(sent.names)
    with face.sent() as sent:
        assert await do(found.update(chunk=10, ups=model.votes * 2, votes=model.votes + 0)) == 20
    assert len(sent.names) <= constants + 1  # the source of the script
    assert await do(model.collection().update(votes=model.votes + 100, if_=model.votes < model.limit, chunk=7)) == 10
    assert sorted(await face.all(model.collection().values_list("votes", flat=True))) == [
        *range(10, 25),
        *range(100, 110),
    ]
    assert (
        sorted(await face.all(model.collection(votes__gte=0).values_list("version", flat=True)))
        == [1] * 5 + [3] * 10 + [4] * 10
    )
    assert inconsistencies(face.client, model) == []
    before = state(face.client)
    await face.refused(InvalidValue, lambda: model.collection().update(votes=model.votes * 2**60), match="64 bits")
    await face.refused(UniquenessError, lambda: model.collection(votes__gte=0).update(rank=model.limit))
    assert state(face.client) == before


async def test_what_refuses_a_chunk_is_named(any_face):
    class Item(any_face.Model):
        database = any_face.database
        stock = InstanceHashField(type=int, le=10)
        other = InstanceHashField(type=int)
        tags = SetField()

    face, do = any_face, any_face.do
    for stock in (1, 10, 2):
        await do(Item.create(stock=stock, other=2**62 if stock == 2 else 1))
    before = state(face.client)
    error = await face.refused(ConstraintError, lambda: Item.collection().update(stock=Item.stock + 1), match="be 11")
    assert error.pk == "2"
    await face.refused(InvalidValue, lambda: Item.collection().update(other=Item.other * 4), match=r"^Item\('3'\)")
    assert state(face.client) == before
    face.client.set("{item}:hash:1", "text")
    face.client.set("{item}:field:tags:3", "text")
    for call in (
        lambda: Item.collection().update(stock=3),
        lambda: Item.update(1, stock=3, if_=Item.other.is_null()),
        lambda: Item.update(3, stock=3, if_=Item.tags.contains("a")),
    ):
        await face.refused(
            WrongTypeError, call, match=r"^Item\('[13]'\): the key '{item}:(hash:1|field:tags:3)' should be"
        )


async def test_bulk_updates(face, model):
    do = face.do
    for number in range(3):
        await do(model.create(votes=number))
    changes = [
        (1, {"votes": model.votes + 10}),
        (2, {"votes": 5}),
        {"pk": 3, "votes": model.votes * 2, "ups": model.votes},
    ]
    with face.sent() as sent:
        assert (await do(model.bulk_update(changes))).updated == 3
    assert len(sent.names) <= 2
    assert sorted(await face.all(model.collection().values_list("votes", "ups"))) == [(4, 2), (5, None), (10, None)]
    wrong = [(1, {"votes": model.votes + 1}), (2, {"votes": model.votes * 2**62}), (3, {"votes": 0})]
    error = await face.refused(BulkError, lambda: model.bulk_update(wrong))
    assert error.position == 1
    assert "64 bits" in str(error)
    assert sorted(await face.all(model.collection().values_list("votes", flat=True))) == [4, 5, 11]
    assert inconsistencies(face.client, model) == []


async def test_transactions(face, model):
    do = face.do
    post = await do(model.create(votes=1, limit=3, name="A"))
    async with block(face, face.database.transaction()) as transaction:
        transaction.add(post.update, votes=model.votes + 1, if_=model.votes < model.limit)
        transaction.add(post.update, name=model.name + "B", limit=model.votes)
    assert await do(post.values("votes", "limit", "name")) == {"votes": 2, "limit": 2, "name": "AB"}
    before = state(face.client)
    with pytest.raises(ConditionFailed):
        async with block(face, face.database.transaction()) as transaction:
            transaction.add(post.update, name="x", votes=model.votes + 1)
            transaction.add(post.update, votes=model.votes + 1, if_=model.votes < model.limit)
    assert state(face.client) == before
    async with block(face, face.database.pipeline()) as pipeline:
        refused = pipeline.add(post.update, votes=0, if_=model.votes > 2)
        done = pipeline.add(post.update, votes=model.votes + 1)
        await do(pipeline.execute(raise_on_error=False))
    assert isinstance(refused.error, ConditionFailed)
    assert done.value == 4


@pytest.mark.parametrize("face", ["async"], indirect=True)
async def test_a_bound_is_never_passed(face, model):
    post = await face.do(model.create(votes=0))

    async def vote():
        try:
            await post.update(votes=model.votes + 1, if_=model.votes < 30)
        except ConditionFailed:
            return 0
        return 1

    assert sum(await asyncio.gather(*(vote() for _ in range(100)))) == 30
    assert await post.votes.hget() == 30


async def test_a_version_is_read_as_it_was_before(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        number = InstanceHashField(type=int)
        version = VersionField()

    thing = await any_face.do(Thing.create(number=1))
    any_face.client.hdel("{thing}:hash:1", "version")  # as of an object from before there were versions
    await any_face.do(thing.update(number=Thing.version + 10))
    assert await any_face.do(thing.values("number", "version")) == {"number": 10, "version": 1}
    await any_face.do(thing.update(number=Thing.version + 10, if_=Thing.version == 1))
    assert await any_face.do(thing.values("number", "version")) == {"number": 11, "version": 2}
