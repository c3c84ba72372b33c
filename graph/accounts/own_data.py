"""Exports of everything that is kept about one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from domain import accounts
from domain.accounts import DataExport, ExportState, exporting
from graph.batching import derived
from graph.context import Context
from graph.enums import described
from graph.problems import Problem, problem
from graph.rows import declares

described(
    ExportState,
    name="DataExportState",
    description="How far an export is.",
    values={
        ExportState.RUNNING: "It is being made.",
        ExportState.READY: "It can be fetched.",
        ExportState.FAILED: "It could not be made. Ask for another one.",
    },
)


async def exports_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[DataExport]]:
    """Load the exports of accounts."""
    return await exporting.exports_of(context.reads, keys)


def _url(export: DataExport, context: Context) -> str | None:
    if export.state is not ExportState.READY:
        return None
    return context.address_of(f"/account/exports/{exporting.export_token(context.runtime.keyring, export)}")


@declares(DataExport)
@strawberry.type(description="A JSON file of everything that is kept about the account.")
class Export:
    """An export."""

    state: ExportState = strawberry.field(description="How far it is.")
    url: str | None = derived(
        _url, description="Where to get the file, signed in to this account, once it is ready and until it expires."
    )
    created_at: datetime = strawberry.field(description="When it was asked for.")
    expires_at: datetime = strawberry.field(description="When the file is deleted.")


@problem(accounts.ExportRunning, description="An export is being made already. A mail tells when it is ready.")
class ExportRunning(Problem):
    """One is being made."""
