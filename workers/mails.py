"""The jobs that write and send mail."""

from functools import partial

import structlog

from domain.accounts import (
    OFFER_RESET,
    SEND_MAIL,
    MailDelayed,
    MailServer,
    MailUndeliverable,
    keep_in_mailbox,
    offer_reset_now,
    write_mail,
)
from domain.kernel.job_handlers import Discarded, Done, Handler, Outcome, RunningJob
from domain.runtime import Runtime
from domain.settings import Environment

# With the pauses in between about half an hour; a link does not last much longer.
SEND_ATTEMPTS = 10

log = structlog.get_logger(__name__)


def mail_handlers(runtime: Runtime) -> list[Handler]:
    """Return the handlers of mails."""
    return [
        Handler(SEND_MAIL, partial(_send, runtime=runtime), max_attempts=SEND_ATTEMPTS),
        Handler(OFFER_RESET, _offer_reset),
    ]


async def _send(job: RunningJob, *, runtime: Runtime) -> Outcome:
    settings = runtime.settings
    keeps = not settings.mail_url and settings.environment is Environment.DEVELOPMENT
    async with job.work() as work:
        mail = await write_mail(work, payload=job.payload, keyring=runtime.keyring, public_url=settings.public_url)
        if mail is not None and keeps:
            await keep_in_mailbox(work, mail=mail)
    if mail is None or keeps:
        return Done()
    if not settings.mail_url:
        raise MailDelayed("MAIL_URL is not set")
    try:
        await MailServer(settings.mail_url, settings.mail_from).send(
            mail, message_id=f"{job.claim.job_id}.{job.payload['link_id'] or 'notice'}", at=runtime.clock()
        )
    except MailUndeliverable as refused:
        # Nobody here can mend an address; the log says what the server said, and not to whom.
        log.warning("mail.undeliverable", template=job.payload["template"], reason=str(refused))
        return Discarded(str(refused))
    return Done()


async def _offer_reset(job: RunningJob) -> Outcome:
    async with job.work() as work:
        await offer_reset_now(work, email=str(job.payload["email"]))
    return Done()
