"""Mail to people: queued in the transaction that wants it, written and sent by a worker.

A queued mail names a template, its facts, and a link by id: the secret in the link is made only when the mail is
written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts import store
from domain.accounts.email_links import LASTS, link_token
from domain.accounts.mail_texts import TEXTS, MailTemplate
from domain.accounts.pending import LinkPurpose
from domain.kernel.crypto import Keyring
from domain.kernel.jobs import Job
from domain.kernel.work import Reads, Work

SEND_MAIL = "accounts.send_mail"
# Somebody is waiting for most mails; nobody is for most other jobs.
MAIL_PRIORITY = 10
# Enough to try everything in development.
MAILBOX_SHOWN_MAX = 100

_LINK_OF = {
    MailTemplate.CONFIRM_SIGN_UP: (LinkPurpose.SIGN_UP, "/verify"),
    MailTemplate.RESET_PASSWORD: (LinkPurpose.RESET, "/reset"),
    MailTemplate.CONFIRM_EMAIL: (LinkPurpose.CHANGE_EMAIL, "/verify"),
    MailTemplate.INVITATION: (LinkPurpose.INVITATION, "/invitation"),
}


@dataclass(frozen=True)
class Mail:
    """A mail as it is sent: plain text."""

    to: str
    subject: str
    body: str


@dataclass(frozen=True)
class KeptMail:
    """A mail in the mailbox of developers."""

    at: datetime
    mail: Mail


async def queue_mail(
    work: Work,
    *,
    template: MailTemplate,
    to: str | None = None,
    account_id: UUID | None = None,
    link_id: UUID | None = None,
    **facts: str,
) -> None:
    """Queue a mail to an address, or to the one that an account has when the mail is written.

    An account whose address was never verified gets none: it may be somebody else's. `facts` fill the template's
    places; nothing in them may be a secret.
    """
    assert (to is None) != (account_id is None), "a mail has one receiver"
    payload = {"template": template.value, "to": to, "account_id": account_id, "link_id": link_id, "facts": facts}
    await work.enqueue(Job(SEND_MAIL, payload, priority=MAIL_PRIORITY))


async def write_mail(work: Work, *, payload: Mapping[str, object], keyring: Keyring, public_url: str) -> Mail | None:
    """Write a queued mail; None when there is nobody to get it any more."""
    template = MailTemplate(str(payload["template"]))
    to = await _receiver(work, payload)
    if to is None:
        return None
    if template is MailTemplate.CONFIRM_SIGN_UP and await store.account_id_by_email(work.connection, to) is not None:
        # Looked up here and not at the door, which so takes as long for a known address as for an unknown one.
        template = MailTemplate.ALREADY_SIGNED_UP
    facts = payload["facts"]
    assert isinstance(facts, Mapping)
    subject, body = TEXTS[template]
    places = {**facts, "service": public_url, **_link(template, payload, keyring, public_url)}
    return Mail(to, subject, body.format_map(places))


async def keep_in_mailbox(work: Work, *, mail: Mail) -> None:
    """Keep a mail where developers read it, instead of sending it."""
    await store.insert_in_mailbox(
        work.connection, id=work.new_id(), recipient=mail.to, subject=mail.subject, body=mail.body, at=work.now
    )


async def mails_kept(reads: Reads) -> list[KeptMail]:
    """Return the newest mails in the mailbox, the last one first."""
    async with reads.connection() as connection:
        rows = await store.newest_in_mailbox(connection, limit=MAILBOX_SHOWN_MAX)
    return [KeptMail(at, Mail(to, subject, body)) for at, to, subject, body in rows]


async def _receiver(work: Work, payload: Mapping[str, object]) -> str | None:
    to = payload["to"]
    if to is not None:
        return str(to)
    return await store.verified_email(work.connection, UUID(str(payload["account_id"])))


def _link(
    template: MailTemplate, payload: Mapping[str, object], keyring: Keyring, public_url: str
) -> Mapping[str, str]:
    if template not in _LINK_OF:
        return {}
    purpose, path = _LINK_OF[template]
    token = link_token(keyring, id=UUID(str(payload["link_id"])), purpose=purpose)
    hours = int(LASTS[purpose].total_seconds() // 3600)
    return {"link": f"{public_url}{path}?token={token}", "lasts": f"{hours} hour{'' if hours == 1 else 's'}"}
