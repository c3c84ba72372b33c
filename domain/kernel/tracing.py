"""Spans, where somebody collects them: without an exporter a request does not even make an empty one."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_NOTHING: AbstractContextManager[object] = nullcontext()
# W3C Trace Context, section 3.2: how one process tells another which span it was in.
_TRACEPARENT = "traceparent"
_propagator = TraceContextTextMapPropagator()


@dataclass
class _Spans:
    """Whether somebody collects them. The API would look into the environment each time it is asked."""

    are_collected: bool = False


_spans = _Spans()


def collect_spans(are_wanted: bool) -> None:
    """Say whether spans are made from now on: they are not unless a provider was set that takes them."""
    _spans.are_collected = are_wanted


class JobSpan:
    """The span of one attempt at a job, or nothing at all when nobody collects spans."""

    def __init__(self, span: trace.Span | None) -> None:
        self._span = span

    def end_with(self, outcome: str, *, error_type: str | None = None) -> None:
        """Note how the attempt ended. Only the type of an error: its words often quote what somebody uploaded."""
        if self._span is None:
            return
        self._span.set_attribute("marquee.job.outcome", outcome)
        if error_type is not None:
            self._span.set_attribute("error.type", error_type)
            self._span.set_status(trace.StatusCode.ERROR, error_type)


def span(
    tracer: trace.Tracer, name: str, *, kind: trace.SpanKind = trace.SpanKind.INTERNAL
) -> AbstractContextManager[object]:
    """Return a span that is current while its block runs."""
    if not _is_collecting():
        return _NOTHING
    return tracer.start_as_current_span(name, kind=kind)


@contextmanager
def job_span(entrypoint: str, *, cause: str | None, attributes: Mapping[str, int]) -> Iterator[JobSpan]:
    """Lend a span for an attempt at a job. It begins a trace of its own, linked to `cause`, what enqueued the job.

    A link and not a child: a job may begin long after the request that asked for it was answered, and several times.
    """
    if not _is_collecting():
        yield JobSpan(None)
        return
    tracer = trace.get_tracer("marquee.jobs")
    with tracer.start_as_current_span(
        f"job {entrypoint}",
        context=trace.set_span_in_context(trace.INVALID_SPAN),
        kind=trace.SpanKind.CONSUMER,
        attributes={"marquee.job.entrypoint": entrypoint, **attributes},
        links=_links(cause),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        yield JobSpan(current)


def current_cause() -> str | None:
    """Return what names the current span to whoever goes on with its work; None outside of one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_TRACEPARENT)


def _links(cause: str | None) -> list[trace.Link]:
    if cause is None:
        return []
    context = trace.get_current_span(_propagator.extract({_TRACEPARENT: cause})).get_span_context()
    return [trace.Link(context)] if context.is_valid else []


def _is_collecting() -> bool:
    return _spans.are_collected
