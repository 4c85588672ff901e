"""Sessions that expire: the program of docs/howto/sessions.md, which explains it. Made by `make examples`."""


# --- One object per session ---

import secrets
from datetime import UTC, datetime, timedelta

from limpyd import DoesNotExist, PKField, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Session(RedisModel):
    database = database
    token = PKField()
    user = fields.InstanceHashField(indexable=True)
    until = fields.InstanceHashField(type=datetime, indexable=True)


def now():
    return datetime.now(UTC)


def log_in(user, lasts=timedelta(hours=1)):
    return Session(token=secrets.token_urlsafe(32), user=user, until=now() + lasts).pk.get()


def user_of(token):
    """Returns the user of a session, or None if the session has ended or does not exist."""
    try:
        user, until = Session.lazy_connect(token).hmget("user", "until")
    except DoesNotExist:
        return None
    return user if until > now() else None


def sweep():
    """Deletes the sessions that have ended; call it every few minutes."""
    return Session.collection(until__lte=now()).delete()


token = log_in("ada")
old = log_in("ada", lasts=timedelta(seconds=-1))
print(user_of(token))  # → 'ada'
print(user_of(old) is user_of("made up") is None)  # → True
print(Session.collection(user="ada").count())  # → 2
print(sweep())  # → 1
print(Session.collection(user="ada").delete())  # → 1
print(user_of(token) is None)  # → True

# --- Entries of the user's hash ---


class Account(RedisModel):
    database = database
    name = fields.InstanceHashField(unique=True)
    sessions = fields.HashField()


ada = Account(name="ada")
print(ada.sessions.hset("token-1", "laptop"))  # → 1
print(ada.sessions.hexpire(3600, "token-1"))  # → [1]
print(ada.sessions.hget("token-1"))  # → 'laptop'
print(ada.sessions.httl("token-1"))  # → [3600]

# --- A value that may disappear ---


class Page(RedisModel):
    database = database
    path = PKField()
    rendered = fields.StringField()


home = Page.get_or_connect("/")
print(home.rendered.set("<h1>…</h1>", ex=60))  # → True
print(home.rendered.ttl())  # → 60
print(home.rendered.get())  # → '<h1>…</h1>'
