"""Choosing a new password by a link that only the owner of the address gets."""

from uuid import UUID

from domain.accounts import store
from domain.accounts.attempts import HOUR_S, Limit
from domain.accounts.desk import Desk, Place, attempt
from domain.accounts.email_links import LinkExpired, make_link, read_link, use_link
from domain.accounts.emails import prepared_email
from domain.accounts.factors import Factor
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import MAIL_PRIORITY, queue_mail
from domain.accounts.password_rules import new_password
from domain.accounts.pending import EmailLink, LinkPurpose
from domain.accounts.second_factor import Outcome, go_on
from domain.kernel.jobs import Job
from domain.kernel.work import Work

OFFER_RESET = "accounts.offer_reset"
RESETS_OF_ADDRESS = Limit("reset.email", burst=3, per_s=HOUR_S)
# Each try is hashed; whoever follows a link and mistypes has enough.
RESETS_BY_LINK = Limit("reset.link", burst=10, per_s=HOUR_S)
RESETS_OF_NETWORK = Limit("reset.network", burst=30, per_s=HOUR_S)


async def ask_for_reset(desk: Desk, *, email: str, network: str) -> None:
    """Have a link sent to an address, if an account has it; the same happens here in both cases.

    Raises:
        InvalidInput, TooManyAttempts, Unavailable.
    """
    email = prepared_email(email)
    await attempt(desk, subjects={RESETS_OF_ADDRESS: email.lower(), RESETS_OF_NETWORK: network})
    async with desk.open_work() as work:
        await work.enqueue(Job(OFFER_RESET, {"email": email}, priority=MAIL_PRIORITY))


async def offer_reset_now(work: Work, *, email: str) -> None:
    """Make the link and queue its mail, if an account has this address; it goes there as the account spells it."""
    account = await store.reachable_account(work.connection, email)
    if account is not None:
        link_id = await make_link(work, purpose=LinkPurpose.RESET, email=account.email, account_id=account.id)
        await queue_mail(work, template=MailTemplate.RESET_PASSWORD, to=account.email, link_id=link_id)


async def reset_password(desk: Desk, *, token: str, password: str, place: Place) -> Outcome:
    """Set a new password, end every sign-in of the account, and sign in here, or be asked for the second factor.

    Raises:
        LinkExpired, InvalidInput, TooManyAttempts, Unavailable.
    """
    link = await _living_link(desk, token)
    await attempt(desk, subjects={RESETS_BY_LINK: str(link.id)})
    password_hash = await desk.passwords.hash(new_password(password, email=link.email))
    async with desk.open_work() as work:
        # The address may have been given up since: then the link is in a mailbox that is not the account's any more.
        if link.account_id is None or not await store.hold_account(work.connection, link.account_id, link.email):
            raise LinkExpired
        await use_link(work, id=link.id, purpose=LinkPurpose.RESET)
        await store.mark_verified(work.connection, link.account_id, at=work.now)
        await change_password_to(work, account_id=link.account_id, password_hash=password_hash)
        return await go_on(work, account_id=link.account_id, place=place, factors=frozenset({Factor.PASSWORD}))


async def change_password_to(work: Work, *, account_id: UUID, password_hash: str, but: UUID | None = None) -> None:
    """Set a password; all sign-ins end `but` one, and what the old one began stops working. The owner is told."""
    await store.set_password(work.connection, account_id, password_hash, at=work.now)
    await store.end_sign_ins(work.connection, account_id, at=work.now, but=but)
    await store.void_challenges(work.connection, account_id, at=work.now)
    # Also a link to another address: whoever had the old password may have asked for it.
    for purpose in (LinkPurpose.RESET, LinkPurpose.CHANGE_EMAIL):
        await store.void_links(work.connection, account_id=account_id, purpose=purpose, at=work.now)
    await queue_mail(work, template=MailTemplate.PASSWORD_CHANGED, account_id=account_id)


async def _living_link(desk: Desk, token: str) -> EmailLink:
    link_id = read_link(desk.keyring, token, purpose=LinkPurpose.RESET)
    if link_id is None:
        raise LinkExpired
    async with desk.open_work() as work:
        link = await store.link_by_id(work.connection, link_id, now=work.now)
    if link is None:
        raise LinkExpired
    return link
