"""Registering, changing and removing endpoints: by the hosts of a title, and editors.

An endpoint is told what happens after it was registered: how far the log has been read is noted for all streams of the
title in the same transaction, and streams that come later are read from their beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.catalog import visible_titles
from domain.kernel.crypto import Keyring
from domain.kernel.facts import heads
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Reads, Work
from domain.live import stream_ids_of_titles, stream_topic
from domain.webhooks.addresses import checked_url
from domain.webhooks.endpoint import (
    ENDPOINTS_MAX,
    DisabledReason,
    Endpoint,
    EndpointId,
    EventType,
    TooManyEndpoints,
    checked_description,
    checked_types,
)
from domain.webhooks.policy import WEBHOOKS, WebhooksAct
from domain.webhooks.signing import new_secret, written
from domain.webhooks.store import deliveries as deliveries_store
from domain.webhooks.store import endpoints as store

# Long enough to bring a new secret to every receiver.
ROTATION = timedelta(days=1)


@dataclass(frozen=True, repr=False)
class WithSecret:
    """An endpoint, and the secret that is shown this once."""

    endpoint: Endpoint
    secret: str


@dataclass(frozen=True)
class EndpointChange:
    """What is to be different of an endpoint; None is what stays."""

    url: str | None = None
    description: str | None = None
    event_types: Sequence[EventType] | None = None
    is_enabled: bool | None = None


async def create_endpoint(
    work: Work,
    *,
    viewer: Viewer | None,
    keyring: Keyring,
    title_id: UUID,
    url: str,
    event_types: Sequence[EventType],
    description: str = "",
    allows_loopback: bool = False,
) -> WithSecret:
    """Have what happens in the shows of a title sent somewhere, from now on. The secret is shown this once.

    Raises:
        SignInRequired, Forbidden, InvalidInput, TooManyEndpoints.
        NotFound: no such title, or none that the viewer may find.
    """
    viewer = await _manager(work.reads(), viewer, title_id)
    url, types = checked_url(url, allows_loopback=allows_loopback), checked_types(event_types)
    await store.lock_title(work.connection, title_id)
    existing = await store.endpoints_of(work.connection, title_id)
    if len(existing) >= ENDPOINTS_MAX:
        raise TooManyEndpoints
    endpoint = Endpoint(
        id=EndpointId(work.new_id()),
        title_id=title_id,
        url=url,
        description=checked_description(description),
        event_types=types,
        disabled_reason=None,
        failing_since=None,
        rotates_until=None,
        created_by=viewer.account_id,
        created_at=work.now,
        version=1,
    )
    secret = new_secret()
    await store.insert_endpoint(
        work.connection, endpoint, secret=keyring.seal(secret, context=secret_context(endpoint.id))
    )
    # Whoever was told before goes on where they are; without anybody, nobody has read the log since.
    await _note_places(work, title_id, replaces=not existing)
    return WithSecret(endpoint, written(secret))


async def update_endpoint(
    work: Work,
    *,
    viewer: Viewer | None,
    endpoint_id: UUID,
    expected_version: int,
    change: EndpointChange,
    allows_loopback: bool = False,
) -> Endpoint:
    """Change an endpoint. What is in line to one that is disabled is held, for a replay.

    Raises:
        SignInRequired, Forbidden, InvalidInput, StaleVersion.
        NotFound: no such endpoint, or none of a title that the viewer may find.
    """
    before = await held_endpoint(work, viewer=viewer, endpoint_id=endpoint_id)
    if before.version != expected_version:
        raise StaleVersion(expected_version, before.version)
    after = _changed(before, change, allows_loopback=allows_loopback)
    await store.update_endpoint(work.connection, after)
    if before.is_enabled and not after.is_enabled:
        await deliveries_store.hold_back(work.connection, endpoint_id, now=work.now)
    return after


async def rotate_secret(
    work: Work, *, viewer: Viewer | None, keyring: Keyring, endpoint_id: UUID, expected_version: int
) -> WithSecret:
    """Give an endpoint another secret, which is shown this once. For a day, deliveries are signed by both.

    Raises:
        SignInRequired, Forbidden, StaleVersion.
        NotFound: no such endpoint, or none of a title that the viewer may find.
    """
    before = await held_endpoint(work, viewer=viewer, endpoint_id=endpoint_id)
    if before.version != expected_version:
        raise StaleVersion(expected_version, before.version)
    secret, until = new_secret(), work.now + ROTATION
    sealed = keyring.seal(secret, context=secret_context(before.id))
    await store.rotate(work.connection, before.id, secret=sealed, until=until)
    after = replace(before, version=before.version + 1, rotates_until=until)
    await store.update_endpoint(work.connection, after)
    return WithSecret(after, written(secret))


async def remove_endpoint(work: Work, *, viewer: Viewer | None, endpoint_id: UUID) -> Endpoint:
    """Remove an endpoint with its deliveries.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such endpoint, or none of a title that the viewer may find.
    """
    endpoint = await held_endpoint(work, viewer=viewer, endpoint_id=endpoint_id)
    await store.delete_endpoint(work.connection, endpoint.id)
    return endpoint


async def endpoints_of_title(
    reads: Reads, title_id: UUID, *, viewer: Viewer | None, limit: int = ENDPOINTS_MAX
) -> list[Endpoint]:
    """Return the endpoints of a title, the oldest first.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
        NotFound: no such title, or none that the viewer may find.
    """
    await _manager(reads, viewer, title_id)
    if not 1 <= limit <= ENDPOINTS_MAX:
        raise InvalidInput("first", f"must be 1 to {ENDPOINTS_MAX}")
    async with reads.connection() as connection:
        return (await store.endpoints_of(connection, title_id))[:limit]


async def endpoint_by_id(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Endpoint | None]:
    """Return the endpoints that the viewer manages, aligned with `ids`."""
    async with reads.connection() as connection:
        found = await store.endpoints_by_id(connection, ids)
    return [
        one if one is not None and WEBHOOKS.permits(viewer, WebhooksAct.MANAGE, within=one.title_id) else None
        for one in found
    ]


async def held_endpoint(work: Work, *, viewer: Viewer | None, endpoint_id: UUID) -> Endpoint:
    """Return an endpoint that the viewer manages, and that nobody else changes until the transaction ends.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such endpoint, or none of a title that the viewer may find.
    """
    viewer = require_viewer(viewer)
    endpoint = await store.hold_endpoint(work.connection, endpoint_id)
    if endpoint is None or not WEBHOOKS.permits(viewer, WebhooksAct.MANAGE, within=endpoint.title_id):
        # That a title has endpoints is known to those who manage them.
        raise NotFound("webhook endpoint", endpoint_id)
    return endpoint


def secret_context(endpoint_id: UUID) -> bytes:
    """Return what an endpoint's sealed secret is bound to."""
    return b"webhook endpoint " + endpoint_id.bytes


async def _manager(reads: Reads, viewer: Viewer | None, title_id: UUID) -> Viewer:
    viewer = require_viewer(viewer)
    (title,) = await visible_titles(reads, [title_id], viewer=viewer)
    if title is None and not WEBHOOKS.permits(viewer, WebhooksAct.MANAGE, within=title_id):
        raise NotFound("title", title_id)
    WEBHOOKS.require(viewer, WebhooksAct.MANAGE, within=title_id)
    if title is None:
        raise NotFound("title", title_id)
    return viewer


async def _note_places(work: Work, title_id: UUID, *, replaces: bool) -> None:
    stream_ids = await stream_ids_of_titles(work.reads(), [title_id], ended_since=None)
    found = await heads(work.connection, [stream_topic(id) for id in stream_ids])
    places = {id: found[topic] for id in stream_ids if (topic := stream_topic(id)) in found}
    await store.put_positions(work.connection, places, replaces=replaces)


def _changed(endpoint: Endpoint, change: EndpointChange, *, allows_loopback: bool) -> Endpoint:
    url = endpoint.url if change.url is None else checked_url(change.url, allows_loopback=allows_loopback)
    description = endpoint.description if change.description is None else checked_description(change.description)
    types = endpoint.event_types if change.event_types is None else checked_types(change.event_types)
    reason, failing_since = endpoint.disabled_reason, endpoint.failing_since
    if change.is_enabled is False and endpoint.is_enabled:
        reason = DisabledReason.BY_HOST
    elif change.is_enabled:
        # Whoever enables it says that it works again.
        reason, failing_since = None, None
    return replace(
        endpoint, url=url, description=description, event_types=types, disabled_reason=reason,
        failing_since=failing_since, version=endpoint.version + 1,
    )  # fmt: skip
