"""Sending to real servers that may be anything."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

from domain.webhooks.sender import Resolve, Sender
from domain.webhooks.signing import new_secret, signed_headers, written
from tests.receivers import receiving

# A head that does not end for long.
ENDLESS = b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000
BODY = b'{"type":"poll.opened"}'


def resolving(*addresses: str) -> Resolve:
    """A resolver that knows one answer."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


def test_signatures_are_what_the_public_library_expects() -> None:
    old, new, at = new_secret(), new_secret(), datetime.now(UTC)
    headers = dict(signed_headers(event_id="msg_1", at=at, body=BODY, secrets=[new, old]))
    for secret in (old, new):
        assert Webhook(written(secret)).verify(BODY, headers) == {"type": "poll.opened"}
    for wrong in (written(new_secret()), written(old[:-1])):
        with pytest.raises(WebhookVerificationError):
            Webhook(wrong).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(written(new)).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(written(new)).verify(BODY, {**headers, "webhook-id": "msg_2"})


async def test_a_delivery_is_posted_as_it_is() -> None:
    async with receiving() as receiver, Sender(allows_loopback=True) as sender:
        outcome = await sender.send(receiver.url, headers={"webhook-id": "msg_1"}, body=BODY)
    assert (outcome.status, outcome.error, outcome.is_delivered) == (200, None, True)
    (one,) = receiver.received
    assert (one.path, one.body) == ("/hooks?from=marquee", BODY)
    assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert one.headers["content-type"] == "application/json"
    assert one.headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
async def test_everything_but_success_is_none_and_redirects_are_not_followed(status: int) -> None:
    async with (
        receiving() as elsewhere,
        receiving(status=status, headers={"location": elsewhere.url}) as receiver,
        Sender(allows_loopback=True) as sender,
    ):
        outcome = await sender.send(receiver.url, headers={}, body=BODY)
    assert (outcome.status, outcome.is_delivered) == (status, False)
    assert elsewhere.received == []


async def test_addresses_that_are_not_public_are_never_connected_to() -> None:
    async with receiving() as receiver:
        for addresses in (("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("::ffff:127.0.0.1",), ("169.254.169.254",), ()):
            async with Sender(resolve=resolving(*addresses)) as sender:
                outcome = await sender.send(f"http://hooks.example.com:{receiver.port}/", headers={}, body=BODY)
            assert (outcome.status, outcome.error) == (None, "ValueError: the host has no public address")
        async with Sender() as sender:
            assert (await sender.send(receiver.url, headers={}, body=BODY)).status is None
    assert receiver.received == []


async def test_a_name_that_points_elsewhere_a_moment_later_gains_nothing() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    async with receiving() as receiver, Sender(allows_loopback=True, resolve=rebinding) as sender:
        outcome = await sender.send(f"http://hooks.example.com:{receiver.port}/x", headers={}, body=BODY)
    assert (outcome.status, len(answers), len(receiver.received)) == (200, 1, 1)
    assert receiver.received[0].headers["host"] == f"hooks.example.com:{receiver.port}"


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with Sender(allows_loopback=True) as sender:
            assert (await sender.send(receiver.url, headers={}, body=BODY)).status == 200
    assert (len(proxy.received), len(receiver.received)) == (0, 1)


async def test_who_hangs_or_is_away_costs_a_bounded_time() -> None:
    async with Sender(allows_loopback=True, timeout_s=0.2) as sender:
        async with receiving(status=None) as receiver:
            hung = await sender.send(receiver.url, headers={}, body=BODY)
        away = await sender.send(receiver.url, headers={}, body=BODY)

        async def stuck(_host: str, _port: int) -> Sequence[str]:
            await asyncio.sleep(60)
            return []

        async with Sender(resolve=stuck, timeout_s=0.1) as other:
            unresolved = await other.send("https://hooks.example.com/", headers={}, body=BODY)
    assert (hung.status, hung.error, hung.took_ms < 2_000) == (None, "there was no answer in time", True)
    assert (away.status, (away.error or "").partition(":")[0]) == (None, "ConnectError")
    assert unresolved.error == "there was no answer in time"


async def test_nothing_of_a_huge_or_broken_answer_is_read() -> None:
    huge = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n" + b"x" * 100_000
    async with Sender(allows_loopback=True, timeout_s=2) as sender:
        async with receiving(raw=huge) as receiver:
            assert (await sender.send(receiver.url, headers={}, body=BODY)).status == 200
        for raw in (
            b"garbage\r\n\r\n",
            b"",
            b"HTTP/1.1 999999 X\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000,
        ):
            async with receiving(raw=raw) as receiver:
                outcome = await sender.send(receiver.url, headers={}, body=BODY)
            assert (outcome.status, outcome.error is None) == (None, False)


async def test_who_asks_to_wait_is_waited_for() -> None:
    at = (datetime.now(UTC) + timedelta(seconds=100)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    for value, least, most in (("120", 120, 120), (at, 90, 101)):
        asked = {"retry-after": value}
        async with receiving(status=503, headers=asked) as receiver, Sender(allows_loopback=True) as sender:
            outcome = await sender.send(receiver.url, headers={}, body=BODY)
        assert outcome.retry_after_s is not None
        assert least <= outcome.retry_after_s <= most
    asked = {"retry-after": "soon"}
    async with receiving(status=503, headers=asked) as receiver, Sender(allows_loopback=True) as sender:
        assert (await sender.send(receiver.url, headers={}, body=BODY)).retry_after_s is None


def certified(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for a host, and a client's that trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kinds = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *kinds))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


async def test_the_certificate_has_to_be_that_of_the_name(tmp_path: Path) -> None:
    server, trusted = certified(tmp_path, "hooks.example.com")
    here = resolving("127.0.0.1")
    async with receiving(tls=server) as receiver:
        async with Sender(allows_loopback=True, resolve=here, trusted=trusted) as sender:
            right = await sender.send(f"https://hooks.example.com:{receiver.port}/", headers={}, body=BODY)
            wrong = await sender.send(f"https://other.example.com:{receiver.port}/", headers={}, body=BODY)
        async with Sender(allows_loopback=True, resolve=here) as sender:
            untrusted = await sender.send(f"https://hooks.example.com:{receiver.port}/", headers={}, body=BODY)
    assert right.status == 200
    assert "CERTIFICATE_VERIFY_FAILED" in (wrong.error or "")
    assert "CERTIFICATE_VERIFY_FAILED" in (untrusted.error or "")
    assert len(receiver.received) == 1
