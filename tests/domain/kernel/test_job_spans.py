"""Spans of jobs: each attempt is one, with its entrypoint and outcome, linked to what enqueued the job."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.clock import system_clock
from domain.kernel.job_handlers import Cancelled, Discarded, Done, Handler, Outcome, RetryAt, RunningJob
from domain.kernel.jobs import Job
from domain.kernel.tracing import collect_spans
from domain.kernel.work import Database
from tests.job_scene import Scene, until


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Where finished spans are found, for one test."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # The public setter works once in a process.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    collect_spans(True)
    yield exporter
    collect_spans(False)
    provider.shutdown()


@pytest.fixture
def scene(database: Database, bus: Bus) -> Scene:
    return Scene(database, bus)


async def job_spans(exporter: InMemorySpanExporter, count: int) -> list[ReadableSpan]:
    """Wait until that many attempts are over, and return their spans in that order."""

    def found() -> list[ReadableSpan]:
        return [span for span in exporter.get_finished_spans() if span.name.startswith("job ")]

    async def enough() -> bool:
        return len(found()) >= count

    await until(enough)
    return found()


def attributes(span: ReadableSpan) -> Mapping[str, object]:
    return span.attributes or {}


async def test_a_job_is_linked_to_the_request_that_queued_it(scene: Scene, spans: InMemorySpanExporter) -> None:
    async def perform(job: RunningJob) -> Done:
        async with job.work() as work:
            await work.enqueue(Job("after", {}))
        return Done()

    async def perform_after(_: RunningJob) -> Done:
        return Done()

    with trace.get_tracer("test").start_as_current_span("POST /graphql") as request:
        await scene.enqueue(Job("encode", {}, group="asset:1"))
    async with scene.running(Handler("encode", perform), Handler("after", perform_after)):
        first, second = await job_spans(spans, 2)
    (link,) = first.links
    asked = request.get_span_context()
    assert (link.context.trace_id, link.context.span_id) == (asked.trace_id, asked.span_id)
    assert first.parent is None
    assert first.context is not None
    assert first.context.trace_id != asked.trace_id
    (link,) = second.links
    assert link.context.span_id == first.context.span_id
    assert first.kind is trace.SpanKind.CONSUMER
    assert {name: attributes(first)[name] for name in ("marquee.job.entrypoint", "marquee.job.outcome")} == {
        "marquee.job.entrypoint": "encode",
        "marquee.job.outcome": "done",
    }
    assert attributes(first)["marquee.job.attempt"] == 1


OUTCOMES: Sequence[tuple[Outcome | Exception, int, str]] = [
    (Done(), 5, "done"),
    (Cancelled("called off"), 5, "cancelled"),
    (Discarded("of no use"), 5, "discarded"),
    (RetryAt(system_clock() + timedelta(hours=1), "not yet"), 5, "tried again"),
    (ValueError("secret.mp4"), 5, "tried again"),
    (ValueError("secret.mp4"), 1, "dead"),
]


@pytest.mark.parametrize(("answer", "attempts", "name"), OUTCOMES)
async def test_an_attempt_tells_its_outcome_and_not_what_somebody_uploaded(
    scene: Scene, spans: InMemorySpanExporter, answer: Outcome | Exception, attempts: int, name: str
) -> None:
    async def perform(_: RunningJob) -> Outcome:
        if isinstance(answer, Exception):
            raise answer
        return answer

    await scene.enqueue(Job("encode", {}))
    async with scene.running(Handler("encode", perform, max_attempts=attempts)):
        (span,) = await job_spans(spans, 1)
    assert attributes(span)["marquee.job.outcome"] == name
    assert span.links == ()
    assert attributes(span).get("error.type") == ("ValueError" if isinstance(answer, Exception) else None)
    assert "secret" not in span.to_json()


async def test_a_stopped_attempt_says_so(scene: Scene, spans: InMemorySpanExporter) -> None:
    await scene.enqueue(Job("encode", {}))
    async with scene.running(Handler("encode", scene.wait_forever), drain_s=0):

        async def begun() -> bool:
            return bool(scene.seen)

        await until(begun)
    (span,) = await job_spans(spans, 1)
    assert attributes(span)["marquee.job.outcome"] == "stopped"
    await scene.queue_is(("encode", "queued", 1))


async def test_a_job_whose_cause_is_garbage_runs_all_the_same(scene: Scene, spans: InMemorySpanExporter) -> None:
    async def perform(_: RunningJob) -> Done:
        return Done()

    await scene.enqueue(Job("encode", {}))
    async with scene.database.writes.begin() as connection:
        await connection.execute(text("""UPDATE pgqueuer SET headers = '{"traceparent": "00-garbage"}'"""))
    async with scene.running(Handler("encode", perform)):
        (span,) = await job_spans(spans, 1)
    assert (span.links, attributes(span)["marquee.job.outcome"]) == ((), "done")


async def test_nobody_collecting_spans_leaves_no_trace_in_the_queue(scene: Scene) -> None:
    await scene.enqueue(Job("encode", {}), Job("encode", {}, group="asset:1"))
    async with scene.database.read() as connection:
        headers = (await connection.execute(text("SELECT headers FROM pgqueuer ORDER BY id"))).scalars().all()
    assert headers == [None, {"group": "asset:1"}]
