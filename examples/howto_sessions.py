"""Sessions that expire: the program of docs/howto/sessions.md, which explains it. Made by `make examples`."""


# --- One object per session ---

import secrets
from datetime import timedelta

from limpyd import DeadlineField, DoesNotExist, PKField, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Session(RedisModel):
    database = database
    token = PKField()
    user = fields.InstanceHashField(indexable=True)
    until = DeadlineField(ttl=timedelta(hours=1))


def log_in(user):
    return Session(token=secrets.token_urlsafe(32), user=user).pk.get()


def user_of(token):
    """Returns the user of a session, or None if the session has ended or does not exist; if not, it is prolonged."""
    session = Session.lazy_connect(token)
    try:
        user = session.user.get()
        session.until.touch()
    except DoesNotExist:
        return None
    return user


token, old = log_in("ada"), log_in("ada")
print(Session.lazy_connect(old).until.expire(0))  # → True
print(user_of(token))  # → 'ada'
print(user_of(old) is user_of("made up") is None)  # → True
print(Session.collection(user="ada").count())  # → 1
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
