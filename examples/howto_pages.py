"""Pagination: the program of docs/howto/pages.md, which explains it. Made by `make examples`."""

from limpyd import RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Article(RedisModel):
    database = database
    title = fields.StringField()
    rank = fields.InstanceHashField(type=int, indexable=True)
    draft = fields.InstanceHashField(type=bool, default=False, indexable=True)


print(Article.bulk_create({"title": f"Article {number}", "rank": number} for number in range(95)).created)  # → 95
articles = Article.collection(draft=False).sort(by="-rank").values_list("title", flat=True)

# --- By page number ---


def page_of(number, size=20):
    """Returns the items of a page, and the number of pages, in one round trip."""
    with database.pipeline() as pipe:
        items = pipe.add(articles.__getitem__, slice((number - 1) * size, number * size))
        total = pipe.add(articles.count)
    return items.value, -(-total.value // size)


items, pages = page_of(1)
print(items[:2], len(items), pages)  # → (['Article 94', 'Article 93'], 20, 5)
items, pages = page_of(5)
print(items[-1], len(items))  # → ('Article 0', 15)
print(page_of(6))  # → ([], 5)

# --- By cursor ---

page = articles.page(size=20)
print(page.items[0], page.items[-1])  # → ('Article 94', 'Article 75')
print(Article(title="A new one", rank=200).pk.get())  # → '96'
page = articles.page(size=20, after=page.cursor)
print(page.items[0])  # → 'Article 74'

seen = 40
while page.cursor is not None:
    page = articles.page(size=20, after=page.cursor)
    seen += len(page.items)
print(seen)  # → 95
page = articles.page(size=20, after=articles.page(size=20).cursor)
before = articles.page(size=20, before=page.previous)
print(before.items == articles[:20], before.previous)  # → (True, None)

# --- All objects ---

print(sum(1 for title in articles.iterate(chunk=50)))  # → 96
