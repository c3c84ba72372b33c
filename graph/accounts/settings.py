"""What people change of their own account: what it is called, its country, and what they agree to."""

from typing import Annotated

import strawberry

from domain import accounts
from domain.accounts import AccountChange, ConfirmationRequired
from domain.kernel.refusals import InvalidInput, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.accounts.account import Viewer
from graph.context import Context
from graph.payloads import shown
from graph.root_fields import mutation_field


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


MUTATIONS = [update_account]
