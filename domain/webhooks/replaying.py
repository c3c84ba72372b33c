"""Looking at deliveries, sending them again, and forgetting old ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.webhooks.delivery import Delivery, DeliveryAttempt, DeliveryState
from domain.webhooks.endpoint import EndpointDisabled
from domain.webhooks.endpoints import endpoint_by_id, held_endpoint
from domain.webhooks.store import deliveries as store

# More is replayed by asking again: what is in line is not chosen twice.
REPLAYED_MAX = 10_000
_LIST = "webhook deliveries"


async def deliveries_of(
    reads: Reads,
    endpoint_id: UUID,
    *,
    viewer: Viewer | None,
    request: PageRequest,
    states: Sequence[DeliveryState] | None = None,
) -> Page[Delivery]:
    """Return the deliveries to an endpoint, the newest first.

    Raises:
        SignInRequired.
        NotFound: no such endpoint, or none that the viewer manages.
        InvalidInput: a cursor of another list, or a page from the end.
    """
    viewer = require_viewer(viewer)
    if request.backwards or request.before is not None:
        raise InvalidInput("last", "This list is read from its newest row on: give first and after.")
    (endpoint,) = await endpoint_by_id(reads, [endpoint_id], viewer=viewer)
    if endpoint is None:
        raise NotFound("webhook endpoint", endpoint_id)
    async with reads.connection() as connection:
        found = await store.newest_deliveries(
            connection,
            endpoint_id,
            states=tuple(DeliveryState) if states is None else states,
            before=_place(request.after),
            limit=request.limit + 1,
        )
    return page_of(found, request=request, cursor=lambda row: encode_cursor(_LIST, row.id))


async def visible_deliveries(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Delivery | None]:
    """Return the deliveries to endpoints that the viewer manages, aligned with `ids`."""
    async with reads.connection() as connection:
        found = await store.deliveries_by_id(connection, ids)
    endpoint_ids = sorted({delivery.endpoint_id for delivery in found if delivery is not None})
    managed = await endpoint_by_id(reads, endpoint_ids, viewer=viewer)
    shown = {endpoint.id for endpoint in managed if endpoint is not None}
    return [delivery if delivery is not None and delivery.endpoint_id in shown else None for delivery in found]


async def attempts_of(reads: Reads, delivery_ids: Sequence[UUID]) -> list[list[DeliveryAttempt]]:
    """Return the attempts of deliveries that the viewer has come by, aligned."""
    async with reads.connection() as connection:
        return await store.attempts_of(connection, delivery_ids)


async def replay_delivery(work: Work, *, viewer: Viewer | None, delivery_id: UUID) -> Delivery:
    """Send a delivery again, with the same id. One that is in line stays where it is.

    Raises:
        SignInRequired, EndpointDisabled.
        NotFound: no such delivery, or none to an endpoint that the viewer manages.
    """
    viewer = require_viewer(viewer)
    (delivery,) = await store.deliveries_by_id(work.connection, [delivery_id])
    managed = None if delivery is None else await endpoint_by_id(work.reads(), [delivery.endpoint_id], viewer=viewer)
    if delivery is None or managed == [None]:
        raise NotFound("webhook delivery", delivery_id)
    await _check_enabled(work, viewer, delivery.endpoint_id)
    await store.replay(work.connection, [delivery_id], now=work.now)
    (replayed,) = await store.deliveries_by_id(work.connection, [delivery_id])
    assert replayed is not None, "its endpoint is locked"
    return replayed


async def replay_range(
    work: Work, *, viewer: Viewer | None, endpoint_id: UUID, since: datetime, until: datetime
) -> int:
    """Send again what happened from one instant until another, in order; return how many that are, 10,000 at most.

    Raises:
        SignInRequired, EndpointDisabled, InvalidInput.
        NotFound: no such endpoint, or none that the viewer manages.
    """
    await _check_enabled(work, viewer, endpoint_id)
    if since >= until:
        raise InvalidInput("until", "must be after since")
    ids = await store.ids_in_range(work.connection, endpoint_id, since=since, until=until, limit=REPLAYED_MAX)
    return await store.replay(work.connection, ids, now=work.now)


async def prune_deliveries(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` deliveries of events that were `kept` ago and are not in line; return how many."""
    return await store.prune(work.connection, before=work.now - kept, limit=limit)


async def _check_enabled(work: Work, viewer: Viewer | None, endpoint_id: UUID) -> None:
    endpoint = await held_endpoint(work, viewer=viewer, endpoint_id=endpoint_id)
    if not endpoint.is_enabled:
        raise EndpointDisabled


def _place(cursor: str | None) -> UUID | None:
    """Read where a page begins.

    Raises:
        InvalidInput: the cursor is of another list.
    """
    if cursor is None:
        return None
    try:
        (id,) = decode_cursor(_LIST, cursor)
        return UUID(str(id))
    except ValueError as garbage:
        raise InvalidInput("cursor", "This cursor does not belong to this list.") from garbage
