import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from domain.drm import AxinomSettings, ContentKey, KeySystem, LicenceRequest, choose_provider
from domain.drm.axinom import AxinomLicences
from domain.drm.output_policies import usage_policy
from domain.kernel.crypto import Keyring
from domain.media.asset import AssetId
from domain.media.ladder import TrackClass

COMMUNICATION_KEY = bytes(range(32))
KEY_ID = "69e54088-e9e0-4530-8c1a-1eb6dcd0d14e"
NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
ASSET = AssetId(uuid4())
SETTINGS = AxinomSettings(
    communication_key_id=KEY_ID,
    communication_key=base64.b64encode(COMMUNICATION_KEY).decode(),
    licence_urls={KeySystem.WIDEVINE: "https://wv.example/AcquireLicense"},
)


def key_of(track_class: TrackClass) -> ContentKey:
    return ContentKey(uuid4(), ASSET, track_class, secrets.token_bytes(16), secrets.token_bytes(16))


def licences(keyring: Keyring) -> AxinomLicences:
    provider = choose_provider(name="axinom", public_url="https://x.example", keyring=keyring, axinom=SETTINGS)
    assert isinstance(provider, AxinomLicences)
    return provider


def request(**changes: object) -> LicenceRequest:
    values: dict[str, object] = {
        "session_id": uuid4(),
        "asset_id": ASSET,
        "key_system": KeySystem.WIDEVINE,
        "track_classes": frozenset(TrackClass),
        "token": "playback-token",
        "now": NOW,
        "expires_at": NOW + timedelta(hours=2),
    }
    return LicenceRequest(**(values | changes))  # type: ignore[arg-type]  # each test changes a field of its own type


def claims_of(token: str) -> dict[str, object]:
    """Check the signature by hand, from the specification of JWS compact serialisation, and read the claims."""
    header, payload, signature = token.split(".")
    expected = hmac.new(COMMUNICATION_KEY, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert isinstance(claims, dict)
    return claims


def test_the_message_is_signed_with_the_decoded_communication_key(keyring: Keyring) -> None:
    claims = claims_of(licences(keyring).entitlement(request(), [key_of(TrackClass.SD)]))
    assert set(claims) == {"version", "com_key_id", "begin_date", "expiration_date", "message"}


def test_a_message_lives_for_minutes_and_its_licence_as_long_as_the_session(keyring: Keyring) -> None:
    claims = claims_of(licences(keyring).entitlement(request(), [key_of(TrackClass.SD)]))
    message = claims.pop("message")
    assert claims == {
        "version": 1,
        "com_key_id": KEY_ID,
        "begin_date": "2030-01-01T11:59:00+00:00",
        "expiration_date": "2030-01-01T12:10:00+00:00",
    }
    assert isinstance(message, dict)
    assert message["license"] == {
        "start_datetime": "2030-01-01T11:59:00+00:00",
        "expiration_datetime": "2030-01-01T14:00:00+00:00",
        "allow_persistence": False,
        "fairplay": {"real_time_expiration": True, "playback_duration": 7200},
        "playready": {"real_time_expiration": True, "playback_duration": 7200},
        "widevine": {
            "playback_duration": 7200,
            "real_time_duration_expiration": True,
            "real_time_playback_expiration": True,
        },
    }


def test_a_message_never_outlives_its_session(keyring: Keyring) -> None:
    ending = request(expires_at=NOW + timedelta(minutes=3))
    claims = claims_of(licences(keyring).entitlement(ending, [key_of(TrackClass.SD)]))
    assert claims["expiration_date"] == "2030-01-01T12:03:00+00:00"


def test_keys_are_inline_and_only_the_service_can_read_them(keyring: Keyring) -> None:
    keys = [key_of(TrackClass.AUDIO), key_of(TrackClass.HD)]
    message = claims_of(licences(keyring).entitlement(request(), keys))["message"]
    assert isinstance(message, dict)
    inline = message["content_keys_source"]["inline"]
    assert [(one["id"], one["usage_policy"]) for one in inline] == [(str(key.kid), key.track_class) for key in keys]
    for one, key in zip(inline, keys, strict=True):
        cipher = Cipher(algorithms.AES(COMMUNICATION_KEY), modes.CBC(UUID(one["id"]).bytes)).decryptor()
        assert cipher.update(base64.b64decode(one["encrypted_key"])) + cipher.finalize() == key.key
    names = [policy["name"] for policy in message["content_key_usage_policies"]]
    assert names == ["AUDIO", "HD"]


@pytest.mark.parametrize(
    ("address", "bound"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.0.0.7", False),
        ("2606:4700::1111", False),
        ("test", False),
        (None, False),
    ],
)
def test_a_message_is_bound_to_an_address_that_the_service_sees_as_well(
    keyring: Keyring, address: str | None, bound: bool
) -> None:
    message = claims_of(licences(keyring).entitlement(request(address=address), [key_of(TrackClass.SD)]))["message"]
    assert isinstance(message, dict)
    assert (message["type"], message["version"], message["session"]) == ("entitlement_message", 2, {})
    allowed = {"allowed_ip_addresses": [address]} if bound else {}
    assert message["license_server"] == {"access_control": {"prevent_drm_message_reuse": False} | allowed}


def test_no_licence_may_be_kept(keyring: Keyring) -> None:
    message = claims_of(licences(keyring).entitlement(request(), [key_of(TrackClass.SD)]))["message"]
    assert isinstance(message, dict)
    assert message["license"]["allow_persistence"] is False


def test_a_service_that_requires_hdcp_says_so_in_every_message(keyring: Keyring) -> None:
    strict = replace(licences(keyring), requires_hdcp=True)
    message = claims_of(strict.entitlement(request(), [key_of(TrackClass.SD)]))["message"]
    assert isinstance(message, dict)
    assert message["content_key_usage_policies"] == [usage_policy(TrackClass.SD, requires_hdcp=True)]


def test_better_pictures_ask_more_of_the_device() -> None:
    assert usage_policy(TrackClass.SD, requires_hdcp=False) == {
        "name": "SD",
        "fairplay": {},
        "playready": {
            "min_device_security_level": 2000,
            "uncompressed_digital_video_opl": 100,
            "play_enablers": ["786627D8-C2A6-44BE-8F88-08AE255B01A7"],
        },
        "widevine": {"device_security_level": "SW_SECURE_CRYPTO"},
    }
    assert usage_policy(TrackClass.UHD, requires_hdcp=False) == {
        "name": "UHD",
        "fairplay": {"hdcp": "TYPE1"},
        "playready": {
            "min_device_security_level": 3000,
            "uncompressed_digital_video_opl": 300,
            "digital_video_output_protections": [
                {"id": "ABB2C6F1-E663-4625-A945-972D17B231E7", "config_data": "AAAAAQ=="}
            ],
        },
        "widevine": {"device_security_level": "HW_SECURE_ALL", "hdcp": "2.2"},
    }


def test_a_service_that_requires_hdcp_asks_for_it_on_every_picture() -> None:
    assert usage_policy(TrackClass.SD, requires_hdcp=True)["fairplay"] == {"hdcp": "TYPE0"}
    assert usage_policy(TrackClass.SD, requires_hdcp=True)["widevine"] == {
        "device_security_level": "SW_SECURE_CRYPTO",
        "hdcp": "1.0",
    }
    assert usage_policy(TrackClass.AUDIO, requires_hdcp=True) == usage_policy(TrackClass.AUDIO, requires_hdcp=False)


@pytest.mark.parametrize(
    ("name", "axinom", "message"),
    [
        ("vudrm", None, "no licence provider 'vudrm'"),
        ("axinom", None, "needs a communication key"),
        ("axinom", AxinomSettings(KEY_ID, "c2hvcnQ=", {KeySystem.WIDEVINE: "https://x"}), "must be 32 bytes"),
        ("axinom", AxinomSettings(KEY_ID, "!secret!", {KeySystem.WIDEVINE: "https://x"}), "not base64"),
        ("axinom", AxinomSettings(KEY_ID, SETTINGS.communication_key, {}), "at least one licence address"),
        (
            "axinom",
            AxinomSettings(KEY_ID, SETTINGS.communication_key, {KeySystem.CLEARKEY: "https://x"}),
            "issues no ClearKey licences",
        ),
    ],
)
def test_a_provider_that_cannot_work_is_refused_at_the_start(
    keyring: Keyring, name: str, axinom: AxinomSettings | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        choose_provider(name=name, public_url="https://x.example", keyring=keyring, axinom=axinom)
    assert "secret" not in str(refused.value)


def test_no_representation_shows_a_secret(keyring: Keyring) -> None:
    shown = repr([SETTINGS, licences(keyring), request(), key_of(TrackClass.SD)])
    assert SETTINGS.communication_key not in shown
    assert "playback-token" not in shown
    assert "\\x" not in shown
