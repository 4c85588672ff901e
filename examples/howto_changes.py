"""Following changes: the program of docs/howto/changes.md, which explains it. Made by `make examples`."""

from limpyd import ChangeFeed, DoesNotExist, InstanceHashField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel

database = AsyncRedisDatabase.embedded()


class Article(AsyncRedisModel):
    database = database
    changes = ChangeFeed()
    title = InstanceHashField(type=str, indexable=True)
    text = InstanceHashField(type=str)


# --- Forgetting what a cache has ---

from limpyd.exceptions import ChangesLost

cache = {}


async def title_of(pk):
    if pk not in cache:
        cache[pk] = await Article.lazy_connect(pk).title.hget()
    return cache[pk]


async def forget(reader):
    try:
        async for change in reader:
            cache.pop(change.pk, None)
    except ChangesLost:
        cache.clear()


# --- An index in another system ---

index = {}  # a search engine


async def update_index(block=None):
    async for change in Article.changes(group="search", block=block):
        try:
            title, text = await Article.lazy_connect(change.pk).hmget("title", "text")
        except DoesNotExist:
            index.pop(change.pk, None)
        else:
            index[change.pk] = f"{title} {text}"


# --- Server-sent events ---

from fastapi import FastAPI, Header
from fastapi.responses import StreamingResponse

app = FastAPI()


async def events(last_id, block):
    async for change in Article.changes(last_id, block=block):
        yield f"id: {change.id}\nevent: {change.kind}\ndata: {change.pk}\n\n"


@app.get("/articles/events")
async def stream(wait: int = 25_000, last_event_id: str = Header(default="$")):
    return StreamingResponse(events(last_event_id, wait), media_type="text/event-stream")


import asyncio

from fastapi.testclient import TestClient


async def main():
    reader = Article.changes("0")
    article = await Article.create(title="Redis", text="a database")
    await forget(reader)
    print(await title_of("1"))  # Redis
    await article.title.hset("Valkey")
    print(await title_of("1"))  # Redis, which is stale
    await forget(reader)
    print(await title_of("1"))  # Valkey
    await update_index()
    print(index)  # {'1': 'Valkey a database'}
    await article.delete()
    await update_index()
    print(index)  # {}


asyncio.run(main())
with TestClient(app) as client:
    said = client.get("/articles/events?wait=10", headers={"Last-Event-ID": "0"}).text
    print(said.count("event: "))  # → 3
