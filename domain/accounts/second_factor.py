"""The second factor: whoever has one is asked for it, whatever the first one was.

Staff cannot do without: until they have enrolled one, a viewer of theirs has no roles beyond watching.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.accounts import store
from domain.accounts.attempts import return_attempts
from domain.accounts.challenges import answer_challenge, ask, find_challenge
from domain.accounts.credentials import Credentials, Method
from domain.accounts.desk import Desk, Place, SignInFailed, attempt
from domain.accounts.factors import Factor
from domain.accounts.pending import ChallengeKind
from domain.accounts.proofs import (
    CODES_OF_ACCOUNT,
    PROOFS_OF_NETWORK,
    GivenProof,
    PasskeyAnswer,
    check_passkey,
    check_proof,
    count_proof,
)
from domain.accounts.sign_in import SignedIn, sign_in_at
from domain.accounts.webauthn_checks import Json, RelyingParty, request_options
from domain.kernel.work import Reads, Work


@dataclass(frozen=True, repr=False)
class SecondFactorNeeded:
    """The first factor is proved; `challenge` is to be answered by one of `methods`."""

    challenge: str
    methods: tuple[Method, ...]


# What proving one factor leads to.
Outcome = SignedIn | SecondFactorNeeded


@dataclass(frozen=True, repr=False)
class PasskeyAsked:
    """What to ask the browser's authenticator for, and the challenge to come back with."""

    challenge: str
    options: Json


async def go_on(work: Work, *, account_id: UUID, place: Place, factors: frozenset[Factor]) -> Outcome:
    """Sign an account in that has proved one factor, or ask it for the second one that it has.

    Whoever enrols a second factor at the same time holds the account: either this sign-in is ended by that, or it is
    asked for the factor. Raises:
        SignInFailed: no such account, or a suspended one.
        InvalidInput.
    """
    if not await store.is_open(work.connection, account_id):
        raise SignInFailed
    credentials = await credentials_in(work, account_id=account_id)
    if not credentials.has_second_factor:
        return await sign_in_at(work, account_id=account_id, place=place, factors=factors)
    asked = await ask(
        work,
        kind=ChallengeKind.SECOND_FACTOR,
        account_id=account_id,
        factors=factors,
        device_name=place.device_name,
        device_class=place.device_class,
    )
    return SecondFactorNeeded(asked.token, credentials.methods)


async def pass_second_factor(desk: Desk, *, challenge: str, proof: GivenProof, place: Place) -> SignedIn:
    """Sign in with a second factor, on the device that the first one was given on.

    Raises:
        ChallengeExpired, SignInFailed, TooManyAttempts, Unavailable.
    """
    async with desk.open_work() as work:
        asked = await find_challenge(work, token=challenge, kind=ChallengeKind.SECOND_FACTOR)
    account_id = asked.account_id
    assert account_id is not None, "a second factor is somebody's"
    await count_proof(desk, account_id=account_id, proof=proof, network=place.network)
    async with desk.open_work() as work:
        if not await store.is_open(work.connection, account_id):
            raise SignInFailed
        asked = await answer_challenge(work, token=challenge, kind=ChallengeKind.SECOND_FACTOR)
        factor = await check_proof(work, desk=desk, account_id=account_id, proof=proof, nonce=asked.nonce)
        there = Place(
            asked.device_name or place.device_name,
            asked.device_class or place.device_class,
            place.network,
            place.devices,
        )
        factors = asked.factors | {factor, Factor.MULTIPLE}
        signed_in = await sign_in_at(work, account_id=account_id, place=there, factors=factors)
        guessed = {} if isinstance(proof, PasskeyAnswer) else {CODES_OF_ACCOUNT: str(account_id)}
        await return_attempts(work, subjects={**guessed, PROOFS_OF_NETWORK: place.network})
        return signed_in


async def ask_for_passkey(desk: Desk, *, challenge: str | None, network: str) -> PasskeyAsked:
    """Ask for a passkey: as the second factor of a challenge, or, without one, of whoever has one.

    Raises:
        ChallengeExpired, TooManyAttempts, Unavailable.
    """
    party = RelyingParty.of(desk.public_url)
    await attempt(desk, subjects={PROOFS_OF_NETWORK: network})
    async with desk.open_work() as work:
        if challenge is None:
            asked = await ask(work, kind=ChallengeKind.PASSKEY)
            return PasskeyAsked(asked.token, request_options(party, challenge=asked.challenge.nonce, known=()))
        found = await find_challenge(work, token=challenge, kind=ChallengeKind.SECOND_FACTOR)
        assert found.account_id is not None, "a second factor is somebody's"
        (passkeys,) = await store.passkeys_of(work.connection, [found.account_id])
        known = [passkey.credential_id for passkey in passkeys]
        return PasskeyAsked(challenge, request_options(party, challenge=found.nonce, known=known))


async def sign_in_with_passkey(desk: Desk, *, challenge: str, answer: PasskeyAnswer, place: Place) -> SignedIn:
    """Sign in with a passkey alone: it is something one has, and it asked for something one knows or is.

    Raises:
        ChallengeExpired, SignInFailed, TooManyAttempts, Unavailable.
    """
    await attempt(desk, subjects={PROOFS_OF_NETWORK: place.network})
    async with desk.open_work() as work:
        asked = await answer_challenge(work, token=challenge, kind=ChallengeKind.PASSKEY)
        passkey = await check_passkey(work, desk=desk, answer=answer, nonce=asked.nonce)
        factors = frozenset({Factor.PASSKEY, Factor.MULTIPLE})
        if not await store.is_open(work.connection, passkey.account_id):
            # Suspended: the same answer as for a passkey that nobody has.
            raise SignInFailed
        signed_in = await sign_in_at(work, account_id=passkey.account_id, place=place, factors=factors)
        await return_attempts(work, subjects={PROOFS_OF_NETWORK: place.network})
        return signed_in


async def credentials_in(work: Work, *, account_id: UUID) -> Credentials:
    """Return what an account can prove itself with, inside a work."""
    found = await store.overviews(work.connection, [account_id])
    return Credentials(account_id, *found.get(account_id, (False, None, 0, False)))


async def credentials_of(reads: Reads, account_ids: Sequence[UUID]) -> list[Credentials]:
    """Return what accounts can prove themselves with, aligned."""
    async with reads.connection() as connection:
        found = await store.overviews(connection, account_ids)
    return [Credentials(id, *found.get(id, (False, None, 0, False))) for id in account_ids]
