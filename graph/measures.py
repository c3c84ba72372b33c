"""What the graph counts for Prometheus."""

from functools import cache

from prometheus_client import Counter, Gauge

from graph.timings import Timings

# From a cached small query to the execution timeout.
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

operations = Timings(
    counter=("marquee_graphql_operations", "Operations executed."),
    histogram=("marquee_graphql_operation_seconds", "Time to execute."),
    labels=["kind", "outcome"],
    bounds_s=_SECONDS,
)
executions_total = Counter(
    "marquee_graphql_executions_total", "Executions by executor, and why not the compiled one.", ["executor", "reason"]
)
refused_total = Counter("marquee_graphql_refused_total", "Requests refused before execution.", ["code"])
subscriptions_open = Gauge("marquee_graphql_subscriptions_open", "Subscriptions being served.")
revoked_total = Counter("marquee_graphql_sign_ins_revoked_total", "Sign-ins that ended under open streams.")
sockets_open = Gauge("marquee_graphql_sockets_open", "GraphQL WebSockets being served.")

hub_frames_total = Counter("marquee_hub_frames_total", "Answers of shared subscriptions, executed and encoded once.")
hub_deliveries_total = Counter("marquee_hub_deliveries_total", "Answers of shared subscriptions, for each subscriber.")


@cache
def executions(executor: str, reason: str) -> Counter:
    """Return the counter of executions by an executor; `reason` says why not by the compiled one."""
    return executions_total.labels(executor, reason)
