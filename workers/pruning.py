"""The jobs that delete what was kept long enough, a table each, a little at a time."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from domain.accounts import (
    forget_devices,
    idle_devices,
    prune_attempts,
    prune_challenges,
    prune_links,
    prune_sign_ins,
)
from domain.authorization import prune_codes, prune_refresh_tokens
from domain.engagement.moderating import prune_messages
from domain.engagement.reactions import prune_reactions
from domain.guide import prune_imports, prune_slots
from domain.kernel.facts import prune_facts
from domain.kernel.idempotency import prune_answers
from domain.kernel.job_claims import prune_job_log
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.kernel.work import Work
from domain.media.uploads import prune_uploads
from domain.playback import devices_with_sessions, prune_sessions
from domain.settings import Retention
from domain.webhooks import prune_deliveries

PRUNE_EVERY_S = 600.0
# One transaction deletes few enough to take a moment, and one run so many of them that it keeps up with 160 rows a
# second, however long it was away.
PRUNED_AT_ONCE = 5_000
BATCHES_MAX = 20

# A link that ran out lately still can be told from one that never was, when somebody asks.
LINKS_KEPT = timedelta(days=7)

Prune = Callable[[Work], Awaitable[int]]


def pruning_handlers(retention: Retention) -> list[Handler]:
    """Return the handlers that delete what is older than an operator wants to keep."""
    answers, facts = timedelta(days=retention.answers_days), timedelta(days=retention.facts_days)
    sign_ins, devices = timedelta(days=retention.sign_ins_days), timedelta(days=retention.devices_days)
    sessions, uploads = timedelta(days=retention.playback_sessions_days), timedelta(days=retention.unused_uploads_days)
    schedules, chat = timedelta(days=retention.schedules_days), timedelta(days=retention.chat_days)
    webhooks = timedelta(days=retention.webhooks_days)
    prunes: dict[str, Prune] = {
        "kernel.prune_job_log": lambda work: prune_job_log(work.connection, limit=PRUNED_AT_ONCE),
        "kernel.prune_answers": lambda work: prune_answers(
            work.connection, before=work.now - answers, limit=PRUNED_AT_ONCE
        ),
        "kernel.prune_facts": lambda work: prune_facts(work.connection, before=work.now - facts, limit=PRUNED_AT_ONCE),
        "accounts.prune_sign_ins": lambda work: prune_sign_ins(work, kept=sign_ins, limit=PRUNED_AT_ONCE),
        "accounts.prune_attempts": lambda work: prune_attempts(work, limit=PRUNED_AT_ONCE),
        "accounts.prune_challenges": lambda work: prune_challenges(work, limit=PRUNED_AT_ONCE),
        "accounts.prune_links": lambda work: prune_links(work, kept=LINKS_KEPT, limit=PRUNED_AT_ONCE),
        "authorization.prune_codes": lambda work: prune_codes(work, limit=PRUNED_AT_ONCE),
        "authorization.prune_refresh_tokens": lambda work: prune_refresh_tokens(work, limit=PRUNED_AT_ONCE),
        "accounts.prune_devices": lambda work: _prune_devices(work, kept=devices),
        "media.prune_uploads": lambda work: prune_uploads(work, kept=uploads, limit=PRUNED_AT_ONCE),
        "guide.prune_slots": lambda work: prune_slots(work, kept=schedules, limit=PRUNED_AT_ONCE),
        "guide.prune_imports": lambda work: prune_imports(work, kept=schedules, limit=PRUNED_AT_ONCE),
        "engagement.prune_messages": lambda work: prune_messages(work, kept=chat, limit=PRUNED_AT_ONCE),
        "engagement.prune_reactions": lambda work: prune_reactions(work, kept=chat, limit=PRUNED_AT_ONCE),
        "webhooks.prune_deliveries": lambda work: prune_deliveries(work, kept=webhooks, limit=PRUNED_AT_ONCE),
        "playback.prune_sessions": lambda work: prune_sessions(work, kept=sessions, limit=PRUNED_AT_ONCE),
    }
    return [Handler(name, partial(_run, prune=prune), every_s=PRUNE_EVERY_S) for name, prune in prunes.items()]


async def _run(job: RunningJob, *, prune: Prune) -> Outcome:
    for _ in range(BATCHES_MAX):
        async with job.work() as work:
            if await prune(work) < PRUNED_AT_ONCE:
                break
    return Done()


async def _prune_devices(work: Work, *, kept: timedelta) -> int:
    idle = await idle_devices(work, kept=kept, limit=PRUNED_AT_ONCE)
    named = await devices_with_sessions(work.reads(), idle)
    return await forget_devices(work, device_ids=[device_id for device_id in idle if device_id not in named])
