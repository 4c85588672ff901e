"""Logging and tracing: the program of docs/howto/tracing.md, which explains it. Made by `make examples`."""

from limpyd import InstanceHashField, RedisDatabase, RedisModel, UniquenessError

database = RedisDatabase.embedded()


class Person(RedisModel):
    database = database
    name = InstanceHashField(indexable=True)
    email = InstanceHashField(unique=True)


# --- The log ---

import logging

logging.basicConfig()
logging.getLogger("limpyd").setLevel(logging.DEBUG)

ada = Person(name="Ada", email="ada@example.com")
# DEBUG:limpyd:create Person: 0.31 ms, 216 bytes sent, 1 received
database.slow_request = 0.1

# --- OpenTelemetry ---

from limpyd.otel import trace_requests
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()  # in your program, the exporter of your collector
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))

with trace_requests(database, tracer_provider=provider):
    ada.name.hset("Ada")
span = exporter.get_finished_spans()[0]
print(span.name)  # → 'hset Person'
print(span.attributes["db.system.name"])  # → 'redis'
print(span.attributes["db.operation.name"])  # → 'hset'
print(span.attributes["db.collection.name"])  # → 'Person'

# --- Your own function ---

events = []
registration = database.on_request(events.append)

ada.name.hset("Ada King")
print(events[-1].name, events[-1].model, events[-1].field)  # → ('hset', 'Person', 'name')
print(events[-1].duration < 60)  # → True

with database.transaction():
    ada.name.hset("Ada")
    Person(name="Bob")
event = events[-1]
print(event.batch, event.batch_size)  # → ('transaction', 2)
print(list(map(str, event.operations)))  # → ['hset Person.name', 'create Person']

try:
    Person(email="ada@example.com")
except UniquenessError as error:
    print(events[-1].error is error)  # → True

registration.remove()
