"""Challenges: who answers one within a few minutes goes on where they were. Each is answered once.

Refusal
└── ChallengeExpired   the challenge was answered, replaced or made up, or its time is over
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.accounts import store
from domain.accounts.factors import Factor
from domain.accounts.pending import Challenge, ChallengeKind
from domain.accounts.people import DeviceClass
from domain.kernel.refusals import Refusal
from domain.kernel.work import Work

LASTS = timedelta(minutes=5)
TOKEN_BYTES = 32
TOKEN_CHARS = 43
# The specification asks for at least 16 (section 13.4.3).
NONCE_BYTES = 32


class ChallengeExpired(Refusal):
    """The challenge was answered, replaced or made up, or its time is over."""

    def __init__(self) -> None:
        super().__init__("This took too long, or was answered already. Begin again.")


@dataclass(frozen=True, repr=False)
class Asked:
    """A challenge and the token that its holder comes back with."""

    token: str
    challenge: Challenge


async def ask(
    work: Work,
    *,
    kind: ChallengeKind,
    account_id: UUID | None = None,
    sign_in_id: UUID | None = None,
    factors: frozenset[Factor] = frozenset(),
    device_name: str | None = None,
    device_class: DeviceClass | None = None,
) -> Asked:
    """Make a challenge. Its token is shown this once; only a hash is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    nonce = secrets.token_bytes(NONCE_BYTES)
    challenge = Challenge(work.new_id(), kind, account_id, sign_in_id, factors, nonce, device_name, device_class)
    await store.insert_challenge(
        work.connection, challenge, token_hash=_hash(token), at=work.now, expires_at=work.now + LASTS
    )
    return Asked(token, challenge)


async def find_challenge(work: Work, *, token: str, kind: ChallengeKind) -> Challenge:
    """Return the challenge of a token without answering it.

    Raises:
        ChallengeExpired.
    """
    found = None
    if len(token) == TOKEN_CHARS:
        found = await store.challenge_by_hash(work.connection, _hash(token), kind=kind, now=work.now)
    if found is None:
        raise ChallengeExpired
    return found


async def answer_challenge(work: Work, *, token: str, kind: ChallengeKind) -> Challenge:
    """Use a challenge up. Refusing afterwards, in the same work, leaves it as it was.

    Locks it. Raises:
        ChallengeExpired.
    """
    found = None
    if len(token) == TOKEN_CHARS:
        found = await store.use_challenge(work.connection, _hash(token), kind=kind, at=work.now)
    if found is None:
        raise ChallengeExpired
    return found


async def prune_challenges(work: Work, *, limit: int) -> int:
    """Delete up to `limit` challenges whose time is over; return how many."""
    return await store.prune_challenges(work.connection, before=work.now, limit=limit)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
