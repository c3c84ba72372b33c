"""What staff does to other people's accounts, and the log of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import Account, StaffEntry, accounts_by_id
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.accounts.records import AccountRecord
from graph.batching import batched, derived
from graph.context import Context
from graph.global_ids import Kind, global_id, read_id
from graph.paging import After, Before, First, Last, connection_of
from graph.root_fields import mutation_field, query_field
from graph.rows import declares
from graph.wording import camel_case

_BY_STAFF = (InvalidInput, NotFound, SignInRequired, Forbidden)


async def people(context: Context, keys: Sequence[UUID]) -> list[Account | None]:
    """Load accounts for those who read the log, which names them anyway."""
    return await accounts_by_id(context.reads, keys)


def _name(account: Account | None, _context: Context) -> str | None:
    return None if account is None else account.display_name


@strawberry.type(description="A word about something that staff has done.")
class StaffDetail:
    """A detail."""

    name: str = strawberry.field(description="What it is about, such as `role`.")
    value: str = strawberry.field(description="What it is.")


@declares(StaffEntry)
@strawberry.type(description="Something that staff has done. Entries are never changed or deleted.")
class StaffDeed:
    """A deed."""

    at: datetime = strawberry.field(description="When it was done.")
    actor_id: ID = derived(
        lambda entry, _: global_id(Kind.VIEWER, entry.account_id), description="The account that did it."
    )
    actor: str | None = batched(people, key=lambda entry: entry.account_id, shape=_name, description="Its name.")
    action: str = derived(lambda entry, _: camel_case(entry.action), description="What, such as `grantRole`.")
    subject_id: ID | None = derived(
        lambda entry, _: None if entry.subject_id is None else global_id(Kind.VIEWER, entry.subject_id),
        description="The account it was done to; null when there was none yet.",
    )
    reason: str = strawberry.field(description="Why, in the words of who did it.")
    details: list[StaffDetail] = derived(
        lambda entry, _: [StaffDetail(name=name, value=value) for name, value in sorted(entry.details.items())],
        description="What else is known of it.",
    )


StaffDeedConnection = connection_of(StaffDeed, plural="deeds of staff")


@strawberry.input(description="An account to suspend.")
class SuspendAccountInput:
    """An account."""

    account_id: ID = strawberry.field(description="Which account.")
    reason: str = strawberry.field(description="Why, for the log of what staff has done; 5 to 500 characters.")


@strawberry.input(description="A suspended account to restore.")
class RestoreAccountInput(SuspendAccountInput):
    """An account."""


@strawberry.input(description="An account to look at: named by its id or its address.")
class LookUpAccountInput:
    """An account."""

    account_id: ID | None = strawberry.field(default=None, description="Its id.")
    email: str | None = strawberry.field(default=None, description="Or its address.")
    reason: str = strawberry.field(description="Why, for the log of what staff has done; 5 to 500 characters.")


@strawberry.type(description="The account may not sign in any more, and what was signed in is out within seconds.")
class AccountSuspended:
    """What suspendAccount gives."""

    account_id: ID = strawberry.field(description="The account.")


@strawberry.type(description="The account may sign in again; what was signed in before stays out.")
class AccountRestored:
    """What restoreAccount gives."""

    account_id: ID = strawberry.field(description="The account.")


@strawberry.type(description="Somebody's account, looked at for a reason.")
class AccountLookedUp:
    """What lookUpAccount gives."""

    account: AccountRecord = strawberry.field(description="The account.")


@mutation_field(
    AccountSuspended, refusals=_BY_STAFF, description="Keep somebody from signing in, at once. Administrators only."
)
async def suspend_account(
    work: Work, context: Context, input: Annotated[SuspendAccountInput, strawberry.argument(description="The account.")]
) -> AccountSuspended:
    """Suspend an account."""
    account_id = read_id(Kind.VIEWER, input.account_id)
    await accounts.suspend_account(work, viewer=context.viewer, account_id=account_id, reason=input.reason)
    return AccountSuspended(account_id=input.account_id)


@mutation_field(AccountRestored, refusals=_BY_STAFF, description="Lift a suspension. Administrators only.")
async def restore_account(
    work: Work, context: Context, input: Annotated[RestoreAccountInput, strawberry.argument(description="The account.")]
) -> AccountRestored:
    """Restore an account."""
    account_id = read_id(Kind.VIEWER, input.account_id)
    await accounts.restore_account(work, viewer=context.viewer, account_id=account_id, reason=input.reason)
    return AccountRestored(account_id=input.account_id)


@mutation_field(
    AccountLookedUp,
    refusals=_BY_STAFF,
    description="Look at somebody's account, for support. A mutation, because who looked and why is written down.",
)
async def look_up_account(
    work: Work, context: Context, input: Annotated[LookUpAccountInput, strawberry.argument(description="Whose.")]
) -> AccountLookedUp:
    """Look at an account."""
    account_id = None if input.account_id is None else read_id(Kind.VIEWER, input.account_id)
    account = await accounts.look_up_account(
        work, viewer=context.viewer, reason=input.reason, account_id=account_id, email=input.email
    )
    return AccountLookedUp(account=AccountRecord(account=account))


@query_field(StaffDeedConnection, description="What staff has done, the newest first. Administrators only.")
async def staff_log(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[StaffEntry]:
    """Show the log."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await accounts.staff_log(context.reads, viewer=context.viewer, page=page)


QUERIES = [staff_log]
MUTATIONS = [suspend_account, restore_account, look_up_account]
