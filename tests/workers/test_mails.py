"""Mail over a real SMTP server: what arrives, what is tried again, and what is not."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from domain.accounts import Mail, MailDelayed, MailServer, MailTemplate, MailUndeliverable, queue_mail
from domain.accounts.mail_texts import TEXTS
from tests.people_scene import PeopleScene

AT = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@dataclass
class Mailserver:
    """A server that keeps what it takes, and refuses what a test says."""

    port: int
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        assert isinstance(envelope.content, bytes)
        message: Any = message_from_bytes(envelope.content, policy=SMTPUTF8)
        self.taken.append((list(envelope.rcpt_tos), message))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mailserver(host: str = "127.0.0.1", **options: Any) -> Iterator[Mailserver]:
    handler = Mailserver(free_port())
    controller = Controller(handler, hostname=host, port=handler.port, **options)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def sender(port: int, query: str = "") -> MailServer:
    return MailServer(f"smtp://127.0.0.1:{port}{query}", "marquee@example.com")


async def send(port: int, to: str, body: str = "Hello.\n") -> None:
    await sender(port).send(Mail(to, "Grüße", body), message_id="7.link", at=AT)


async def test_a_mail_arrives_as_it_was_written() -> None:
    with mailserver() as server:
        await send(server.port, "ada+films@example.com", "Öffne den Link:\nhttps://example.com/verify?token=x\n.\n")
    ((recipients, message),) = server.taken
    assert recipients == ["ada+films@example.com"]
    assert (message["From"], message["To"], message["Subject"]) == (
        "marquee@example.com", "ada+films@example.com", "Grüße",
    )  # fmt: skip
    assert message["Message-ID"] == "<7.link@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == "Öffne den Link:\nhttps://example.com/verify?token=x\n.\n"


@pytest.mark.parametrize("to", ['"a b"@example.com', "o'brien@example.com", "ada@xn--bcher-kva.example"])
async def test_odd_addresses_get_their_mail(to: str) -> None:
    with mailserver() as server:
        await send(server.port, to)
    assert [recipients for recipients, _ in server.taken] == [[to]]


async def test_a_unicode_address_gets_its_mail_from_a_server_that_can() -> None:
    with mailserver(enable_SMTPUTF8=True) as server:
        await send(server.port, "ädä@example.com")
    assert [recipients for recipients, _ in server.taken] == [["ädä@example.com"]]


async def test_what_is_refused_for_good_is_told_from_what_is_not() -> None:
    with mailserver() as server:
        server.answers = {"gone@example.com": "550 No such user", "busy@example.com": "450 Try later"}
        with pytest.raises(MailUndeliverable):
            await send(server.port, "gone@example.com")
        with pytest.raises(MailDelayed):
            await send(server.port, "busy@example.com")
    with pytest.raises(MailDelayed):
        await send(server.port, "ada@example.com")


async def test_a_server_elsewhere_without_tls_gets_no_mail() -> None:
    """Whoever sits between could take the offer of STARTTLS out, and read the links."""
    with mailserver("127.0.0.2") as server:
        # 127.0.0.2 is this machine too, by a name that we do not take for it.
        elsewhere = MailServer(f"smtp://127.0.0.2:{server.port}", "marquee@example.com")
        mail = Mail("ada@example.com", "x", "x")
        with pytest.raises(MailDelayed):
            await elsewhere.send(mail, message_id="1", at=AT)
        assert server.taken == []
        relay = MailServer(f"smtp://127.0.0.2:{server.port}?tls=none", "marquee@example.com")
        await relay.send(mail, message_id="1", at=AT)
    assert len(server.taken) == 1


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of this machine that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.2"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public, private


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_mail_goes_over_tls_to_a_server_that_proves_its_name(
    scheme: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    options = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    mail = Mail("ada@example.com", "x", "x")
    with mailserver("127.0.0.2", **options) as server:
        url = f"{scheme}://127.0.0.2:{server.port}"
        with pytest.raises(MailDelayed):
            await MailServer(url, "marquee@example.com").send(mail, message_id="1", at=AT)
        assert server.taken == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        await MailServer(url, "marquee@example.com").send(mail, message_id="1", at=AT)
    assert [recipients for recipients, _ in server.taken] == [["ada@example.com"]]


async def test_queued_mail_is_sent_once_it_can_be(people: PeopleScene) -> None:
    with mailserver() as server:
        settings = people.graph.runtime.settings
        object.__setattr__(settings, "mail_url", f"smtp://127.0.0.1:{server.port}")
        async with people.graph.runtime.work() as work:
            await queue_mail(work, template=MailTemplate.EMAIL_CHANGED, to="ada@example.com")
            await queue_mail(work, template=MailTemplate.EMAIL_CHANGED, to="gone@example.com")
            server.answers = {"gone@example.com": "550 No such user"}
        await people.settled()
    assert [recipients for recipients, _ in server.taken] == [["ada@example.com"]]
    assert await people.count("mailbox") == 0
    endings = await people.rows(
        "SELECT DISTINCT status::text FROM pgqueuer_log WHERE status IN ('successful', 'deleted')"
    )
    assert ("successful",) in endings
    assert await people.rows("SELECT 1 FROM pgqueuer WHERE status = 'failed'") == []


async def test_an_address_that_was_never_proved_gets_no_notices(people: PeopleScene) -> None:
    person = await people.graph.person()
    async with people.graph.runtime.work() as work:
        await queue_mail(work, template=MailTemplate.PASSWORD_CHANGED, account_id=person.viewer.account_id)
    await people.settled()
    assert await people.count("mailbox") == 0


@pytest.mark.parametrize("template", MailTemplate)
def test_every_mail_can_be_written(template: MailTemplate) -> None:
    subject, body = TEXTS[template]
    places = dict.fromkeys(("service", "link", "lasts", "device", "what", "left", "url"), "{x}")
    assert subject.isprintable()
    assert "{x}" in body.format_map(places)
