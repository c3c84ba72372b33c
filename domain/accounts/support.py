"""What support may do: look at an account, for a reason that is written down. Nothing that changes it."""

from uuid import UUID

from domain.accounts import store
from domain.accounts.emails import prepared_email
from domain.accounts.people import Account, Viewer
from domain.accounts.policy import ACCOUNTS, AccountsAct
from domain.accounts.staff_log import checked_reason, record_deed
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Work


async def look_up_account(
    work: Work, *, viewer: Viewer | None, reason: str, account_id: UUID | None = None, email: str | None = None
) -> Account:
    """Return somebody's account, found by its id or its address, and write down who looked and why.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: no reason, or not exactly one of id and address.
        NotFound: no such account.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.LOOK_UP)
    reason = checked_reason(reason)
    if (account_id is None) == (email is None):
        raise InvalidInput("input", "Name either an account or an address.")
    if email is not None:
        account_id = await store.account_id_by_email(work.connection, prepared_email(email))
    (account,) = (None,) if account_id is None else await store.accounts_by_id(work.connection, [account_id])
    if account is None:
        raise NotFound("account", account_id or "with this address")
    await record_deed(work, viewer=viewer, action="look_up_account", subject_id=account.id, reason=reason)
    return account
