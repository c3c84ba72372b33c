"""Erasing an account: nobody signs in from that moment on, and a job removes what is about its owner.

At once, in one transaction: its sign-ins end, its key is destroyed, and its row no longer says who it was. There is no
time for second thoughts; a fresh proof of who the viewer is and the typed address stand before it. What stays are the
house's records, which name an account that leads to nobody.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import store
from domain.accounts.confirmation import require_recent
from domain.accounts.emails import prepared_email
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.people import Role, Viewer
from domain.accounts.roles import LastAdministrator
from domain.kernel.jobs import Job
from domain.kernel.personal import Person, PersonalData, erase_rows
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Work

ERASE_ACCOUNT = "personal.erase_account"
ERASE_PROFILE = "personal.erase_profile"


async def delete_account(work: Work, *, viewer: Viewer | None, email: str) -> None:
    """Erase the viewer's account for good. `email` is its address, typed by its owner.

    Raises:
        SignInRequired, ConfirmationRequired, LastAdministrator.
        InvalidInput: another address than the account's.
    """
    viewer = require_recent(viewer, now=work.now)
    (account,) = await store.hold_accounts(work.connection, [viewer.account_id])
    if account.email is None or prepared_email(email).lower() != account.email.lower():
        raise InvalidInput("email", "Type the address of this account.")
    is_administrator = Role.ADMINISTRATOR in account.roles
    if is_administrator and not await store.other_administrators(work.connection, account.id):
        raise LastAdministrator
    verified = await store.verified_email(work.connection, account.id)
    await store.end_sign_ins(work.connection, account.id, at=work.now, but=None)
    await store.blank_account(work.connection, account.id, at=work.now)
    if verified is not None:
        await queue_mail(work, template=MailTemplate.ACCOUNT_ERASED, to=verified)
    await work.enqueue(Job(ERASE_ACCOUNT, {"account_id": str(account.id)}))


async def erase_account_now(work: Work, *, account_id: UUID, data: Sequence[PersonalData]) -> int:
    """Delete what is about an erased account's owner, in the order of `data`; return how many rows. Twice is once."""
    person = Person(account_id, await store.all_profiles(work.connection, account_id))
    return sum([await erase_rows(work.connection, entry, person) for entry in data])


async def erase_profile_now(work: Work, *, profile_id: UUID, data: Sequence[PersonalData]) -> int:
    """Delete what a removed profile leaves, in the order of `data`; return how many rows. Twice is once."""
    person = Person(None, [profile_id])
    return sum([await erase_rows(work.connection, entry, person) for entry in data])
