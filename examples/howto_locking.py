"""Concurrent edits: the program of docs/howto/locking.md, which explains it. Made by `make examples`."""

from limpyd import RedisDatabase, RedisModel, StaleObject, VersionField, fields

database = RedisDatabase.embedded()


class Page(RedisModel):
    database = database
    title = fields.InstanceHashField()
    text = fields.StringField()
    version = VersionField()


def form(pk):
    """Returns the values to show in the form, with their version."""
    return Page.collection(pk=pk).values("title", "text", "version")[0]


def save(pk, shown, **values):
    try:
        Page.update(pk, if_version=shown["version"], **values)
    except StaleObject as error:
        return f"somebody saved version {error.found} meanwhile; you have seen {error.expected}"
    return "saved"


Page(title="Home", text="Hello")
ada, bob = form(1), form(1)
print(ada)  # → {'title': 'Home', 'text': 'Hello', 'version': 1}
print(save(1, ada, text="Hello, world"))  # → 'saved'
print(save(1, bob, text="Welcome"))  # → 'somebody saved version 2 meanwhile; you have seen 1'
print(form(1)["text"])  # → 'Hello, world'

# --- Retrying ---


def shout(pk):
    while True:
        page = form(pk)
        try:
            return Page.update(pk, if_version=page["version"], title=page["title"].upper())
        except StaleObject:
            continue


print(shout(1))  # → 3
