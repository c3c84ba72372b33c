"""Signing up: an account is made when its address is proved, not before.

Whoever signs up with somebody else's address leaves nothing behind but a row that runs out. And when the owner of that
address follows the link all the same, no account is made with the stranger's password: the link alone is not enough,
it takes the browser that signed up, or the password again.

Refusal
└── PasswordRequired   the link was opened elsewhere: the password that was chosen is needed too
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import store
from domain.accounts.account import checked_language, checked_name, checked_territory, create_account
from domain.accounts.attempts import HOUR_S, MINUTE_S, Limit
from domain.accounts.desk import Desk, Place, SignInFailed, attempt
from domain.accounts.email_links import LinkExpired, make_link, read_link, use_link
from domain.accounts.emails import prepared_email
from domain.accounts.factors import Factor
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.password_rules import new_password, prepared_password
from domain.accounts.pending import LinkPurpose, PendingSignUp
from domain.accounts.sign_in import SignedIn, sign_in_at
from domain.kernel.refusals import Refusal

BROWSER_SECRET_BYTES = 32
# A mailbox is not to be filled by us, and one place does not fill many.
SIGN_UPS_OF_ADDRESS = Limit("sign_up.email", burst=3, per_s=HOUR_S)
SIGN_UPS_OF_NETWORK = Limit("sign_up.network", burst=30, per_s=HOUR_S)
PASSWORDS_OF_LINK = Limit("sign_up.link", burst=5, per_s=15 * MINUTE_S)


class PasswordRequired(Refusal):
    """The link was opened in another browser than the one that signed up."""

    def __init__(self) -> None:
        super().__init__("Enter the password that you chose when you signed up.")


@dataclass(frozen=True, repr=False)
class SignUpBegun:
    """What the browser that signs up keeps, to be known again when it follows the link."""

    browser_secret: str


async def begin_sign_up(
    desk: Desk, *, email: str, password: str, display_name: str, territory: str, language: str, network: str
) -> SignUpBegun:
    """Send a link to an address, and keep what was told until it is followed. Tells nobody whether it is known.

    Raises:
        InvalidInput, TooManyAttempts, Unavailable.
    """
    email = prepared_email(email)
    prepared = new_password(password, email=email)
    sign_up = PendingSignUp(
        email=email,
        password_hash="",
        display_name=checked_name(display_name),
        territory=checked_territory(territory),
        language=checked_language(language),
        browser_hash=b"",
    )
    async with desk.passwords.turn():
        await attempt(desk, subjects={SIGN_UPS_OF_ADDRESS: email.lower(), SIGN_UPS_OF_NETWORK: network})
        return await _keep_sign_up(desk, sign_up, prepared)


async def finish_sign_up(
    desk: Desk, *, link_id: UUID, browser_secret: str | None, password: str | None, place: Place
) -> SignedIn:
    """Make the account behind a link that was followed, and sign it in.

    Raises:
        LinkExpired, PasswordRequired, SignInFailed, EmailTaken, InvalidInput, TooManyAttempts, Unavailable.
    """
    async with desk.open_work() as work:
        link = await store.link_by_id(work.connection, link_id, now=work.now)
        sign_up = None if link is None else await store.sign_up_of(work.connection, link_id)
    if sign_up is None:
        raise LinkExpired
    if not _is_same_browser(sign_up, browser_secret):
        await _check_password(desk, link_id, sign_up, password)
    async with desk.open_work() as work:
        await use_link(work, id=link_id, purpose=LinkPurpose.SIGN_UP)
        account = await create_account(
            work, email=sign_up.email, display_name=sign_up.display_name, territory=sign_up.territory,
            language=sign_up.language,
        )  # fmt: skip
        await store.mark_verified(work.connection, account.id, at=work.now)
        await store.set_password(work.connection, account.id, sign_up.password_hash, at=work.now)
        await store.delete_sign_up(work.connection, link_id)
        return await sign_in_at(work, account_id=account.id, place=place, factors=frozenset({Factor.PASSWORD}))


def sign_up_link(desk: Desk, token: str) -> UUID | None:
    """Return the id in the link of a sign-up, None when it is none."""
    return read_link(desk.keyring, token, purpose=LinkPurpose.SIGN_UP)


async def _keep_sign_up(desk: Desk, sign_up: PendingSignUp, prepared: str) -> SignUpBegun:
    browser_secret = secrets.token_urlsafe(BROWSER_SECRET_BYTES)
    password_hash = await desk.passwords.hash(prepared)
    sign_up = replace(sign_up, password_hash=password_hash, browser_hash=_browser_hash(browser_secret))
    async with desk.open_work() as work:
        link_id = await make_link(work, purpose=LinkPurpose.SIGN_UP, email=sign_up.email)
        await store.insert_sign_up(work.connection, link_id, sign_up)
        await queue_mail(work, template=MailTemplate.CONFIRM_SIGN_UP, to=sign_up.email, link_id=link_id)
    return SignUpBegun(browser_secret)


async def _check_password(desk: Desk, link_id: UUID, sign_up: PendingSignUp, password: str | None) -> None:
    if password is None:
        raise PasswordRequired
    await attempt(desk, subjects={PASSWORDS_OF_LINK: str(link_id)})
    if not await desk.passwords.matches(sign_up.password_hash, prepared_password(password)):
        raise SignInFailed


def _is_same_browser(sign_up: PendingSignUp, browser_secret: str | None) -> bool:
    return browser_secret is not None and hmac.compare_digest(_browser_hash(browser_secret), sign_up.browser_hash)


def _browser_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
