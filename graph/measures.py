"""What the graph counts for Prometheus."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

# From a cached small query to the execution timeout.
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

operations_total = Counter("marquee_graphql_operations_total", "Operations executed.", ["kind", "outcome"])
operation_seconds = Histogram("marquee_graphql_operation_seconds", "Time to execute.", ["kind"], buckets=_SECONDS)
executions_total = Counter(
    "marquee_graphql_executions_total", "Executions by executor, and why not the compiled one.", ["executor", "reason"]
)
refused_total = Counter("marquee_graphql_refused_total", "Requests refused before execution.", ["code"])
subscriptions_open = Gauge("marquee_graphql_subscriptions_open", "Subscriptions being served.")
revoked_total = Counter("marquee_graphql_sign_ins_revoked_total", "Sign-ins that ended under open streams.")
sockets_open = Gauge("marquee_graphql_sockets_open", "GraphQL WebSockets being served.")

hub_frames_total = Counter("marquee_hub_frames_total", "Answers of shared subscriptions, executed and encoded once.")
hub_deliveries_total = Counter("marquee_hub_deliveries_total", "Answers of shared subscriptions, for each subscriber.")


def operation(kind: str, outcome: str, took_s: float) -> None:
    """Count an executed operation."""
    counter, histogram = _of_operation(kind, outcome)
    counter.inc()
    histogram.observe(took_s)


@cache
def _of_operation(kind: str, outcome: str) -> tuple[Counter, Histogram]:
    # Finding a measure by its labels costs more than counting; there are nine sets of them.
    return operations_total.labels(kind, outcome), operation_seconds.labels(kind)


@cache
def executions(executor: str, reason: str) -> Counter:
    """Return the counter of executions by an executor; `reason` says why not by the compiled one."""
    return executions_total.labels(executor, reason)
