"""Spans of OpenTelemetry, by its semantic conventions for databases."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv.attributes import db_attributes, error_attributes, server_attributes
from opentelemetry.trace import SpanKind, StatusCode

from limpyd import InstanceHashField, StringField
from limpyd.exceptions import UniquenessError
from limpyd.otel import trace_requests
from tests.support.blocks import block


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
async def ada(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True)
        email = InstanceHashField(unique=True)

    ada = await any_face.do(Person.create(name="Ada", email="a@x"))
    await any_face.do(ada.name.set("Ada"))
    return ada


async def test_attributes(any_face, ada, exporter, provider):
    tracer = provider.get_tracer("a program")
    with trace_requests(any_face.database, tracer_provider=provider), tracer.start_as_current_span("handler") as around:
        await any_face.do(ada.name.set("Bob"))
        await any_face.do(type(ada).collection(name="Bob").count())
    written, counted, handler = exporter.get_finished_spans()
    assert (written.name, counted.name) == ("set Person", "query Person")
    assert written.kind is SpanKind.CLIENT
    assert written.status.status_code is StatusCode.UNSET
    assert written.parent.span_id == around.get_span_context().span_id
    assert handler.start_time <= written.start_time <= written.end_time <= counted.end_time <= handler.end_time
    attributes = dict(written.attributes)
    assert attributes.pop("limpyd.request.size") > 0
    assert attributes.pop("limpyd.response.size") > 0
    assert attributes == {
        db_attributes.DB_SYSTEM_NAME: "redis",
        db_attributes.DB_NAMESPACE: "0",
        db_attributes.DB_OPERATION_NAME: "set",
        db_attributes.DB_COLLECTION_NAME: "Person",
        server_attributes.SERVER_ADDRESS: "localhost",
        server_attributes.SERVER_PORT: any_face.server.port,
        "limpyd.field": "name",
    }
    assert written.instrumentation_scope.name == "limpyd"


async def test_batches(any_face, ada, exporter, provider):
    with trace_requests(any_face.database, tracer_provider=provider):
        for begin in (any_face.database.pipeline, any_face.database.transaction):
            async with block(any_face, begin()):
                ada.name.set("a")
                ada.name.set("b")
        async with block(any_face, any_face.database.pipeline()):
            ada.name.set("a")
            ada.name.get()
    spans = [span for span in exporter.get_finished_spans() if span.status.status_code is StatusCode.UNSET]
    assert [span.name for span in spans] == ["pipeline set Person", "transaction set Person", "pipeline Person"]
    for span in spans:
        assert span.attributes[db_attributes.DB_OPERATION_BATCH_SIZE] == 2
        assert span.attributes[db_attributes.DB_OPERATION_NAME] == span.name.removesuffix(" Person")


async def test_errors(any_face, ada, exporter, provider):
    with trace_requests(tracer_provider=provider):
        await any_face.refused(UniquenessError, lambda: type(ada).create(email="a@x"))
        any_face.client.script_flush()
        await any_face.do(ada.name.set("c"))
    refused, unknown, again = exporter.get_finished_spans()
    assert refused.name == "create Person"
    assert refused.status.status_code is StatusCode.ERROR
    assert refused.attributes[error_attributes.ERROR_TYPE] == "limpyd.exceptions.UniquenessError"
    assert unknown.attributes[error_attributes.ERROR_TYPE] == "redis.exceptions.NoScriptError"
    assert again.attributes["limpyd.retry"] == "noscript"
    assert "a@x" not in refused.to_json()


async def test_without_a_model(any_face, exporter, provider):
    with trace_requests(any_face.database, tracer_provider=provider):
        await any_face.do(any_face.database.connect())
    assert exporter.get_finished_spans()[-1].name == f"ping localhost:{any_face.server.port}"


def test_without_opentelemetry():
    program = "import sys; sys.modules['opentelemetry'] = None\nimport limpyd, limpyd.tracing\nimport limpyd.otel"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "pip install limpyd[otel]" in done.stderr
