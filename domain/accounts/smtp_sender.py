"""Sending mail by SMTP (RFC 5321), the only module that knows the client library.

Exception
├── MailUndeliverable   the server refuses this mail for good
└── MailDelayed         it could not be handed over now
"""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from domain.accounts.mails import Mail

TIMEOUT_S = 20.0
PORT_SUBMISSION, PORT_IMPLICIT_TLS = 587, 465
# Permanent answers begin with 5 (RFC 5321, section 4.2.1).
PERMANENT_FROM = 500
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailUndeliverable(Exception):
    """The server refuses this mail, and will refuse it again."""


class MailDelayed(Exception):
    """The mail could not be handed over; later it may."""


@dataclass(frozen=True, repr=False)
class MailServer:
    """Where mail is handed over, and as whom.

    `smtp://` begins TLS by STARTTLS, and must, but on loopback or with `?tls=none`; `smtps://` begins with it.
    """

    url: str
    sender: str

    async def send(self, mail: Mail, *, message_id: str, at: datetime) -> None:
        """Hand a mail over.

        Raises:
            MailUndeliverable, MailDelayed.
        """
        parts = urlsplit(self.url)
        is_implicit = parts.scheme == "smtps"
        may_be_plain = parts.hostname in _LOOPBACK or parse_qs(parts.query).get("tls") == ["none"]
        try:
            await aiosmtplib.send(
                self._message(mail, message_id=message_id, at=at),
                sender=self.sender,
                recipients=[mail.to],
                hostname=parts.hostname,
                port=parts.port or (PORT_IMPLICIT_TLS if is_implicit else PORT_SUBMISSION),
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=is_implicit,
                start_tls=None if is_implicit or may_be_plain else True,
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as fault:
            raise _named(fault) from fault

    def _message(self, mail: Mail, *, message_id: str, at: datetime) -> EmailMessage:
        message = EmailMessage(policy=SMTP if mail.to.isascii() else SMTPUTF8)
        message["From"] = self.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(at)
        # The same for every try, so that receivers can tell a second copy.
        message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        # Answering machines stay silent (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
        return message


def _named(fault: Exception) -> Exception:
    if isinstance(fault, aiosmtplib.SMTPRecipientsRefused):
        codes = [refused.code for refused in fault.recipients]
        return MailUndeliverable(f"refused with {codes}") if min(codes) >= PERMANENT_FROM else MailDelayed(str(codes))
    if isinstance(fault, aiosmtplib.SMTPAuthenticationError):
        # Ours to put right, and then the mail can go.
        return MailDelayed("the server does not take our credentials")
    if isinstance(fault, aiosmtplib.SMTPResponseException) and fault.code >= PERMANENT_FROM:
        return MailUndeliverable(f"refused with {fault.code}")
    if isinstance(fault, aiosmtplib.SMTPNotSupported):
        return MailDelayed("the server lacks what this mail needs, perhaps STARTTLS")
    return MailDelayed(type(fault).__name__)
