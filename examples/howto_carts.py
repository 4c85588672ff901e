"""Shopping carts: the program of docs/howto/carts.md, which explains it. Made by `make examples`."""

from datetime import timedelta

from limpyd import DeadlineField, DoesNotExist, PKField, RedisDatabase, RedisModel, fields

database = RedisDatabase.embedded()


class Cart(RedisModel):
    database = database
    visitor = PKField()
    items = fields.HashField(type=int, indexable=True)
    until = DeadlineField(ttl=timedelta(days=7), renew_on="write")


def put(visitor, product, count=1):
    """Puts a product into the cart of a visitor; returns how many of it are there."""
    cart, _ = Cart.get_or_create(visitor=visitor)
    return cart.items.hincrby(product, count)


print(put("ada", "apple"))  # → 1
print(put("ada", "apple", 2))  # → 3
print(put("bob", "pear"))  # → 1
print(Cart.lazy_connect("ada").items.hgetall())  # → {'apple': 3}
print(Cart.collection(items__apple__gte=1).count())  # → 1
print(Cart.lazy_connect("ada").until.expire(0))  # → True
try:
    Cart.lazy_connect("ada").items.hincrby("apple")
except DoesNotExist:
    Cart(visitor="ada", items={"apple": 1})
print(Cart.lazy_connect("ada").items.hgetall())  # → {'apple': 1}

# --- From the cart to the order ---


class Order(RedisModel):
    database = database
    visitor = fields.InstanceHashField(indexable=True)
    items = fields.HashField(type=int)


def check_out(visitor):
    """Places an order for what is in a cart; returns what was ordered."""
    cart = Cart.lazy_connect(visitor)

    def place(transaction):
        items = cart.items.hgetall()
        transaction.multi()
        Order(visitor=visitor, items=items)
        cart.delete()
        return items

    return database.transaction(place, cart.items, value_from_callable=True)


print(check_out("ada"))  # → {'apple': 1}
print(Cart.exists("ada"))  # → False
print(Order.collection(visitor="ada").count())  # → 1
try:
    check_out("ada")
except DoesNotExist as error:
    print(error)  # raises DoesNotExist: there is no Cart('ada'): it was deleted, or never created
