"""Enrolling second factors, and letting them go.

The first one ends the account's other sign-ins: they were made without it. Staff keep at least one.

Refusal
├── SecondFactorMandatory   the last second factor of somebody with roles
├── TotpInUse               time codes are in use already
└── CodeWrong               the code is not the one that is shown now
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts import store
from domain.accounts.attempts import return_attempt
from domain.accounts.confirmation import require_recent
from domain.accounts.desk import Desk, attempt
from domain.accounts.factors import Factor
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.people import Role, Viewer, require_viewer
from domain.accounts.proofs import CODE_MAX_CHARS, CODES_OF_ACCOUNT, totp_context
from domain.accounts.recovery_codes import code_hash, new_codes
from domain.accounts.second_factor import credentials_in
from domain.accounts.totp import new_secret, provisioning_uri, shown_secret, step_of
from domain.accounts.webauthn_checks import SERVICE_NAME
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, StaleVersion
from domain.kernel.work import Work

REWRAP_BATCH = 500
LABEL_MAX_CHARS = 80


class SecondFactorMandatory(Refusal):
    """Somebody with roles gives up their last second factor."""

    def __init__(self) -> None:
        super().__init__("Your roles need a second factor. Add another one first.")


class TotpInUse(Refusal):
    """Time codes are in use already."""

    def __init__(self) -> None:
        super().__init__("An authenticator app is set up already. Remove it first.")


class CodeWrong(Refusal):
    """The code is not the one that is shown now."""

    def __init__(self) -> None:
        super().__init__("This code is not the one that is shown now. Check the clock of the device, and try the next.")


@dataclass(frozen=True, repr=False)
class TotpStarted:
    """What an authenticator app is set up with, shown this once."""

    secret: str
    uri: str


async def start_totp(work: Work, *, viewer: Viewer | None, keyring: Keyring, label: str) -> TotpStarted:
    """Make a secret for an authenticator app. It counts once a code of it was given.

    Raises:
        SignInRequired, ConfirmationRequired, InvalidInput, TotpInUse.
    """
    if not (1 <= len(label) <= LABEL_MAX_CHARS and label.isprintable() and ":" not in label):
        raise InvalidInput("label", f"Use 1 to {LABEL_MAX_CHARS} printable characters and no colon.")
    viewer = require_recent(viewer, now=work.now)
    secret = new_secret()
    sealed = keyring.seal(secret, context=totp_context(viewer.account_id))
    if not await store.begin_totp(work.connection, viewer.account_id, sealed, at=work.now):
        raise TotpInUse
    uri = provisioning_uri(secret, issuer=SERVICE_NAME, label=label)
    return TotpStarted(shown_secret(secret), uri)


async def confirm_totp(desk: Desk, *, viewer: Viewer | None, code: str) -> list[str]:
    """Take an authenticator app into use by a code that it shows; return fresh recovery codes if there were none.

    Raises:
        SignInRequired, ConfirmationRequired, NotFound, TotpInUse, CodeWrong, TooManyAttempts.
    """
    viewer = require_viewer(viewer)
    await attempt(desk, subjects={CODES_OF_ACCOUNT: str(viewer.account_id)})
    async with desk.open_work() as work:
        require_recent(viewer, now=work.now)
        await store.hold_accounts(work.connection, [viewer.account_id])
        totp = await store.totp_of(work.connection, viewer.account_id)
        if totp is None:
            raise NotFound("totp", viewer.account_id)
        if totp.confirmed_at is not None:
            raise TotpInUse
        secret = desk.keyring.unseal(totp.sealed, context=totp_context(viewer.account_id))
        step = step_of(secret, code[:CODE_MAX_CHARS], now=work.now)
        if step is None:
            raise CodeWrong
        codes = await enrolled(work, viewer=viewer, factor=Factor.CODE, what="an authenticator app")
        await store.accept_step(work.connection, viewer.account_id, step)
        await store.confirm_totp(work.connection, viewer.account_id, at=work.now)
        await return_attempt(work, limit=CODES_OF_ACCOUNT, subject=str(viewer.account_id))
        return codes


async def enrolled(work: Work, *, viewer: Viewer, factor: Factor, what: str) -> list[str]:
    """Do what follows a new second factor; call it before the factor is there. Returns fresh recovery codes, if any."""
    await store.hold_accounts(work.connection, [viewer.account_id])
    before = await credentials_in(work, account_id=viewer.account_id)
    if not before.has_second_factor:
        await store.end_sign_ins(work.connection, viewer.account_id, at=work.now, but=viewer.sign_in_id)
        await store.void_challenges(work.connection, viewer.account_id, at=work.now)
    proved = frozenset({factor, Factor.MULTIPLE})
    await store.renew_proof(work.connection, viewer.sign_in_id, at=work.now, factors=proved)
    await queue_mail(work, template=MailTemplate.CREDENTIAL_ADDED, account_id=viewer.account_id, what=what)
    return [] if before.recovery_codes_left else await _fresh_codes(work, viewer.account_id)


async def remove_totp(work: Work, *, viewer: Viewer | None, since: datetime) -> None:
    """Forget the authenticator app that has been in use `since` then, to the millisecond, and no later one.

    Raises:
        SignInRequired, ConfirmationRequired, NotFound, SecondFactorMandatory.
    """
    viewer = require_recent(viewer, now=work.now)
    # The account first, as everybody locks them.
    await store.hold_accounts(work.connection, [viewer.account_id])
    if not await store.delete_totp(work.connection, viewer.account_id, since=since):
        raise NotFound("totp", viewer.account_id)
    await let_go(work, viewer=viewer, what="an authenticator app")


async def let_go(work: Work, *, viewer: Viewer, what: str) -> None:
    """Do what follows the removal of a second factor; call it when the factor is gone.

    Raises:
        SecondFactorMandatory.
    """
    # Two removals at once would each see the other's factor: they wait for each other here.
    (account,) = await store.hold_accounts(work.connection, [viewer.account_id])
    left = await credentials_in(work, account_id=viewer.account_id)
    if not left.has_second_factor:
        if account.roles > {Role.VIEWER} or viewer.scoped_roles:
            raise SecondFactorMandatory
        await store.forget_recovery_codes(work.connection, viewer.account_id)
        # Else whoever is given a role meanwhile would act by it with nothing but a password.
        await store.forget_multiple_factors(work.connection, viewer.account_id)
    await queue_mail(work, template=MailTemplate.CREDENTIAL_REMOVED, account_id=viewer.account_id, what=what)


async def make_recovery_codes(work: Work, *, viewer: Viewer | None, expected_left: int) -> list[str]:
    """Return fresh recovery codes, shown this once; the `expected_left` ones from before stop working.

    Raises:
        SignInRequired, ConfirmationRequired.
        InvalidInput: there is no second factor that they could stand in for.
        StaleVersion: another number of codes is left; somebody made or used some meanwhile.
    """
    viewer = require_recent(viewer, now=work.now)
    await store.hold_accounts(work.connection, [viewer.account_id])
    found = await credentials_in(work, account_id=viewer.account_id)
    if not found.has_second_factor:
        raise InvalidInput("expectedLeft", "Set up an authenticator app or a passkey first.")
    if found.recovery_codes_left != expected_left:
        raise StaleVersion(expected_left, found.recovery_codes_left)
    return await _fresh_codes(work, viewer.account_id)


async def rewrap_totps(work: Work, *, keyring: Keyring, after: UUID | None) -> tuple[int, UUID | None]:
    """Put the next secrets under the current master key; return how many, and where to go on."""
    rows = await store.sealed_totps(work.connection, after=after, limit=REWRAP_BATCH)
    rewrapped = 0
    for row in rows:
        if keyring.needs_rewrap(row.sealed):
            sealed = keyring.rewrap(row.sealed, context=totp_context(row.account_id))
            rewrapped += await store.replace_sealed_totp(work.connection, row.account_id, old=row.sealed, new=sealed)
    return rewrapped, rows[-1].account_id if len(rows) == REWRAP_BATCH else None


async def _fresh_codes(work: Work, account_id: UUID) -> list[str]:
    codes = new_codes()
    await store.replace_recovery_codes(work.connection, account_id, [code_hash(code) for code in codes], at=work.now)
    return codes
