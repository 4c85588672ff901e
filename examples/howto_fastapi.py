"""FastAPI: the program of docs/howto/fastapi.md, which explains it. Made by `make examples`."""

from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import JSONResponse
from limpyd import DoesNotExist, InstanceHashField, SetField, UniquenessError
from limpyd.exceptions import ConstraintError, InvalidValue, ServerUnreachable
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from pydantic import BaseModel

database = AsyncRedisDatabase.embedded()  # or AsyncRedisDatabase.from_url("redis://localhost:6379/0")


class Link(AsyncRedisModel):
    database = database
    url = InstanceHashField(type=str, unique=True, pattern="^https?://", max_length=2000)
    clicks = InstanceHashField(type=int, default=0, indexable=True)
    tags = SetField(indexable=True)


class NewLink(BaseModel):
    url: str
    tags: set[str] = set()


class LinkOut(BaseModel):
    pk: str
    url: str
    clicks: int


class LinkPage(BaseModel):
    items: list[LinkOut]
    next: str | None


@asynccontextmanager
async def lifespan(app: FastAPI):
    await database.connect()  # fails at the start if there is no server
    yield
    await database.close()


app = FastAPI(lifespan=lifespan)


@app.post("/links", status_code=201)
async def create(new: NewLink) -> dict[str, str]:
    link = await Link.create(url=new.url, tags=new.tags)
    return {"pk": await link.pk.get()}


@app.get("/links/{pk}")
async def read(pk: str) -> LinkOut:
    return await Link.lazy_connect(pk).row(LinkOut)


@app.get("/links")
async def search(tag: Annotated[list[str] | None, Query()] = None, after: str | None = None) -> LinkPage:
    links = Link.collection()
    for each in tag or []:
        links = links.filter(tags=each)
    page = await links.sort(by="-clicks").rows(LinkOut).page(size=20, after=after)
    return LinkPage(items=page.items, next=page.cursor)


@app.post("/links/{pk}/click")
async def click(pk: str) -> int:
    return await Link.lazy_connect(pk).clicks.hincrby(1)


@app.exception_handler(DoesNotExist)
async def not_found(request, error):
    return JSONResponse({"detail": "there is no such link"}, 404)


@app.exception_handler(InvalidValue)  # such as a cursor that somebody has changed
async def invalid(request, error):
    return JSONResponse({"detail": str(error)}, 422)


@app.exception_handler(ConstraintError)
async def refused(request, error):
    return JSONResponse({"detail": {"field": error.field, "constraint": error.constraint}}, 422)


@app.exception_handler(UniquenessError)
async def taken(request, error):
    return JSONResponse({"detail": f"this {error.field} is there already"}, 409)


@app.exception_handler(ServerUnreachable)
async def unavailable(request, error):
    return JSONResponse({"detail": "the database does not answer; try again"}, 503)


from fastapi.testclient import TestClient

with TestClient(app) as client:
    print(client.post("/links", json={"url": "https://redis.io", "tags": ["database"]}).json())  # → {'pk': '1'}
    print(client.post("/links", json={"url": "https://valkey.io", "tags": ["database", "free"]}).status_code)  # → 201
    print(client.post("/links", json={"url": "https://redis.io"}).json())  # → {'detail': 'this url is there already'}
    print(client.post("/links", json={"url": "redis.io"}).json())
    # → {'detail': {'field': 'url', 'constraint': "pattern='^https?://'"}}
    print(client.post("/links/2/click").json())  # → 1
    print(client.post("/links/99/click").status_code)  # → 404
    print(client.get("/links", params={"after": "junk"}).status_code)  # → 422
    print(client.get("/links/2").json())  # → {'pk': '2', 'url': 'https://valkey.io', 'clicks': 1}
    found = client.get("/links", params={"tag": "database"}).json()
    print([link["url"] for link in found["items"]])  # → ['https://valkey.io', 'https://redis.io']
