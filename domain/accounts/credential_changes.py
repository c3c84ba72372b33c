"""Changing the password and the address of an account, by whoever proved lately that it is theirs."""

from domain.accounts import store
from domain.accounts.account import EmailTaken
from domain.accounts.attempts import HOUR_S, Limit
from domain.accounts.confirmation import require_recent
from domain.accounts.desk import Desk, attempt
from domain.accounts.email_links import LinkExpired, make_link, read_link, use_link
from domain.accounts.emails import prepared_email
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.password_reset import change_password_to
from domain.accounts.password_rules import new_password
from domain.accounts.pending import LinkPurpose
from domain.accounts.people import Viewer, require_viewer

CHANGES_OF_EMAIL = Limit("email.account", burst=3, per_s=HOUR_S)
MAILS_TO_ADDRESS = Limit("email.email", burst=3, per_s=HOUR_S)
# A password change hashes; nobody changes theirs more often.
CHANGES_OF_PASSWORD = Limit("password.change", burst=5, per_s=HOUR_S)


async def change_password(desk: Desk, *, viewer: Viewer | None, password: str) -> None:
    """Set a new password. The account's other sign-ins end.

    Raises:
        SignInRequired, ConfirmationRequired, InvalidInput, TooManyAttempts, Unavailable.
    """
    viewer = require_viewer(viewer)
    async with desk.open_work() as work:
        require_recent(viewer, now=work.now)
        (account,) = await store.accounts_by_id(work.connection, [viewer.account_id])
    assert account is not None, "a viewer has an account"
    prepared = new_password(password, email=account.email, field="newPassword")
    await attempt(desk, subjects={CHANGES_OF_PASSWORD: str(viewer.account_id)})
    password_hash = await desk.passwords.hash(prepared)
    async with desk.open_work() as work:
        await change_password_to(work, account_id=viewer.account_id, password_hash=password_hash, but=viewer.sign_in_id)


async def change_email(desk: Desk, *, viewer: Viewer | None, email: str) -> None:
    """Send a link to a new address; the account has it once the link is followed. Tells nobody whether it is known.

    Raises:
        SignInRequired, ConfirmationRequired, InvalidInput, TooManyAttempts, Unavailable.
    """
    viewer = require_viewer(viewer)
    email = prepared_email(email)
    async with desk.open_work() as work:
        require_recent(viewer, now=work.now)
    await attempt(desk, subjects={CHANGES_OF_EMAIL: str(viewer.account_id), MAILS_TO_ADDRESS: email.lower()})
    async with desk.open_work() as work:
        link_id = await make_link(work, purpose=LinkPurpose.CHANGE_EMAIL, email=email, account_id=viewer.account_id)
        await queue_mail(work, template=MailTemplate.CONFIRM_EMAIL, to=email, link_id=link_id)


async def finish_email_change(desk: Desk, *, token: str) -> None:
    """Give an account the address whose link was followed; the address before is told.

    Raises:
        LinkExpired, EmailTaken, Unavailable.
    """
    link_id = read_link(desk.keyring, token, purpose=LinkPurpose.CHANGE_EMAIL)
    if link_id is None:
        raise LinkExpired
    async with desk.open_work() as work:
        link = await store.link_by_id(work.connection, link_id, now=work.now)
        if link is None or link.account_id is None:
            raise LinkExpired
        # The account first, as everybody locks them.
        await store.hold_accounts(work.connection, [link.account_id])
        await use_link(work, id=link_id, purpose=LinkPurpose.CHANGE_EMAIL)
        before = await store.verified_email(work.connection, link.account_id)
        if not await store.change_email(work.connection, link.account_id, link.email, at=work.now):
            raise EmailTaken(link.email)
        # Links that went to the old address must not open the account any more.
        await store.void_links(work.connection, account_id=link.account_id, purpose=LinkPurpose.RESET, at=work.now)
        if before is not None:
            await queue_mail(work, template=MailTemplate.EMAIL_CHANGED, to=before)
