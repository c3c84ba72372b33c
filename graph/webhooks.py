"""Webhooks: where hosts want to be told of what happens in the shows of a title, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain import webhooks as domain
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from domain.webhooks import Delivery, DeliveryAttempt, DeliveryState, Endpoint, EventType
from domain.webhooks.endpoint import DisabledReason
from domain.webhooks.endpoints import EndpointChange
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, global_id, loads_node, read_id
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field
from graph.rows import declares

_BY_HOSTS = (NotFound, SignInRequired, Forbidden)

described(
    EventType,
    name="WebhookEventType",
    description="What can be told. Deliveries have these names in small letters with a dot, as in `poll.opened`.",
    values={
        EventType.STREAM_PREPARED: "A show was prepared: `stream.prepared`.",
        EventType.STREAM_STARTED: "A show went live: `stream.started`.",
        EventType.STREAM_ENDED: "A show is over: `stream.ended`.",
        EventType.POLL_SCHEDULED: "A poll will open by itself: `poll.scheduled`.",
        EventType.POLL_OPENED: "A poll is open: `poll.opened`.",
        EventType.POLL_LOCKED: "A poll takes no more votes but of those who are behind: `poll.locked`.",
        EventType.POLL_REVEALED: "The results of a poll are final: `poll.revealed`.",
        EventType.POLL_ARCHIVED: "A poll is over, or was called off: `poll.archived`.",
        EventType.MOMENT_ANNOUNCED: "Something happens in a show, or will: `moment.announced`.",
        EventType.MOMENT_REVOKED: "What was announced does not happen: `moment.revoked`.",
        EventType.QUESTION_APPROVED: "A question of the audience was let through: `question.approved`.",
    },
)
described(
    DisabledReason,
    name="WebhookDisabledReason",
    description="Why nothing is sent to an endpoint.",
    values={
        DisabledReason.BY_HOST: "A host disabled it.",
        DisabledReason.FAILED_FOR_LONG: "It has taken nothing for three days.",
        DisabledReason.GONE: "It answered 410 Gone.",
    },
)
described(
    DeliveryState,
    name="WebhookDeliveryState",
    description="What has become of a delivery.",
    values={
        DeliveryState.PENDING: "It is in line, and tried at `nextAttemptAt`.",
        DeliveryState.DELIVERED: "The endpoint took it.",
        DeliveryState.FAILED: "It was tried for three days. It can be replayed.",
        DeliveryState.HELD: "The endpoint was disabled. It can be replayed.",
    },
)


@problem(domain.TooManyEndpoints, description="The title has as many webhook endpoints as it may. Remove one first.")
class TooManyEndpoints(Problem):
    """Remove one first."""

    max: int = strawberry.field(description="How many there may be.")


@problem(domain.EndpointDisabled, description="Nothing is sent to this endpoint. Enable it first.")
class EndpointDisabled(Problem):
    """It is disabled."""


@loads_node(Kind.WEBHOOK_ENDPOINT, row=Endpoint)
async def managed_endpoints(context: Context, keys: Sequence[UUID]) -> list[Endpoint | None]:
    """Load endpoints of titles whose shows the viewer runs."""
    return await domain.endpoint_by_id(context.reads, keys, viewer=context.viewer)


@loads_node(Kind.WEBHOOK_DELIVERY, row=Delivery)
async def managed_deliveries(context: Context, keys: Sequence[UUID]) -> list[Delivery | None]:
    """Load deliveries to endpoints that the viewer manages."""
    return await domain.visible_deliveries(context.reads, keys, viewer=context.viewer)


async def deliveries_attempts(context: Context, keys: Sequence[UUID]) -> list[list[DeliveryAttempt]]:
    """Load the attempts of deliveries."""
    return await domain.attempts_of(context.reads, keys)


@declares(Endpoint)
@strawberry.type(
    description="An address where hosts want to be told of what happens in the shows of a title. Deliveries are signed"
    " as Standard Webhooks are: verify them with any of its libraries and the endpoint's secret."
)
class WebhookEndpoint(Node):
    """An endpoint."""

    title_id: ID = derived(
        lambda endpoint, _: global_id(Kind.TITLE, endpoint.title_id), description="Of which channel or live event."
    )
    url: str = strawberry.field(description="Where deliveries are posted to.")
    description: str = strawberry.field(description="What hosts call it.")
    event_types: list[EventType] = strawberry.field(description="What is told there.")
    is_enabled: bool = strawberry.field(description="Whether anything is sent there.")
    disabled_reason: DisabledReason | None = strawberry.field(description="Why not; null while it is enabled.")
    failing_since: datetime | None = strawberry.field(
        description="Since when nothing was taken there that was tried; null when all is well."
    )
    rotates_until: datetime | None = strawberry.field(
        description="Until when deliveries are signed by the secret before this one, too."
    )
    created_at: datetime = strawberry.field(description="When it was registered.")
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


@declares(DeliveryAttempt)
@strawberry.type(description="One attempt to deliver.")
class WebhookAttempt:
    """An attempt."""

    number: int = strawberry.field(description="Which attempt, counted from 1.")
    at: datetime = strawberry.field(description="When it had ended.")
    status: int | None = strawberry.field(description="The HTTP status that came back; null when none did.")
    error: str | None = strawberry.field(description="Why none did.")
    took_ms: int = strawberry.field(name="tookMilliseconds", description="How long it took.")


@declares(Delivery)
@strawberry.type(description="One event on its way to one endpoint.")
class WebhookDelivery(Node):
    """A delivery."""

    event_id: str = strawberry.field(
        description="The `webhook-id` of every attempt and every replay: drop what you have had already."
    )
    event_type: str = strawberry.field(description="The `type` in its body.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    state: DeliveryState = strawberry.field(description="What has become of it.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried; null when it is not in line.")
    last_status: int | None = strawberry.field(description="What the last attempt was answered with, if it was.")
    attempts: list[WebhookAttempt] = batched(
        deliveries_attempts,
        key=lambda delivery: delivery.id,
        list_size=5,
        description="Every attempt, the first first.",
    )


WebhookDeliveryConnection = connection_of(WebhookDelivery, plural="deliveries")


@query_field(
    list[WebhookEndpoint],
    description="The webhook endpoints of a channel or live event, the oldest first. Its hosts, and editors.",
)
async def webhook_endpoints(
    context: Context, title_id: Annotated[ID, strawberry.argument(description="Which channel or live event.")]
) -> list[Endpoint]:
    """List endpoints."""
    return await domain.endpoints_of_title(context.reads, read_id(Kind.TITLE, title_id), viewer=context.viewer)


@query_field(
    WebhookDeliveryConnection,
    description="The deliveries to an endpoint, the newest first. NOT_FOUND as an error for others than its managers.",
)
async def webhook_deliveries(
    context: Context,
    webhook_endpoint_id: Annotated[ID, strawberry.argument(description="Which endpoint.")],
    states: Annotated[list[DeliveryState] | None, strawberry.argument(description="Only these.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[Delivery]:
    """List deliveries."""
    return await domain.deliveries_of(
        context.reads,
        read_id(Kind.WEBHOOK_ENDPOINT, webhook_endpoint_id),
        viewer=context.viewer,
        request=PageRequest.parse(first=first, after=after, last=last, before=before),
        states=states,
    )


@strawberry.input(description="An endpoint to register.")
class CreateWebhookEndpointInput:
    """An endpoint."""

    title_id: ID = strawberry.field(description="Which channel or live event.")
    url: str = strawberry.field(description="An https:// address of a public host, on port 443 or from 1024 on.")
    event_types: list[EventType] = strawberry.field(description="What to tell; one at least.")
    description: str = strawberry.field(default="", description="What to call it; up to 200 characters.")


@strawberry.input(description="What is to be different of an endpoint. What is left out stays.")
class UpdateWebhookEndpointInput:
    """A change."""

    webhook_endpoint_id: ID = strawberry.field(description="Which endpoint.")
    expected_version: int = strawberry.field(description="The endpoint's `version` as you know it.")
    url: str | None = strawberry.field(default=None, description="An https:// address of a public host.")
    event_types: list[EventType] | None = strawberry.field(default=None, description="What to tell; one at least.")
    description: str | None = strawberry.field(default=None, description="What to call it.")
    is_enabled: bool | None = strawberry.field(
        default=None, description="Whether to send anything there. What is in line meanwhile is held for a replay."
    )


@strawberry.input(description="An endpoint that gets another secret.")
class RotateWebhookSecretInput:
    """An endpoint, and the version that is meant."""

    webhook_endpoint_id: ID = strawberry.field(description="Which endpoint.")
    expected_version: int = strawberry.field(description="The endpoint's `version` as you know it.")


@strawberry.input(description="An endpoint to remove.")
class RemoveWebhookEndpointInput:
    """An endpoint."""

    webhook_endpoint_id: ID = strawberry.field(description="Which endpoint.")


@strawberry.input(description="A delivery to send again.")
class ReplayWebhookDeliveryInput:
    """A delivery."""

    webhook_delivery_id: ID = strawberry.field(description="Which delivery.")


@strawberry.input(description="A time whose events to send again.")
class ReplayWebhooksInput:
    """A time."""

    webhook_endpoint_id: ID = strawberry.field(description="Which endpoint.")
    since: datetime = strawberry.field(description="What happened from here on.")
    until: datetime = strawberry.field(description="And before here.")


@strawberry.type(description="The endpoint is told from now on.")
class WebhookEndpointCreated:
    """What createWebhookEndpoint gives."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    secret: str = strawberry.field(description="What its deliveries are signed by, shown this once: `whsec_…`.")


@strawberry.type(description="The endpoint is changed.")
class WebhookEndpointUpdated:
    """What updateWebhookEndpoint gives."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint as it is now.")


@strawberry.type(description="Deliveries are signed by the new secret, and for a day by the one before, too.")
class WebhookSecretRotated:
    """What rotateWebhookSecret gives."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint as it is now.")
    secret: str = strawberry.field(description="The new secret, shown this once: `whsec_…`.")


@strawberry.type(description="The endpoint is gone, and its deliveries with it.")
class WebhookEndpointRemoved:
    """What removeWebhookEndpoint gives."""

    webhook_endpoint_id: ID = strawberry.field(description="Which endpoint it was.")


@strawberry.type(description="The delivery is in line.")
class WebhookDeliveryReplayed:
    """What replayWebhookDelivery gives."""

    delivery: WebhookDelivery = strawberry.field(description="The delivery as it is now.")


@strawberry.type(description="What happened is in line again, in order.")
class WebhooksReplayed:
    """What replayWebhooks gives."""

    count: int = strawberry.field(
        description="How many deliveries. With 10,000, the most at a time, ask again when they are through."
    )


@mutation_field(
    WebhookEndpointCreated,
    refusals=(InvalidInput, domain.TooManyEndpoints, *_BY_HOSTS),
    description="Have what happens in the shows of a channel or live event sent somewhere. Its hosts, and editors.",
)
async def create_webhook_endpoint(
    work: Work,
    context: Context,
    input: Annotated[CreateWebhookEndpointInput, strawberry.argument(description="The endpoint.")],
) -> WebhookEndpointCreated:
    """Register an endpoint."""
    made = await domain.create_endpoint(
        work,
        viewer=context.viewer,
        keyring=context.runtime.keyring,
        title_id=read_id(Kind.TITLE, input.title_id),
        url=input.url,
        event_types=input.event_types,
        description=input.description,
        allows_loopback=context.runtime.settings.webhooks_to_loopback,
    )
    return WebhookEndpointCreated(endpoint=shown(made.endpoint), secret=made.secret)


@mutation_field(
    WebhookEndpointUpdated,
    refusals=(InvalidInput, StaleVersion, *_BY_HOSTS),
    description="Change an endpoint, disable it, or enable it again. Hosts of its title, and editors.",
)
async def update_webhook_endpoint(
    work: Work,
    context: Context,
    input: Annotated[UpdateWebhookEndpointInput, strawberry.argument(description="The change.")],
) -> WebhookEndpointUpdated:
    """Change an endpoint."""
    endpoint = await domain.update_endpoint(
        work,
        viewer=context.viewer,
        endpoint_id=read_id(Kind.WEBHOOK_ENDPOINT, input.webhook_endpoint_id),
        expected_version=input.expected_version,
        change=EndpointChange(input.url, input.description, input.event_types, input.is_enabled),
        allows_loopback=context.runtime.settings.webhooks_to_loopback,
    )
    return WebhookEndpointUpdated(endpoint=shown(endpoint))


@mutation_field(
    WebhookSecretRotated,
    refusals=(StaleVersion, *_BY_HOSTS),
    description="Give an endpoint another secret. Hosts of its title, and editors.",
)
async def rotate_webhook_secret(
    work: Work,
    context: Context,
    input: Annotated[RotateWebhookSecretInput, strawberry.argument(description="The endpoint.")],
) -> WebhookSecretRotated:
    """Rotate a secret."""
    rotated = await domain.rotate_secret(
        work,
        viewer=context.viewer,
        keyring=context.runtime.keyring,
        endpoint_id=read_id(Kind.WEBHOOK_ENDPOINT, input.webhook_endpoint_id),
        expected_version=input.expected_version,
    )
    return WebhookSecretRotated(endpoint=shown(rotated.endpoint), secret=rotated.secret)


@mutation_field(
    WebhookEndpointRemoved,
    refusals=_BY_HOSTS,
    description="Remove an endpoint with its deliveries. Hosts of its title, and editors.",
)
async def remove_webhook_endpoint(
    work: Work,
    context: Context,
    input: Annotated[RemoveWebhookEndpointInput, strawberry.argument(description="The endpoint.")],
) -> WebhookEndpointRemoved:
    """Remove an endpoint."""
    id = read_id(Kind.WEBHOOK_ENDPOINT, input.webhook_endpoint_id)
    await domain.remove_endpoint(work, viewer=context.viewer, endpoint_id=id)
    return WebhookEndpointRemoved(webhook_endpoint_id=input.webhook_endpoint_id)


@mutation_field(
    WebhookDeliveryReplayed,
    refusals=(domain.EndpointDisabled, *_BY_HOSTS),
    description="Send a delivery again, with the same id. Hosts of its title, and editors.",
)
async def replay_webhook_delivery(
    work: Work,
    context: Context,
    input: Annotated[ReplayWebhookDeliveryInput, strawberry.argument(description="The delivery.")],
) -> WebhookDeliveryReplayed:
    """Send a delivery again."""
    id = read_id(Kind.WEBHOOK_DELIVERY, input.webhook_delivery_id)
    delivery = await domain.replay_delivery(work, viewer=context.viewer, delivery_id=id)
    return WebhookDeliveryReplayed(delivery=shown(delivery))


@mutation_field(
    WebhooksReplayed,
    refusals=(InvalidInput, domain.EndpointDisabled, *_BY_HOSTS),
    description="Send everything of a time again that is not in line, in order, with the same ids. Hosts, and editors.",
)
async def replay_webhooks(
    work: Work,
    context: Context,
    input: Annotated[ReplayWebhooksInput, strawberry.argument(description="The time.")],
) -> WebhooksReplayed:
    """Send a time again."""
    count = await domain.replay_range(
        work,
        viewer=context.viewer,
        endpoint_id=read_id(Kind.WEBHOOK_ENDPOINT, input.webhook_endpoint_id),
        since=input.since,
        until=input.until,
    )
    return WebhooksReplayed(count=count)


QUERIES: list[Any] = [webhook_endpoints, webhook_deliveries]
MUTATIONS: list[Any] = [
    create_webhook_endpoint, update_webhook_endpoint, rotate_webhook_secret, remove_webhook_endpoint,
    replay_webhook_delivery, replay_webhooks,
]  # fmt: skip
