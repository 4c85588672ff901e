"""Leaderboards: the program of docs/howto/leaderboards.md, which explains it. Made by `make examples`."""


# --- One sorted set ---

from limpyd import SORTED_SCORE, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Player(RedisModel):
    database = database
    name = fields.InstanceHashField()
    team = fields.InstanceHashField(indexable=True)
    rating = fields.InstanceHashField(type=int, default=1000, indexable=True)


class Game(RedisModel):
    database = database
    scores = fields.SortedSetField()  # primary keys of players


ada, bob, eve = Player(name="Ada", team="red"), Player(name="Bob", team="red"), Player(name="Eve", team="blue")
game = Game()
print(game.scores.zadd({ada.pk.get(): 120, bob.pk.get(): 80, eve.pk.get(): 100}))  # → 3
print(game.scores.zincrby(30, bob.pk.get()))  # → 110.0
print(game.scores.zadd({eve.pk.get(): 90}, gt=True))  # → 0
print(game.scores.zscore(eve.pk.get()))  # → 100.0
print(game.scores.zrevrank(bob.pk.get()))  # → 1
print(game.scores.zrange(0, 1, desc=True, withscores=True))  # → [('1', 120.0), ('2', 110.0)]
table = Player.collection().intersect(game.scores).sort(by_score=game.scores, desc=True)
print(table.values_list("name", SORTED_SCORE)[:2])  # → [('Ada', 120.0), ('Bob', 110.0)]
print(table.filter(team="red").values_list("name", flat=True)[:10])  # → ['Ada', 'Bob']

# --- One number per object ---

print(ada.rating.hincrby(250))  # → 1250
best = Player.collection().sort(by="-rating").values_list("name", "rating")
print(best[:2])  # → [('Ada', 1250), ('Eve', 1000)]
page = best.page(size=2)
print(best.page(size=2, after=page.cursor).items)  # → [('Bob', 1000)]
print(Player.collection(rating__gt=bob.rating.get()).count() + 1)  # → 2
