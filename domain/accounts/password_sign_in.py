"""Signing in with an address and a password.

Whatever is wrong, the answer is the same and takes as long: a hash is checked even when there is no account.
"""

from uuid import UUID

from domain.accounts import store
from domain.accounts.attempts import MINUTE_S, Limit, return_attempts
from domain.accounts.desk import Desk, Place, SignInFailed, attempt
from domain.accounts.emails import prepared_email
from domain.accounts.factors import Factor
from domain.accounts.password_rules import prepared_password
from domain.accounts.second_factor import Outcome, go_on

NOBODY = UUID(int=0)
# Ten guesses at once, and one more every ninety seconds: nobody guesses a password so, and whoever mistyped theirs
# goes on soon.
PASSWORDS_OF_ACCOUNT = Limit("password.email", burst=10, per_s=15 * MINUTE_S)
# A device that was signed in before has its own, so that strangers who guess do not lock its owner out.
PASSWORDS_OF_DEVICE = Limit("password.device", burst=10, per_s=15 * MINUTE_S)
# A household, a school or a carrier may be behind one address; those who know their password get theirs back.
PASSWORDS_OF_NETWORK = Limit("password.network", burst=200, per_s=20 * MINUTE_S)


async def sign_in_with_password(desk: Desk, *, email: str, password: str, place: Place) -> Outcome:
    """Sign in, or be asked for the second factor.

    Raises:
        SignInFailed, InvalidInput, TooManyAttempts, Unavailable.
    """
    prepared, email = prepared_password(password), prepared_email(email)
    async with desk.passwords.turn():
        return await _sign_in(desk, email, prepared, place)


async def _sign_in(desk: Desk, email: str, prepared: str, place: Place) -> Outcome:
    async with desk.open_work() as work:
        known = await store.password_of_email(work.connection, email)
        # Looked for in both cases, so that both take as long.
        account_id = NOBODY if known is None else known.account_id
        own = await store.own_device(work.connection, account_id, place.devices)
    limit, subject = _bucket(email, own)
    await attempt(desk, subjects={limit: subject, PASSWORDS_OF_NETWORK: place.network})
    password_hash = None if known is None else known.password_hash
    if not await desk.passwords.matches(password_hash, prepared) or known is None or password_hash is None:
        raise SignInFailed
    renewed = await desk.passwords.hash(prepared) if desk.passwords.is_outdated(password_hash) else None
    async with desk.open_work() as work:
        factors = frozenset({Factor.PASSWORD})
        outcome = await go_on(work, account_id=known.account_id, place=place, factors=factors)
        # The password may have been changed while it was checked; whoever changed it ended all sign-ins by the old one.
        # Looked at last, because everybody locks the account first.
        if not await store.hold_password(work.connection, known.account_id, password_hash):
            raise SignInFailed
        if renewed is not None:
            await store.renew_hash(work.connection, known.account_id, renewed)
        await return_attempts(work, subjects={limit: subject, PASSWORDS_OF_NETWORK: place.network})
        return outcome


def _bucket(email: str, own: UUID | None) -> tuple[Limit, str]:
    return (PASSWORDS_OF_ACCOUNT, email.lower()) if own is None else (PASSWORDS_OF_DEVICE, str(own))
