"""What people change of their own account, get out of it, and how they leave."""

from typing import Annotated

import strawberry

from domain import accounts
from domain.accounts import (
    AccountChange,
    ConfirmationRequired,
    ExportRunning,
    LastAdministrator,
    TooManyAttempts,
    exporting,
)
from domain.kernel.refusals import InvalidInput, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.accounts.account import Viewer
from graph.accounts.own_data import Export
from graph.context import Context
from graph.payloads import shown
from graph.root_fields import mutation_field, stepwise_mutation_field


@strawberry.input(description="What is to be different of the account. What is left out or null stays as it is.")
class UpdateAccountInput:
    """Changes of the account."""

    expected_version: int = strawberry.field(description="The viewer's `version` as you know it.")
    display_name: str | None = strawberry.field(default=None, description="What to call this person.")
    territory: str | None = strawberry.field(
        default=None,
        description="Where the account is at home, as an ISO 3166-1 alpha-2 code. Another one takes a proof of who "
        "the viewer is within the last ten minutes.",
    )
    marketing_consent: bool | None = strawberry.field(
        default=None, description="Whether this person agrees to be told of offers."
    )


@strawberry.type(description="The account is another now.")
class AccountUpdated:
    """What updateAccount gives."""

    viewer: Viewer = strawberry.field(description="The account as it is now.")


@mutation_field(
    AccountUpdated,
    refusals=(SignInRequired, InvalidInput, StaleVersion, ConfirmationRequired),
    description="Change the viewer's own account.",
)
async def update_account(
    work: Work, context: Context, input: Annotated[UpdateAccountInput, strawberry.argument(description="The changes.")]
) -> AccountUpdated:
    """Change the account."""
    change = AccountChange(
        display_name=input.display_name, territory=input.territory, marketing_consent=input.marketing_consent
    )
    updated = await accounts.update_account(
        work, viewer=context.viewer, expected_version=input.expected_version, change=change
    )
    return AccountUpdated(viewer=shown(updated))


@strawberry.input(description="An export to make.")
class RequestExportInput:
    """An export to make."""

    format: str = strawberry.field(description="What the file is to be; only `JSON` there is.")


@strawberry.type(description="The export is being made; a mail tells when it is ready.")
class ExportRequested:
    """What requestExport gives."""

    export: Export = strawberry.field(description="The export.")


@stepwise_mutation_field(
    ExportRequested,
    refusals=(SignInRequired, InvalidInput, ConfirmationRequired, ExportRunning, TooManyAttempts),
    description="Have a file made of everything that is kept about the account. Three a day.",
)
async def request_export(
    context: Context, input: Annotated[RequestExportInput, strawberry.argument(description="The export.")]
) -> ExportRequested:
    """Ask for an export."""
    export = await exporting.request_export(context.runtime.desk(), viewer=context.viewer, format=input.format)
    return ExportRequested(export=shown(export))


@strawberry.input(description="The account to delete.")
class DeleteAccountInput:
    """The account to delete."""

    email: str = strawberry.field(description="The address of the viewer's account, typed by its owner.")


@strawberry.type(description="The account is deleted: nobody is signed in to it any more, and nothing brings it back.")
class AccountDeleted:
    """What deleteAccount gives."""

    is_deleted: bool = strawberry.field(description="Always true.")


@mutation_field(
    AccountDeleted,
    refusals=(SignInRequired, ConfirmationRequired, InvalidInput, LastAdministrator),
    description="Delete the viewer's account for good, with everything about its owner. What it plays ends within a "
    "minute, what else there is about the owner is erased within some more.",
)
async def delete_account(
    work: Work, context: Context, input: Annotated[DeleteAccountInput, strawberry.argument(description="The account.")]
) -> AccountDeleted:
    """Delete the account."""
    await accounts.delete_account(work, viewer=context.viewer, email=input.email)
    return AccountDeleted(is_deleted=True)


MUTATIONS = [update_account, request_export, delete_account]
