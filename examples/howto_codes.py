"""One-time codes: the program of docs/howto/codes.md, which explains it. Made by `make examples`."""

import secrets
from datetime import timedelta

from limpyd import DoesNotExist, PKField, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Account(RedisModel):
    database = database
    mail = PKField()
    confirmed = fields.InstanceHashField(type=bool, default=False, indexable=True)
    token = fields.InstanceHashField(unique=True, expires=True)
    tries = fields.StringField(type=int, indexable=True, expires=True)


def ask(mail, token=None):
    token = token or secrets.token_urlsafe(16)
    Account.update(mail, token=token, token_deadline=timedelta(hours=1))
    return token


def confirm(token):
    """Returns the account whose token that is, once; None if there is none, or the hour is over."""
    try:
        account = Account.get(token=token)
    except DoesNotExist:
        return None
    found = Account.collection(pk=account.mail.get(), token=token)
    return account if found.update(confirmed=True, token=None) else None


ada = Account(mail="ada@example.com")
token = ask("ada@example.com")
print(ada.token.httl())  # → 3600
print(confirm(token))  # → <Account 'ada@example.com'>
print(confirm(token) is None)  # → True
ask("ada@example.com", "123456")
print(ada.token.hpexpire(0))  # → True
print(confirm("123456") is None)  # → True
print(Account(mail="bob@example.com", token="123456").token.get())  # → '123456'
print(ada.confirmed.get())  # → True
print(ada.tries.incr())  # → 1
print(ada.tries.expire(600, nx=True))  # → True
print(ada.tries.incr())  # → 2
print(ada.tries.ttl())  # → 600
print(list(Account.collection(tries=2)))  # → ['ada@example.com']
