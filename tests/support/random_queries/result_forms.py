"""Every form in which the result of a query can be asked for, and what should come then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from limpyd import DoesNotExist, MultipleObjectsReturned
from limpyd.exceptions import ServerError
from tests.support.random_queries.comparison import Asking, Wrong
from tests.support.random_queries.plain_python import alike, close, counted, members
from tests.support.random_queries.queries import Query
from tests.support.random_queries.things import SINGLE

TOTALLED = ("age", "ratio", "price", "weight")
EXTREMES = (*TOTALLED, "born", "seen", "created", "hour", "span")
TALLIED = ("word", "name", "tags", "board", "scores", "prices", "age", "ratio", "price", "active", "born", "seen")
CHANGED = (
    "word",
    "name",
    "title",
    "age",
    "ratio",
    "price",
    "born",
    "seen",
    "created",
    "active",
    "last",
    "team",
    "note",
)
SYNC_ONLY = frozenset({"length", "truth", "contained"})

Form = Callable[[Asking, Query], Awaitable[None]]
FORMS: dict[str, Form] = {}
"""Every form by its name."""


def form(function: Form) -> Form:
    """Makes a function one of the forms."""
    FORMS[function.__name__] = function
    return function


# --- items ---


@form
async def iterated(ask: Asking, query: Query) -> None:
    shaped = ask.shaped(query)
    ask.compare(shaped.text, await ask.walked(shaped.text), shaped.items, in_order=shaped.in_order)


@form
async def listed(ask: Asking, query: Query) -> None:
    shaped = ask.shaped(query)
    text = f"{shaped.text}.all()"
    found = [await ask.shown(item) for item in await ask.result(text)]
    ask.compare(text, found, shaped.items, in_order=shaped.in_order)


@form
async def sliced(ask: Asking, query: Query) -> None:
    await slice_of(ask, query, step=None)


@form
async def sliced_with_step(ask: Asking, query: Query) -> None:
    await slice_of(ask, query, step=ask.rng.choice((-3, -2, -1, -1, 1, 2, 3)))


async def slice_of(ask: Asking, query: Query, step: int | None = None) -> None:
    shaped = ask.shaped(query)
    size = len(shaped.items)
    start, stop = (
        ask.rng.choice((None, None, 0, *(ask.rng.randint(-size - 2, size + 2) for _ in "1234"))) for _ in "ab"
    )
    written = ":".join("" if bound is None else str(bound) for bound in (start, stop))
    text = f"{shaped.text}[{written}{'' if step is None else f':{step}'}]"
    found = await ask.result(text)
    if not isinstance(found, list):
        raise Wrong(text, "a list", found)
    found = [await ask.shown(item) for item in found]
    expected = shaped.items[start:stop:step]
    if shaped.in_order:
        ask.compare(text, found, expected, in_order=True)
    elif len(found) != len(expected):
        raise Wrong(text, f"{len(expected)} items", found)
    else:
        ask.compare(text, found + left_over(found, shaped.items), shaped.items, in_order=False)


def left_over(found: list[Any], items: list[Any]) -> list[Any]:
    """The items that are not among those found."""
    left = list(items)
    for item in found:
        at = next((index for index, each in enumerate(left) if alike(item, each)), None)
        if at is not None:
            del left[at]
    return left


@form
async def position(ask: Asking, query: Query) -> None:
    shaped = ask.shaped(query)
    size = len(shaped.items)
    at = ask.rng.randint(-size - 1, size)
    text = f"{shaped.text}[{at}]"
    if not -size <= at < size:
        await ask.refused(IndexError, text)
    elif shaped.in_order:
        await ask.gives(text, shaped.items[at])
    else:
        found = await ask.shown(await ask.result(text))
        if not any(alike(found, item) for item in shaped.items):
            raise Wrong(text, f"one of {shaped.items}", found)


@form
async def first(ask: Asking, query: Query) -> None:
    await end_of(ask, query, "first", 0)


@form
async def last(ask: Asking, query: Query) -> None:
    await end_of(ask, query, "last", -1)


async def end_of(ask: Asking, query: Query, call: str, at: int) -> None:
    shaped = ask.shaped(query)
    if "team" in shaped.text and not shaped.in_order:
        return  # its index may bring the order of ages along
    things = shaped.things if shaped.in_order else ask.queries.by_pk(shaped.things)
    await ask.gives(f"{shaped.text}.{call}()", shaped.shape(things[at]) if things else None)


@form
async def the_only(ask: Asking, query: Query) -> None:
    if ask.rng.random() < 0.6:
        query = ask.queries.narrow(query, 1)
    shaped = ask.shaped(query)
    text = f"{shaped.text}.get()"
    if len(shaped.items) == 1:
        await ask.gives(text, shaped.items[0])
    else:
        await ask.refused(MultipleObjectsReturned if shaped.items else DoesNotExist, text)


@form
async def iterated_in_chunks(ask: Asking, query: Query) -> None:
    shaped = ask.shaped(query)
    chunk = ask.rng.choice((1, 2, 7, 1000))
    text = f"{shaped.text}.iterate(chunk={chunk})"
    # In several chunks, or of several partitions, those without a value come last in no order.
    one_chunk = chunk == 1000 and ask.names["Thing"]._schema.keys.count == 1
    ask.compare(text, await ask.walked(text), shaped.items, in_order=shaped.in_order and one_chunk)


@form
async def paged(ask: Asking, query: Query) -> None:
    shaped = ask.shaped(query)
    size = ask.rng.choice((1, 2, 7, 20, 500))
    found: list[Any] = []
    after, pages, of_page = None, [], []
    for _ in range(1000):
        text = f"{shaped.text}.page(size={size}, after={after!r})"
        page = await ask.result(text)
        if not isinstance(page.items, list) or len(page.items) > size:
            raise Wrong(text, f"at most {size} items", page)
        pages.append(page)
        of_page.append([await ask.shown(item) for item in page.items])
        found += of_page[-1]
        after = page.cursor
        if after is None:
            break
        if not isinstance(after, str):
            raise Wrong(text, "a str to go on from", page)
    ask.compare(f"{shaped.text}, in pages of {size}", found, shaped.items, in_order=shaped.in_order)
    for number in ask.rng.sample(range(1, len(pages)), min(3, len(pages) - 1)):
        text = f"{shaped.text}.page(size={size}, before={pages[number].previous!r})"
        back = await ask.result(text)
        ask.compare(text, [await ask.shown(item) for item in back.items], of_page[number - 1], in_order=True)
        if (back.previous is None) != (number == 1) or back.cursor is None:
            raise Wrong(text, "cursors of the pages before and after", back)


@form
async def simple(ask: Asking, _: Query) -> None:
    """What indexes may be walked for: often some of the first, in order."""
    query = ask.queries.simple()
    how = ask.rng.choice((some_of_the_first, some_of_the_first, slice_of, position, first, last, paged, listed))
    await how(ask, query)


async def some_of_the_first(ask: Asking, query: Query) -> None:
    shaped = ask.shaped(query)
    start = ask.rng.choice((0, 0, 3, 10))
    text = f"{shaped.text}[{start}:{start + 5}]"
    found = [await ask.shown(item) for item in await ask.result(text)]
    ask.compare(text, found, shaped.items[start : start + 5], in_order=True)


# --- figures ---


@form
async def count(ask: Asking, query: Query) -> None:
    await ask.gives(f"{ask.in_some_order(query).text}.count()", len(query.things))


@form
async def exists(ask: Asking, query: Query) -> None:
    await ask.gives(f"{ask.in_some_order(query).text}.exists()", bool(query.things))


@form
async def length(ask: Asking, query: Query) -> None:
    await ask.gives(f"len({ask.in_some_order(query).text})", len(query.things))


@form
async def truth(ask: Asking, query: Query) -> None:
    await ask.gives(f"bool({ask.in_some_order(query).text})", bool(query.things))


@form
async def contained(ask: Asking, query: Query) -> None:
    pk = ask.rng.choice([*ask.world, "nobody"])
    await ask.gives(f"{pk!r} in {query.text}", any(thing["pk"] == pk for thing in query.things))


@form
async def minimum(ask: Asking, query: Query) -> None:
    await extreme(ask, query, "min", min)


@form
async def maximum(ask: Asking, query: Query) -> None:
    await extreme(ask, query, "max", max)


async def extreme(ask: Asking, query: Query, call: str, of: Callable[..., Any]) -> None:
    name = ask.rng.choice(EXTREMES)
    values = [value for thing in query.things for value in members(thing[name])]
    await ask.gives(f"{query.text}.{call}({name!r})", of(values, default=None))


@form
async def total(ask: Asking, query: Query) -> None:
    name, values = totalled(ask, query)
    text = f"{query.text}.sum({name!r})"
    found = await ask.result(text)
    if not close(found, values, sum(values)) or (values and type(found) is not type(values[0])):
        raise Wrong(text, sum(values), found)


@form
async def average(ask: Asking, query: Query) -> None:
    name, values = totalled(ask, query)
    text = f"{query.text}.avg({name!r})"
    found = await ask.result(text)
    if (found is not None) if not values else not close(found, values, float(sum(values)) / len(values)):
        raise Wrong(text, float(sum(values)) / len(values) if values else None, found)


def totalled(ask: Asking, query: Query) -> tuple[str, list[Any]]:
    """A field of numbers, and the values that are there."""
    name = ask.rng.choice(TOTALLED)
    return name, [value for thing in query.things for value in members(thing[name])]


@form
async def tally(ask: Asking, query: Query) -> None:
    name = ask.rng.choice(TALLIED)
    await ask.gives(f"{query.text}.count_by({name!r})", counted(query.things, lambda thing: members(thing[name])))


# --- what is kept, and told ---


@form
async def stored(ask: Asking, query: Query) -> None:
    """Stores, reads what is stored, filters it further, and looks at what is left when it has gone."""
    query = ask.in_some_order(query)
    given = ask.rng.choice(("", "'{thing}:mine'", "ttl=50"))
    text = f"{query.text}.store({given})"
    kept = await ask.result(text)
    ask.names["kept"] = kept
    pks = [thing["pk"] for thing in query.things]
    ask.compare(f"kept = {text}; kept", await ask.walked("kept"), pks, in_order=query.in_order)
    await parts_of_stored(ask, text, pks, in_order=query.in_order)
    key = kept.stored_key
    if pks and not 0 < ask.face.client.ttl(key) <= 60:
        raise Wrong(text, "a key that expires within 60 seconds", ask.face.client.ttl(key))
    again = f"Thing.collection().from_stored({key!r})"
    ask.compare(f"kept = {text}; {again}", await ask.walked(again), pks, in_order=query.in_order)
    narrower, given = ask.queries.filters()
    left = [thing for thing in query.things if narrower.holds(thing, ask.world)]
    shaped = ask.shaped(Query(f"{again}.filter({given})", left, in_order=query.in_order))
    ask.compare(f"kept = {text}; {shaped.text}", await ask.walked(shaped.text), shaped.items, in_order=shaped.in_order)
    ask.face.client.delete(key)
    await ask.refused(DoesNotExist, f"{again}.count()")


async def parts_of_stored(ask: Asking, text: str, pks: list[str], *, in_order: bool) -> None:
    """Some parts of a stored collection, which are those of the list that it is."""
    if not in_order:
        pks = await ask.walked("kept")
    start, stop = (ask.rng.choice((None, ask.rng.randint(-len(pks) - 2, len(pks) + 2))) for _ in "ab")
    written = f"{'' if start is None else start}:{'' if stop is None else stop}"
    for part, expected in {
        f"[{written}]": pks[start:stop],
        ".first()": pks[0] if pks else None,
        ".last()": pks[-1] if pks else None,
        ".count()": len(pks),
        ".exists()": bool(pks),
    }.items():
        found = await ask.result(f"kept{part}")
        if found != expected:
            wrong = f"kept = {text}; kept{part}"
            raise Wrong(wrong, expected, found)


@form
async def explained(ask: Asking, query: Query) -> None:
    text = f"{ask.in_some_order(query).text}.explain()"
    found = await ask.result(text)
    if not str(found).strip():
        raise Wrong(text, "an explanation", found)


@form
async def refused_sort(ask: Asking, query: Query) -> None:
    """Texts that are no numbers are not sorted as numbers."""
    texts = [thing["word"] for thing in query.things]
    if any(text in {"a", "b", "ab", "é"} for text in texts):
        await ask.refused(ServerError, f"{query.text}.sort(by='word').all()")


# --- changes ---


@form
async def update(ask: Asking, query: Query) -> None:
    query = ask.queries.narrow(query, 6)
    values = {name: ask.rng.choice(SINGLE[name][1]) for name in ask.rng.sample(CHANGED, ask.rng.randint(1, 3))}
    given = ", ".join(f"{name}={value!r}" for name, value in values.items())
    await ask.gives(f"{query.text}.update({given})", len(query.things))
    for thing in query.things:
        thing.update(values)


@form
async def delete(ask: Asking, query: Query) -> None:
    query = ask.queries.narrow(query, 3)
    await ask.gives(f"{query.text}.delete()", len(query.things))
    for thing in query.things:
        del ask.world[thing["pk"]]
