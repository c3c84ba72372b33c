"""Device codes: a television shows eight letters, a person who is signed in elsewhere enters them (RFC 8628).

Refusal
├── NotFound        no device waits under these letters, or they were looked at too often
└── PollRefused     what to tell a device that asks: wait, wait longer, denied, or run out
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from domain.accounts import Limit, take_attempt, take_attempts
from domain.authorization import store
from domain.authorization.client import OAuthClient
from domain.authorization.grant import Approval, DeviceCode, DeviceCodeState, Grant
from domain.authorization.granting import GrantRefused, open_grant
from domain.authorization.held_secrets import fresh_hash, hash_of, new_secret
from domain.authorization.scopes import Scope
from domain.kernel.refusals import NotFound, Refusal
from domain.kernel.work import Work

DEVICE_CODE_LASTS = timedelta(minutes=10)
INTERVAL_S = 5
# RFC 8628, section 3.5: a device that asks too early waits five seconds more from then on.
SLOWER_BY_S = 5
INTERVAL_MAX_S = 60
# Requests that left on time may arrive a little closer together.
EARLY_S = 1.0
# No vowels, so that no words come about, and nothing that is read for something else: 20^8 codes.
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_CHARS = 8
# A person looks, perhaps reloads, and decides. Codes that strangers look at as well are given up.
LOOKS_MAX = 10
_FRESH_CODES_MAX = 5
# A household behind one address has a few televisions, a shop many; each code is a row that somebody could guess.
STARTS_OF_NETWORK = Limit("device.start", burst=60, per_s=600.0)
# Somebody reads eight letters wrong a few times. At this rate, guessing one of 10,000 codes takes centuries.
TRIES_OF_ACCOUNT = Limit("device.try.account", burst=20, per_s=900.0)
TRIES_OF_NETWORK = Limit("device.try.network", burst=60, per_s=900.0)


class PollAnswer(StrEnum):
    """What a device that asks is told instead of tokens, in the words of RFC 8628, section 3.5."""

    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    ACCESS_DENIED = "access_denied"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of an error


class PollRefused(Refusal):
    """The device gets no tokens, at least not yet."""

    def __init__(self, answer: PollAnswer) -> None:
        super().__init__(f"There are no tokens: {answer.value}.")
        self.answer = answer


@dataclass(frozen=True, repr=False)
class DeviceCodes:
    """What a device gets: a secret of its own, and letters to show. Times in seconds."""

    device_code: str
    user_code: str
    expires_in_s: int
    interval_s: int


async def start_device(work: Work, *, client: OAuthClient, scopes: frozenset[Scope], network: str) -> DeviceCodes:
    """Let a device show a code. `network` is what counts as the place where it stands."""
    device_code = new_secret()
    code = DeviceCode(
        code_hash=fresh_hash(device_code),
        user_code=_new_user_code(),
        client_id=client.id,
        scopes=scopes,
        network=network,
        state=DeviceCodeState.PENDING,
        interval_s=INTERVAL_S,
        looks=0,
        created_at=work.now,
        expires_at=work.now + DEVICE_CODE_LASTS,
    )
    for _ in range(_FRESH_CODES_MAX):
        if await store.insert_device_code(work.connection, code):
            break
        code = replace(code, user_code=_new_user_code())
    else:
        raise AssertionError("one of several random codes is free")
    return DeviceCodes(device_code, shown(code.user_code), int(DEVICE_CODE_LASTS.total_seconds()), INTERVAL_S)


async def count_start(work: Work, *, network: str) -> None:
    """Count that a device wants a code. Do it in a work of its own.

    Raises:
        TooManyAttempts.
    """
    await take_attempt(work, limit=STARTS_OF_NETWORK, subject=network)


async def count_try(work: Work, *, account_id: UUID, network: str) -> None:
    """Count that somebody entered letters, right or wrong. Do it in a work of its own, before looking at them.

    Raises:
        TooManyAttempts.
    """
    await take_attempts(work, subjects={TRIES_OF_ACCOUNT: str(account_id), TRIES_OF_NETWORK: network})


async def poll_device(work: Work, *, client: OAuthClient, device_code: str) -> Grant:
    """Return the grant of a device whose code was approved, once. Commit even when it refuses.

    Raises:
        GrantRefused: no such code of this client, or its tokens were fetched before.
        PollRefused.
    """
    code_hash = hash_of(device_code)
    code = None if code_hash is None else await store.lock_device_code(work.connection, code_hash)
    if code is None or code.client_id != client.id or code.state is DeviceCodeState.USED:
        raise GrantRefused
    if code.expires_at <= work.now:
        raise PollRefused(PollAnswer.EXPIRED_TOKEN)
    if code.state is DeviceCodeState.DENIED:
        raise PollRefused(PollAnswer.ACCESS_DENIED)
    if code.approval is None:
        raise PollRefused(await _wait(work, code))
    await store.mark_device_code_used(work.connection, code.code_hash)
    return await open_grant(work, client=client, approval=code.approval, scopes=code.scopes)


async def look_at_device(work: Work, *, user_code: str) -> DeviceCode:
    """Return what waits under the letters that somebody read off a screen, and count the look.

    Raises:
        NotFound.
    """
    letters = parse_user_code(user_code)
    found = (
        None
        if letters is None
        else await store.look_at_device_code(work.connection, letters, at=work.now, looks_max=LOOKS_MAX)
    )
    if found is None:
        raise NotFound("code", user_code[:20])
    return found


async def approve_device(work: Work, *, user_code: str, approval: Approval) -> None:
    """Let the device in that shows these letters.

    Raises:
        NotFound: it does not wait any more.
    """
    letters = parse_user_code(user_code)
    if letters is None or not await store.approve_device_code(work.connection, letters, approval=approval, at=work.now):
        raise NotFound("code", user_code[:20])


async def deny_device(work: Work, *, user_code: str) -> None:
    """Refuse the device that shows these letters.

    Raises:
        NotFound: it does not wait any more.
    """
    letters = parse_user_code(user_code)
    if letters is None or not await store.deny_device_code(work.connection, letters, at=work.now):
        raise NotFound("code", user_code[:20])


def parse_user_code(text: str) -> str | None:
    """Read letters as people type them: in any case, with dashes and blanks; None when they cannot be a code."""
    letters = "".join(char for char in text.upper() if char not in "- ") if len(text) <= 4 * USER_CODE_CHARS else ""
    is_code = len(letters) == USER_CODE_CHARS and set(letters) <= set(USER_CODE_LETTERS)
    return letters if is_code else None


def shown(letters: str) -> str:
    """Write letters as a screen shows them."""
    half = USER_CODE_CHARS // 2
    return f"{letters[:half]}-{letters[half:]}"


async def _wait(work: Work, code: DeviceCode) -> PollAnswer:
    waited_s = None if code.polled_at is None else (work.now - code.polled_at).total_seconds()
    is_early = waited_s is not None and waited_s < code.interval_s - EARLY_S
    interval_s = min(code.interval_s + SLOWER_BY_S, INTERVAL_MAX_S) if is_early else code.interval_s
    await store.note_poll(work.connection, code.code_hash, interval_s=interval_s, at=work.now)
    return PollAnswer.SLOW_DOWN if is_early else PollAnswer.AUTHORIZATION_PENDING


def _new_user_code() -> str:
    return "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(USER_CODE_CHARS))
