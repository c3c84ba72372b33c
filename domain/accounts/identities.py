"""Identities: accounts that are known to outside providers, by issuer and subject and by nothing else.

An address that a provider tells opens no account that is here already: whoever controls an address there need not be
who controls it here. The owner of the account links the two, signed in, having just proved who they are.

Refusal
├── AccountExists     somebody has an account with this address; sign in to it and link the identity
├── EmailUnproved     the provider does not vouch for the address, so no account is made with it
├── TerritoryNeeded   the first time, the country has to be said
└── IdentityTaken     the identity is another account's
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.accounts import store
from domain.accounts.account import NAME_MAX_CHARS, create_account
from domain.accounts.attempts import MINUTE_S, Limit, take_attempt
from domain.accounts.confirmation import require_recent
from domain.accounts.desk import Place, SignInFailed
from domain.accounts.emails import prepared_email
from domain.accounts.factors import Factor
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.people import Viewer
from domain.accounts.second_factor import Outcome, go_on
from domain.accounts.sign_in import sign_in_at
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work

Identity = store.Identity
# OpenID Connect Core 1.0, section 2: a subject has at most 255 characters.
SUBJECT_MAX_CHARS = 255
# Each sign-in asks a provider three times; a school behind one address signs in within minutes.
SIGN_INS_OF_NETWORK = Limit("federated.network", burst=60, per_s=10 * MINUTE_S)


class AccountExists(Refusal):
    """Somebody has an account with this address."""

    def __init__(self) -> None:
        super().__init__("There is an account with this address. Sign in to it, then link the two in your settings.")


class EmailUnproved(Refusal):
    """The provider tells no address that it has proved."""

    def __init__(self) -> None:
        super().__init__("The provider has not confirmed your address. Confirm it there, or sign up with it here.")


class TerritoryNeeded(Refusal):
    """A new account needs a country."""

    def __init__(self) -> None:
        super().__init__("Say which country you are in, then try again.")


class IdentityTaken(Refusal):
    """The identity belongs to another account."""

    def __init__(self) -> None:
        super().__init__("This is linked to another account. Unlink it there first.")


@dataclass(frozen=True)
class ProvedIdentity:
    """What a provider vouches for. `email` is None unless it says that it has proved the address."""

    issuer: str
    subject: str
    provider_name: str
    email: str | None
    name: str | None
    language: str | None


async def count_federated_sign_in(work: Work, *, network: str) -> None:
    """Count that somebody is on their way to a provider. Do it in a work of its own.

    Raises:
        TooManyAttempts.
    """
    await take_attempt(work, limit=SIGN_INS_OF_NETWORK, subject=network)


async def sign_in_with_identity(work: Work, *, proved: ProvedIdentity, place: Place, territory: str | None) -> Outcome:
    """Sign in whose identity this is, or make their account, or ask for their second factor.

    Raises:
        SignInFailed, AccountExists, EmailUnproved, TerritoryNeeded, InvalidInput.
    """
    _check_subject(proved)
    known = await store.account_of_identity(work.connection, issuer=proved.issuer, subject=proved.subject)
    if known is None:
        return await _sign_up(work, proved, place, territory)
    try:
        return await go_on(work, account_id=known, place=place, factors=frozenset({Factor.FEDERATED}))
    except NotFound:
        # Suspended: nobody is told more than that it does not work.
        raise SignInFailed from None


async def link_identity(work: Work, *, viewer: Viewer | None, proved: ProvedIdentity) -> None:
    """Let the viewer sign in with an identity from now on; the owner is told by mail. Doing it twice changes nothing.

    Raises:
        SignInRequired, ConfirmationRequired, IdentityTaken.
    """
    viewer = require_recent(viewer, now=work.now)
    _check_subject(proved)
    if await store.insert_identity(work.connection, _identity(work, viewer.account_id, proved)):
        await queue_mail(
            work, template=MailTemplate.CREDENTIAL_ADDED, account_id=viewer.account_id, what=proved.provider_name
        )
        return
    if await store.account_of_identity(work.connection, issuer=proved.issuer, subject=proved.subject) != (
        viewer.account_id
    ):
        raise IdentityTaken


async def unlink_identity(work: Work, *, viewer: Viewer | None, issuer: str, provider_name: str) -> None:
    """Let the viewer not sign in with a provider any more. Who has no other way gets one by a reset link.

    Raises:
        SignInRequired, ConfirmationRequired, NotFound.
    """
    viewer = require_recent(viewer, now=work.now)
    if not await store.delete_identity(work.connection, account_id=viewer.account_id, issuer=issuer):
        raise NotFound("identity", provider_name)
    await queue_mail(work, template=MailTemplate.CREDENTIAL_REMOVED, account_id=viewer.account_id, what=provider_name)


async def identities_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[Identity]]:
    """Return the identities of each account, aligned."""
    async with reads.connection() as connection:
        return await store.identities_of(connection, account_ids)


async def forget_identities(work: Work, *, account_id: UUID) -> int:
    """Delete what an account is elsewhere; return how many identities that were."""
    return await store.delete_identities(work.connection, account_id)


async def _sign_up(work: Work, proved: ProvedIdentity, place: Place, territory: str | None) -> Outcome:
    if proved.email is None:
        raise EmailUnproved
    email = prepared_email(proved.email)
    # Two first sign-ins at once: one makes the account, the other finds it.
    await store.lock_email(work.connection, email.lower())
    known = await store.account_of_identity(work.connection, issuer=proved.issuer, subject=proved.subject)
    if known is not None:
        return await go_on(work, account_id=known, place=place, factors=frozenset({Factor.FEDERATED}))
    if await store.account_id_by_email(work.connection, email) is not None:
        raise AccountExists
    if territory is None:
        raise TerritoryNeeded
    account = await create_account(
        work,
        email=email,
        display_name=_name(proved, email),
        territory=territory,
        language=proved.language or "en",
    )
    await store.mark_verified(work.connection, account.id, at=work.now)
    made = await store.insert_identity(work.connection, _identity(work, account.id, proved))
    assert made, "whoever makes an account for this identity holds the lock"
    return await sign_in_at(work, account_id=account.id, place=place, factors=frozenset({Factor.FEDERATED}))


def _identity(work: Work, account_id: UUID, proved: ProvedIdentity) -> Identity:
    return Identity(work.new_id(), account_id, proved.issuer, proved.subject, work.now)


def _name(proved: ProvedIdentity, email: str) -> str:
    """Return what to call somebody: what the provider says if that can be shown, else how their address begins."""
    name = (proved.name or "").strip()
    usable = name and name.isprintable() and len(name) <= NAME_MAX_CHARS
    return name if usable else email.partition("@")[0][:NAME_MAX_CHARS]


def _check_subject(proved: ProvedIdentity) -> None:
    if not 1 <= len(proved.subject) <= SUBJECT_MAX_CHARS or "\x00" in proved.subject:
        raise InvalidInput("sub", "The provider names nobody.")
