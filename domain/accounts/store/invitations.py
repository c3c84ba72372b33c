"""The table of invitations, and its SQL."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text, Uuid, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.pending import Invitation
from domain.accounts.people import Role, Scope, ScopeKind
from domain.accounts.store.email_links import email_links
from domain.kernel.tables import metadata

invitations = Table(
    "invitations",
    metadata,
    Column("link_id", Uuid, ForeignKey("email_links.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("scope_kind", Text),
    Column("scope_id", Uuid),
    Column("invited_by", Uuid, nullable=False),
    CheckConstraint("scope_kind IN ('CHANNEL', 'MERCHANT')", name="scope_kind"),
    CheckConstraint("(scope_kind IS NULL) = (scope_id IS NULL)", name="scope"),
)


async def insert_invitation(connection: AsyncConnection, invitation: Invitation) -> None:
    """Insert an invitation, whose link is there."""
    scope = invitation.scope
    await connection.execute(
        insert(invitations).values(
            link_id=invitation.id,
            role=invitation.role.value,
            scope_kind=None if scope is None else scope.kind.value,
            scope_id=None if scope is None else scope.id,
            invited_by=invitation.invited_by,
        )
    )


async def invitation_by_id(connection: AsyncConnection, id: UUID) -> Invitation | None:
    """Return an invitation whose link has not been used."""
    statement = (
        select(invitations, email_links.c.email)
        .join(email_links, email_links.c.id == invitations.c.link_id)
        .where(invitations.c.link_id == id, email_links.c.used_at.is_(None))
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    scope = None if row.scope_id is None else Scope(ScopeKind(row.scope_kind), row.scope_id)
    return Invitation(row.link_id, row.email, Role(row.role), scope, row.invited_by)
