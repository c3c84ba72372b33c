"""Checking what somebody proves themselves with: a time code, a recovery code, or a passkey.

Checks run inside the work that goes on with the outcome: a code is used up if, and only if, that work commits.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog

from domain.accounts import store
from domain.accounts.attempts import MINUTE_S, Limit
from domain.accounts.credentials import Passkey
from domain.accounts.desk import Desk, SignInFailed, attempt
from domain.accounts.factors import Factor
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.recovery_codes import code_hash
from domain.accounts.totp import step_of
from domain.accounts.webauthn_checks import (
    Json,
    PasskeyInvalid,
    RelyingParty,
    check_assertion,
    credential_id_of,
    user_handle_of,
)
from domain.kernel.work import Work

# Three of a million codes are right at any time: at this pace, somebody who knows the password needs years.
CODES_OF_ACCOUNT = Limit("code.account", burst=5, per_s=30 * MINUTE_S)
# Every look at a page that offers passkeys asks for one.
PROOFS_OF_NETWORK = Limit("proof.network", burst=600, per_s=20 * MINUTE_S)
CODE_MAX_CHARS = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, repr=False)
class TimeCode:
    """A code that an authenticator app shows."""

    code: str


@dataclass(frozen=True, repr=False)
class RecoveryCode:
    """One of the codes on paper."""

    code: str


@dataclass(frozen=True, repr=False)
class PasskeyAnswer:
    """What a browser's authenticator answered, as `PublicKeyCredential.toJSON` writes it."""

    credential: Json


GivenProof = TimeCode | RecoveryCode | PasskeyAnswer


async def count_proof(desk: Desk, *, account_id: UUID, proof: GivenProof, network: str) -> None:
    """Count an attempt at a proof; a passkey's is not one that anybody guesses.

    Raises:
        TooManyAttempts.
    """
    guessed = {} if isinstance(proof, PasskeyAnswer) else {CODES_OF_ACCOUNT: str(account_id)}
    await attempt(desk, subjects={**guessed, PROOFS_OF_NETWORK: network})


async def check_proof(work: Work, *, desk: Desk, account_id: UUID, proof: GivenProof, nonce: bytes) -> Factor:
    """Return the factor that was proved for this account.

    Raises:
        SignInFailed.
    """
    if isinstance(proof, TimeCode):
        await _check_time_code(work, desk, account_id, proof.code)
        return Factor.CODE
    if isinstance(proof, RecoveryCode):
        await _use_recovery_code(work, account_id, proof.code)
        return Factor.RECOVERY_CODE
    passkey = await check_passkey(work, desk=desk, answer=proof, nonce=nonce)
    if passkey.account_id != account_id:
        raise SignInFailed
    return Factor.PASSKEY


async def check_passkey(work: Work, *, desk: Desk, answer: PasskeyAnswer, nonce: bytes) -> Passkey:
    """Return the passkey that signed this nonce, of whichever account.

    Locks it. Raises:
        SignInFailed.
    """
    credential_id = credential_id_of(answer.credential)
    passkey = None if credential_id is None else await store.passkey_by_credential(work.connection, credential_id)
    if passkey is None or user_handle_of(answer.credential) not in (None, passkey.account_id.bytes):
        raise SignInFailed
    try:
        sign_count = check_assertion(
            RelyingParty.of(desk.public_url),
            answer.credential,
            challenge=nonce,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
        )
    except PasskeyInvalid as invalid:
        # A counter that went back may mean a copy of an authenticator: an operator should be able to find it.
        log.warning("passkey.refused", passkey_id=str(passkey.id), reason=str(invalid))
        raise SignInFailed from invalid
    await store.use_passkey(work.connection, passkey.id, sign_count=sign_count, at=work.now)
    return passkey


async def _check_time_code(work: Work, desk: Desk, account_id: UUID, code: str) -> None:
    totp = await store.totp_of(work.connection, account_id)
    if totp is None or totp.confirmed_at is None or len(code) > CODE_MAX_CHARS:
        raise SignInFailed
    secret = desk.keyring.unseal(totp.sealed, context=totp_context(account_id))
    step = step_of(secret, code, now=work.now)
    if step is None or not await store.accept_step(work.connection, account_id, step):
        raise SignInFailed


async def _use_recovery_code(work: Work, account_id: UUID, code: str) -> None:
    if len(code) > CODE_MAX_CHARS:
        raise SignInFailed
    if not await store.use_recovery_code(work.connection, account_id, code_hash(code), at=work.now):
        raise SignInFailed
    left = await store.recovery_codes_left(work.connection, account_id)
    await queue_mail(work, template=MailTemplate.RECOVERY_CODE_USED, account_id=account_id, left=str(left))


def totp_context(account_id: UUID) -> bytes:
    """Return what binds a sealed secret to its account."""
    return b"totp/" + account_id.bytes
