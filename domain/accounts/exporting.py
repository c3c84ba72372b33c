"""Exports of everything that is kept about an account: made by a job, sealed under the account's key, for one day.

Refusal
└── ExportRunning   one is being made
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import orjson

from domain.accounts import store
from domain.accounts.account_keys import KeyDestroyed, account_keyring
from domain.accounts.attempts import HOUR_S, Limit
from domain.accounts.confirmation import require_recent
from domain.accounts.desk import Desk, attempt
from domain.accounts.email_links import link_token, read_link
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.people import AccountId, DataExport, ExportState, Viewer, require_viewer
from domain.kernel.crypto import Keyring
from domain.kernel.jobs import Job
from domain.kernel.personal import Person, PersonalData, rows_about
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work

EXPORT_DATA = "personal.export_data"
EXPORT_LASTS = timedelta(days=1)
# Each reads everything about somebody.
EXPORTS_OF_ACCOUNT = Limit("export.account", burst=3, per_s=24 * HOUR_S)
FORMAT = "JSON"
_PURPOSE = "EXPORT"


class ExportRunning(Refusal):
    """One is being made."""

    def __init__(self) -> None:
        super().__init__("An export is being made already. A mail tells when it is ready.")


async def request_export(desk: Desk, *, viewer: Viewer | None, format: str) -> DataExport:
    """Have a file made of everything that is kept about the viewer's account; a mail tells when it is ready.

    Raises:
        SignInRequired, InvalidInput, ConfirmationRequired, ExportRunning, TooManyAttempts.
    """
    viewer = require_viewer(viewer)
    if format != FORMAT:
        raise InvalidInput("format", f"There is only {FORMAT}.")
    async with desk.open_work() as work:
        require_recent(viewer, now=work.now)
    await attempt(desk, subjects={EXPORTS_OF_ACCOUNT: str(viewer.account_id)})
    async with desk.open_work() as work:
        await store.hold_accounts(work.connection, [viewer.account_id])
        (before,) = await store.exports_of(work.connection, [viewer.account_id], now=work.now)
        if any(export.state is ExportState.RUNNING for export in before):
            raise ExportRunning
        export = DataExport(
            work.new_id(), AccountId(viewer.account_id), ExportState.RUNNING, work.now, work.now + EXPORT_LASTS
        )
        await store.insert_export(work.connection, export)
        await work.enqueue(Job(EXPORT_DATA, {"export_id": str(export.id)}))
    return export


async def write_export(
    work: Work, *, export_id: UUID, data: Sequence[PersonalData], keyring: Keyring
) -> tuple[str, bytes] | None:
    """Return a running export's key in the object store, and its sealed bytes; None when nobody waits for it."""
    export = await store.export_by_id(work.connection, export_id)
    if export is None or export.state is not ExportState.RUNNING:
        return None
    try:
        own = await account_keyring(work, keyring=keyring, account_id=export.account_id)
    except KeyDestroyed:
        return None
    person = Person(export.account_id, await store.all_profiles(work.connection, export.account_id))
    tables: dict[str, Mapping[str, object]] = {}
    for entry in data:
        rows = await rows_about(work.connection, entry, person)
        tables[f"{entry.table}.{entry.column}"] = {"keptAfterErasure": entry.why or None, "rows": rows}
    file = {"account": export.account_id, "madeAt": work.now, "tables": tables}
    written = orjson.dumps(file, default=str, option=orjson.OPT_INDENT_2)
    return object_key(export), own.seal(written, context=export.id.bytes)


async def finish_export(work: Work, *, export_id: UUID, is_ready: bool) -> None:
    """Note that an export is ready, which a mail tells its owner, or that it failed. Twice is once."""
    state = ExportState.READY if is_ready else ExportState.FAILED
    if await store.settle_export(work.connection, export_id, state) and is_ready:
        export = await store.export_by_id(work.connection, export_id)
        assert export is not None, "it was just settled"
        await queue_mail(work, template=MailTemplate.EXPORT_READY, account_id=export.account_id)


async def exports_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[DataExport]]:
    """Return every account's exports that have not expired, the newest first."""
    async with reads.connection() as connection:
        return await store.exports_of(connection, account_ids, now=reads.now)


def export_token(keyring: Keyring, export: DataExport) -> str:
    """Return what the link to an export carries."""
    return link_token(keyring, id=export.id, purpose=_PURPOSE)


async def export_behind(
    work: Work, *, viewer: Viewer | None, keyring: Keyring, token: str
) -> tuple[DataExport, Keyring]:
    """Return the viewer's export behind a link, and what opens it.

    Raises:
        SignInRequired.
        NotFound: no such link, another account's, not ready, expired, or asked for by a client.
    """
    viewer = require_viewer(viewer)
    export_id = read_link(keyring, token, purpose=_PURPOSE)
    export = None if export_id is None else await store.export_by_id(work.connection, export_id)
    if export is None or export.account_id != viewer.account_id or export.state is not ExportState.READY:
        raise NotFound("export", token)
    if viewer.auth_time is None:
        # A client that acts for somebody was let in to watch, not to everything that is kept about them.
        raise NotFound("export", token)
    if export.expires_at <= work.now:
        raise NotFound("export", token)
    return export, await account_keyring(work, keyring=keyring, account_id=viewer.account_id)


async def take_expired_exports(work: Work, *, limit: int) -> list[str]:
    """Forget up to `limit` exports that have expired; return the keys of their objects."""
    return [
        object_key(export) for export in await store.take_expired_exports(work.connection, now=work.now, limit=limit)
    ]


def object_key(export: DataExport) -> str:
    """Return where an export's file is in the object store."""
    return f"{objects_of(export.account_id)}/{export.id}"


def objects_of(account_id: UUID) -> str:
    """Return the folder of an account's exports in the object store."""
    return f"exports/{account_id}"
