"""OpenTelemetry traces, sent to an OTLP/HTTP endpoint when one is set; otherwise every span is a no-op."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.kernel.tracing import collect_spans
from domain.settings import Settings

SERVICE_NAME = "marquee"
TRACES_PATH = "/v1/traces"


@contextmanager
def exporting_traces(settings: Settings) -> Iterator[None]:
    """Export spans while the block runs, and send the last ones when it ends."""
    if settings.otlp_endpoint is None:
        yield
        return
    # Imported here: nobody who exports nothing should pay for the SDK at start.
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create(
        {"service.name": SERVICE_NAME, "deployment.environment.name": settings.environment.value}
    )
    provider = TracerProvider(resource=resource)
    endpoint = settings.otlp_endpoint.rstrip("/") + TRACES_PATH
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    collect_spans(True)
    try:
        yield
    finally:
        collect_spans(False)
        provider.shutdown()
