"""Attempting deliveries: claimed under a lease, sent with nothing locked, recorded under the claim's number.

A process that dies in between leaves a claim that runs out; the receiver may then get the same event, with the same
id, once more. Nothing that is about one object overtakes anything before it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

import structlog

from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.kernel.crypto import Keyring
from domain.kernel.work import Work
from domain.webhooks.delivery import FAILED_FOR_LONG, Claimed, DeliveryAttempt, DeliveryState, retry_in
from domain.webhooks.endpoint import DisabledReason, Endpoint
from domain.webhooks.endpoints import secret_context
from domain.webhooks.sender import TIMEOUT_S, Outcome, Sender
from domain.webhooks.signing import signed_headers
from domain.webhooks.store import deliveries as store
from domain.webhooks.store import endpoints as endpoints_store

# Twice what an attempt may take, so that only the dead lose a claim.
LEASE = timedelta(seconds=2 * TIMEOUT_S)

log = structlog.get_logger(__name__)

OpenWork = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Desk:
    """What deliveries are made with."""

    open_work: OpenWork
    sender: Sender
    keyring: Keyring


async def claim_due(work: Work, *, busy: Sequence[UUID], limit: int) -> list[Claimed]:
    """Claim deliveries that are due, of endpoints that are not `busy`, for this process alone."""
    return await store.claim(work.connection, busy=busy, limit=limit, lease=LEASE, now=work.now)


async def attempt(desk: Desk, claimed: Claimed) -> Outcome | None:
    """Send a claimed delivery and record what became of it; None when its endpoint is gone.

    Raises:
        Unavailable: it could not be recorded. The claim runs out, and it is sent again.
    """
    async with desk.open_work() as work:
        headers = await _headers(work, desk.keyring, claimed)
    if headers is None:
        return None
    outcome = await desk.sender.send(claimed.url, headers=headers, body=claimed.body)
    async with desk.open_work() as work:
        await record(work, claimed=claimed, outcome=outcome)
    return outcome


async def record(work: Work, *, claimed: Claimed, outcome: Outcome) -> None:
    """Write what became of an attempt. Locks the endpoint; a claim that is another's by now writes nothing."""
    endpoint = await endpoints_store.hold_endpoint(work.connection, claimed.endpoint_id)
    if endpoint is None:
        return
    pause = None if outcome.is_delivered else retry_in(claimed.tried, asked_for_s=outcome.retry_after_s)
    state = DeliveryState.DELIVERED if outcome.is_delivered else DeliveryState.FAILED
    next_attempt_at = None if pause is None else work.now + pause
    if next_attempt_at is not None:
        state = DeliveryState.PENDING
    settled = await store.settle(
        work.connection, claimed, state=state, next_attempt_at=next_attempt_at, status=outcome.status, now=work.now
    )
    if not settled:
        return
    logged = DeliveryAttempt(claimed.attempts, work.now, outcome.status, outcome.error, outcome.took_ms)
    await store.log_attempt(work.connection, claimed.id, logged)
    await store.move_line(
        work.connection, claimed, to=next_attempt_at or work.now, is_delivered=next_attempt_at is None
    )
    await _note_health(work, endpoint, outcome)


async def _note_health(work: Work, endpoint: Endpoint, outcome: Outcome) -> None:
    """Note since when nothing is taken at an endpoint, and disable it when that is too long, or it says so."""
    if outcome.is_delivered:
        if endpoint.failing_since is not None:
            await endpoints_store.update_endpoint(work.connection, replace(endpoint, failing_since=None))
        return
    failing_since = endpoint.failing_since or work.now
    reason = None
    if outcome.status == HTTPStatus.GONE:
        reason = DisabledReason.GONE
    elif work.now - failing_since >= FAILED_FOR_LONG:
        reason = DisabledReason.FAILED_FOR_LONG
    if reason is None:
        await endpoints_store.update_endpoint(work.connection, replace(endpoint, failing_since=failing_since))
    elif endpoint.is_enabled:
        disabled = replace(endpoint, failing_since=failing_since, disabled_reason=reason, version=endpoint.version + 1)
        await _disable(work, disabled)


async def _disable(work: Work, endpoint: Endpoint) -> None:
    await endpoints_store.update_endpoint(work.connection, endpoint)
    await store.hold_back(work.connection, endpoint.id, now=work.now)
    await queue_mail(work, template=MailTemplate.WEBHOOK_DISABLED, account_id=endpoint.created_by, url=endpoint.url)
    log.warning("webhooks.disabled", endpoint_id=str(endpoint.id), reason=endpoint.disabled_reason)


async def _headers(work: Work, keyring: Keyring, claimed: Claimed) -> Mapping[str, str] | None:
    held = await endpoints_store.secrets_of(work.connection, claimed.endpoint_id)
    if held is None:
        return None
    sealed = [held.secret]
    if held.previous is not None and held.rotates_until is not None and held.rotates_until > work.now:
        sealed.append(held.previous)
    context = secret_context(claimed.endpoint_id)
    secrets = [keyring.unseal(one, context=context) for one in sealed]
    return signed_headers(event_id=claimed.event_id, at=work.now, body=claimed.body, secrets=secrets)
