"""The SQL of endpoints, and of how far the log was read for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.facts import Position
from domain.webhooks.endpoint import DisabledReason, Endpoint, EndpointId, EventType
from domain.webhooks.store.tables import endpoints, positions

# Registrations and removals of a title go one after the other: its first endpoint is no row yet that could be locked.
_LOCK_TITLE = text("SELECT pg_advisory_xact_lock(hashtextextended('webhooks:' || :title_id, 0))")


@dataclass(frozen=True, repr=False)
class HeldSecrets:
    """What an endpoint's deliveries are signed by, sealed. The previous one counts until `rotates_until`."""

    secret: bytes
    previous: bytes | None
    rotates_until: datetime | None


async def lock_title(connection: AsyncConnection, title_id: UUID) -> None:
    """Let nobody else add or remove endpoints of a title until the transaction ends."""
    await connection.execute(_LOCK_TITLE, {"title_id": str(title_id)})


async def insert_endpoint(connection: AsyncConnection, endpoint: Endpoint, *, secret: bytes) -> None:
    """Write a new endpoint with its sealed secret."""
    await connection.execute(insert(endpoints).values(**_values(endpoint), sealed_secret=secret))


async def endpoints_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Endpoint | None]:
    """Return endpoints aligned with `ids`."""
    rows = await connection.execute(select(endpoints).where(endpoints.c.id.in_(set(ids))))
    found = {row["id"]: _endpoint(row) for row in rows.mappings()}
    return [found.get(id) for id in ids]


async def hold_endpoint(connection: AsyncConnection, id: UUID) -> Endpoint | None:
    """Return an endpoint that nobody else changes until the transaction ends."""
    # Not against those who only name it: deliveries are written meanwhile.
    held = select(endpoints).where(endpoints.c.id == id).with_for_update(key_share=True)
    row = (await connection.execute(held)).mappings().one_or_none()
    return None if row is None else _endpoint(row)


async def update_endpoint(connection: AsyncConnection, endpoint: Endpoint) -> None:
    """Write an endpoint that was held."""
    await connection.execute(update(endpoints).where(endpoints.c.id == endpoint.id).values(_values(endpoint)))


async def rotate(connection: AsyncConnection, id: UUID, *, secret: bytes, until: datetime) -> None:
    """Write another sealed secret; the one before goes on until an instant."""
    statement = update(endpoints).where(endpoints.c.id == id)
    previous = endpoints.c.sealed_secret
    await connection.execute(
        statement.values(sealed_previous_secret=previous, rotates_until=until, sealed_secret=secret)
    )


async def secrets_of(connection: AsyncConnection, id: UUID) -> HeldSecrets | None:
    """Return what deliveries to an endpoint are signed by."""
    columns = endpoints.c
    statement = select(columns.sealed_secret, columns.sealed_previous_secret, columns.rotates_until)
    row = (await connection.execute(statement.where(columns.id == id))).one_or_none()
    return None if row is None else HeldSecrets(*row)


async def delete_endpoint(connection: AsyncConnection, id: UUID) -> None:
    """Delete an endpoint with its deliveries."""
    await connection.execute(delete(endpoints).where(endpoints.c.id == id))


async def endpoints_of(connection: AsyncConnection, title_id: UUID) -> list[Endpoint]:
    """Return the endpoints of a title, the oldest first."""
    statement = select(endpoints).where(endpoints.c.title_id == title_id).order_by(endpoints.c.id)
    return [_endpoint(row) for row in (await connection.execute(statement)).mappings()]


async def titles_with_endpoints(connection: AsyncConnection, *, limit: int) -> list[UUID]:
    """Return titles that have endpoints, those that got one last first."""
    newest = select(endpoints.c.title_id).group_by(endpoints.c.title_id)
    # The ids are made in the order of time, and there is no greatest of them before version 18.
    rows = await connection.execute(newest.order_by(text("max(created_at) DESC")).limit(limit))
    return list(rows.scalars())


async def positions_of(connection: AsyncConnection, stream_ids: Sequence[UUID]) -> dict[UUID, Position]:
    """Return how far the logs of streams were read."""
    rows = await connection.execute(select(positions).where(positions.c.stream_id.in_(stream_ids)))
    return {row["stream_id"]: Position(row["epoch"], row["offset"]) for row in rows.mappings()}


async def hold_position(connection: AsyncConnection, stream_id: UUID, *, first: Position) -> Position:
    """Return how far the log of a stream was read, by nobody else until the transaction ends; `first` when never."""
    await put_positions(connection, {stream_id: first}, replaces=False)
    held = select(positions.c.epoch, positions.c.offset).where(positions.c.stream_id == stream_id).with_for_update()
    return Position(*(await connection.execute(held)).one())


async def put_positions(connection: AsyncConnection, at: Mapping[UUID, Position], *, replaces: bool = True) -> None:
    """Write how far the logs of streams were read."""
    if not at:
        return
    rows = [{"stream_id": id, "epoch": place.epoch, "offset": place.offset} for id, place in sorted(at.items())]
    statement = upsert(positions).values(rows)
    if not replaces:
        await connection.execute(statement.on_conflict_do_nothing())
        return
    given = {"epoch": statement.excluded.epoch, "offset": statement.excluded.offset}
    await connection.execute(statement.on_conflict_do_update(index_elements=["stream_id"], set_=given))


def _values(endpoint: Endpoint) -> dict[str, Any]:
    kept = {name: value for name, value in vars(endpoint).items() if name != "rotates_until"}
    return {**kept, "event_types": list(endpoint.event_types)}


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=EndpointId(row["id"]),
        title_id=row["title_id"],
        url=row["url"],
        description=row["description"],
        event_types=tuple(EventType(type) for type in row["event_types"]),
        disabled_reason=None if row["disabled_reason"] is None else DisabledReason(row["disabled_reason"]),
        failing_since=row["failing_since"],
        rotates_until=row["rotates_until"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        version=row["version"],
    )
