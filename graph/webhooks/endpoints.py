"""Webhook endpoints and their deliveries, as those see them who manage them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain import webhooks as domain
from domain.kernel.paging import Page, PageRequest
from domain.webhooks import Delivery, DeliveryAttempt, DeliveryState, Endpoint, EventType
from domain.webhooks.endpoint import DisabledReason
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, global_id, loads_node, read_id
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.root_fields import query_field
from graph.rows import declares

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
    context: Context,
    title_id: Annotated[ID, strawberry.argument(description="Which channel or live event.")],
    first: Annotated[int, strawberry.argument(description="How many at most; 1 to 10, as many as there can be.")] = 10,
) -> list[Endpoint]:
    """List endpoints."""
    return await domain.endpoints_of_title(
        context.reads, read_id(Kind.TITLE, title_id), viewer=context.viewer, limit=first
    )


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


QUERIES: list[Any] = [webhook_endpoints, webhook_deliveries]
