"""Unique usernames: the program of docs/howto/usernames.md, which explains it. Made by `make examples`."""

from limpyd import EqualIndex, RedisDatabase, RedisModel, UniquenessError, fields

database = RedisDatabase.embedded()


class User(RedisModel):
    database = database
    name = fields.InstanceHashField(unique=True)
    email = fields.InstanceHashField(unique=True)


def register(name, email):
    try:
        return User(name=name, email=email)
    except UniquenessError as error:
        return f"this {error.field} is taken"


print(register("ada", "ada@example.com"))  # → <User '1'>
print(register("ada", "other@example.com"))  # → 'this name is taken'
print(register("bob", "ada@example.com"))  # → 'this email is taken'
print(User.collection().count())  # → 1
ada = User.get(name="ada")
ada.name.set("countess")
print(User.exists(name="ada"))  # → False
print(register("ada", "someone@example.com").pk.get())  # → '2'
try:
    ada.name.set("ada")
except UniquenessError as error:
    print(error)  # raises UniquenessError
print(ada.name.get())  # → 'countess'

# --- Ignoring case ---

Folded = EqualIndex.configure(transform=lambda name: name.strip().casefold(), name="Folded")


class Player(RedisModel):
    database = database
    name = fields.InstanceHashField(unique=True, indexes=[Folded])


Player(name="Ada")
try:
    Player(name="ada ")
except UniquenessError as error:
    print(error)  # raises UniquenessError
print(Player.get(name="ada").name.get())  # → 'Ada'

# --- The name as primary key ---

from limpyd import PKField


class Team(RedisModel):
    database = database
    name = PKField()
    town = fields.InstanceHashField()


Team(name="red", town="Paris")
print(Team("red").town.get())  # → 'Paris'
try:
    Team(name="red", town="Rome")
except UniquenessError as error:
    print(error)  # raises UniquenessError
print(Team.get_or_create("red", defaults={"town": "Rome"}))  # → (<Team 'red'>, False)
