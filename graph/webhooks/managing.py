"""Registering, changing and removing webhook endpoints, and replaying their deliveries."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import ID

from domain import webhooks as domain
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from domain.webhooks import EventType
from domain.webhooks.endpoints import EndpointChange
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field
from graph.webhooks.endpoints import WebhookDelivery, WebhookEndpoint

_BY_HOSTS = (NotFound, SignInRequired, Forbidden)


@problem(domain.TooManyEndpoints, description="The title has as many webhook endpoints as it may. Remove one first.")
class TooManyEndpoints(Problem):
    """Remove one first."""

    max: int = strawberry.field(description="How many there may be.")


@problem(domain.EndpointDisabled, description="Nothing is sent to this endpoint. Enable it first.")
class EndpointDisabled(Problem):
    """It is disabled."""


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


MUTATIONS: list[Any] = [
    create_webhook_endpoint, update_webhook_endpoint, rotate_webhook_secret, remove_webhook_endpoint,
    replay_webhook_delivery, replay_webhooks,
]  # fmt: skip
