"""Proving again who one is, before changing how one proves it.

A cookie that somebody else got hold of is not enough to take an account over: credentials change only within ten
minutes after a proof. Who has a second factor proves it by that; the password alone would do for whoever stole both.

Refusal
├── ConfirmationRequired   the last proof is too long ago
└── SecondFactorRequired   this account proves itself by one of its second factors
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.accounts import store
from domain.accounts.attempts import return_attempt
from domain.accounts.challenges import answer_challenge
from domain.accounts.credentials import Method
from domain.accounts.desk import Desk, SignInFailed, attempt
from domain.accounts.factors import Factor
from domain.accounts.password_rules import prepared_password
from domain.accounts.password_sign_in import PASSWORDS_OF_DEVICE
from domain.accounts.pending import ChallengeKind
from domain.accounts.people import Viewer, require_viewer
from domain.accounts.proofs import CODES_OF_ACCOUNT, GivenProof, PasskeyAnswer, check_proof, count_proof
from domain.accounts.second_factor import credentials_in
from domain.kernel.refusals import Refusal

CONFIRMED_FOR = timedelta(minutes=10)


class ConfirmationRequired(Refusal):
    """The last proof is too long ago, or this sign-in is not one to change credentials with."""

    def __init__(self) -> None:
        super().__init__("Confirm that it is you, then try again.")


class SecondFactorRequired(Refusal):
    """This account is confirmed by one of its second factors."""

    def __init__(self, methods: tuple[Method, ...]) -> None:
        super().__init__("Confirm with your second factor.")
        self.methods = methods


@dataclass(frozen=True, repr=False)
class PasswordProof:
    """The account's password."""

    password: str = field(repr=False)


def is_recent(viewer: Viewer, *, now: datetime) -> bool:
    """Tell whether the viewer proved who they are within the last minutes, on this sign-in."""
    return viewer.auth_time is not None and now - viewer.auth_time <= CONFIRMED_FOR


def require_recent(viewer: Viewer | None, *, now: datetime) -> Viewer:
    """Return the viewer if they proved who they are within the last minutes, on this sign-in.

    Raises:
        SignInRequired, ConfirmationRequired.
    """
    viewer = require_viewer(viewer)
    if not is_recent(viewer, now=now):
        raise ConfirmationRequired
    return viewer


async def confirm(
    desk: Desk, *, viewer: Viewer | None, proof: PasswordProof | GivenProof, challenge: str | None, network: str
) -> None:
    """Prove again who the viewer is, on their sign-in. A passkey's answer needs the challenge that it signed.

    Raises:
        SignInRequired, SignInFailed, SecondFactorRequired, ConfirmationRequired, ChallengeExpired, InvalidInput,
        TooManyAttempts, Unavailable.
    """
    viewer = require_viewer(viewer)
    if viewer.auth_time is None:
        raise ConfirmationRequired
    if isinstance(proof, PasswordProof):
        await _confirm_by_password(desk, viewer, proof.password)
        return
    await count_proof(desk, account_id=viewer.account_id, proof=proof, network=network)
    async with desk.open_work() as work:
        nonce = b""
        if isinstance(proof, PasskeyAnswer):
            nonce = (await answer_challenge(work, token=challenge or "", kind=ChallengeKind.PASSKEY)).nonce
        factor = await check_proof(work, desk=desk, account_id=viewer.account_id, proof=proof, nonce=nonce)
        if not isinstance(proof, PasskeyAnswer):
            await return_attempt(work, limit=CODES_OF_ACCOUNT, subject=str(viewer.account_id))
        proved = frozenset({factor, Factor.MULTIPLE})
        await store.renew_proof(work.connection, viewer.sign_in_id, at=work.now, factors=proved)


async def _confirm_by_password(desk: Desk, viewer: Viewer, password: str) -> None:
    prepared = prepared_password(password)
    async with desk.open_work() as work:
        credentials = await credentials_in(work, account_id=viewer.account_id)
        password_hash = await store.password_of_account(work.connection, viewer.account_id)
    if credentials.has_second_factor:
        raise SecondFactorRequired(credentials.methods)
    await attempt(desk, subjects={PASSWORDS_OF_DEVICE: str(viewer.device_id)})
    if not await desk.passwords.matches(password_hash, prepared) or password_hash is None:
        raise SignInFailed
    async with desk.open_work() as work:
        if not await store.hold_password(work.connection, viewer.account_id, password_hash):
            raise SignInFailed
        await return_attempt(work, limit=PASSWORDS_OF_DEVICE, subject=str(viewer.device_id))
        proved = frozenset({Factor.PASSWORD})
        await store.renew_proof(work.connection, viewer.sign_in_id, at=work.now, factors=proved)
