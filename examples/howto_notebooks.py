"""Notebooks: the program of docs/howto/notebooks.md, which explains it. Made by `make examples`."""

from limpyd import InstanceHashField, RedisDatabase, RedisModel, StringField

database = RedisDatabase.embedded("data")  # a folder, so that the data is still there after a restart of the kernel


class Person(RedisModel):
    database = database
    name = StringField(indexable=True)
    born = InstanceHashField(type=int, indexable=True)


ada = Person(name="Ada", born=1815)
people = Person.collection(born__lt=1900).sort(by="-born")

people  # a table of the first 10 people: primary key, name and born
ada  # a table of the values of one person

# --- Changing a class ---


class Person(RedisModel):
    database = database
    name = StringField(indexable=True)
    born = InstanceHashField(type=int, indexable=True)
    died = InstanceHashField(type=int)


print(Person.get(ada.pk.get()) == ada)  # → True
print(people.count())  # → 1
