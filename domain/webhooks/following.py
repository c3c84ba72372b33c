"""Reads the log of facts of streams whose titles have endpoints, and writes what is to be sent.

Deliveries and the place in the log are written in one transaction, so that no fact is lost and none is told twice,
whoever dies and however many processes read.
"""

from datetime import timedelta
from uuid import UUID

import structlog

from domain.kernel.facts import READ_LIMIT, Position, Resync, facts_since, heads
from domain.kernel.work import Reads, Work
from domain.live import stream_ids_of_titles, stream_topic, streams_by_id
from domain.webhooks.delivery import DeliveryState
from domain.webhooks.events import WriteId, event_of
from domain.webhooks.store import deliveries as deliveries_store
from domain.webhooks.store import endpoints as store

TITLES_MAX = 10_000
# What happens in a show after it has ended happens soon.
ENDED_FOLLOWED = timedelta(days=2)
BEGINNING = 0

log = structlog.get_logger(__name__)


async def streams_behind(reads: Reads) -> list[UUID]:
    """Return streams with facts that nobody was told of yet."""
    async with reads.connection() as connection:
        title_ids = await store.titles_with_endpoints(connection, limit=TITLES_MAX)
    if not title_ids:
        return []
    ids = await stream_ids_of_titles(reads, title_ids, ended_since=reads.now - ENDED_FOLLOWED)
    async with reads.connection() as connection:
        newest = await heads(connection, [stream_topic(id) for id in ids])
        read = await store.positions_of(connection, ids)
    return [id for id in ids if (head := newest.get(stream_topic(id))) is not None and read.get(id) != head]


async def follow_stream(work: Work, *, stream_id: UUID, write_id: WriteId) -> bool:
    """Write the next deliveries of a stream; return whether more may follow. Locks its place."""
    (stream,) = await streams_by_id(work.reads(), [stream_id])
    newest = (await heads(work.connection, [topic := stream_topic(stream_id)])).get(topic)
    if stream is None or newest is None:
        return False
    place = await store.hold_position(work.connection, stream_id, first=Position(newest.epoch, BEGINNING))
    facts = await facts_since(work.lent, topic, place)
    if not facts:
        return False
    endpoints = await store.endpoints_of(work.connection, stream.title_id)
    told = []
    for fact in facts:
        if isinstance(fact, Resync):
            # After a restore from a backup, or when nobody has read for as long as facts are kept.
            log.warning("webhooks.facts_missed", stream_id=str(stream_id), since=place.offset, now=fact.position.offset)
            continue
        event = event_of(fact, stream_id=stream_id, title_id=stream.title_id, write_id=write_id)
        if event is not None:
            wanting = [endpoint for endpoint in endpoints if event.type in endpoint.event_types]
            told += [(work.new_id(), endpoint.id, event, _state(endpoint.is_enabled)) for endpoint in wanting]
    await deliveries_store.insert_deliveries(work.connection, told, now=work.now)
    await store.put_positions(work.connection, {stream_id: facts[-1].position})
    return len(facts) == READ_LIMIT


def _state(is_enabled: bool) -> DeliveryState:
    return DeliveryState.PENDING if is_enabled else DeliveryState.HELD
