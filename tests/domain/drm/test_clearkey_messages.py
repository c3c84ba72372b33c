import base64
import secrets
from uuid import UUID, uuid4

import orjson
import pytest

from domain.drm import ContentKey
from domain.drm.clearkey import KIDS_MAX, REQUEST_MAX_BYTES, licence, licence_url, parse_request
from domain.kernel.refusals import InvalidInput
from domain.media.asset import AssetId
from domain.media.ladder import TrackClass

# From the examples of W3C Encrypted Media Extensions, §9.1.3 and §9.1.4.
W3C_REQUEST = b'{"kids":["LwVHf8JLtPrv2GUXFW2v_A"],"type":"temporary"}'
W3C_KID = UUID("2f05477f-c24b-b4fa-efd8-6517156daffc")


def test_the_specifications_own_request_is_read() -> None:
    assert parse_request(W3C_REQUEST) == (W3C_KID,)


def test_the_type_may_be_left_out_as_old_players_do() -> None:
    assert parse_request(b'{"kids":["LwVHf8JLtPrv2GUXFW2v_A"]}') == (W3C_KID,)


def test_a_licence_is_a_set_of_web_keys() -> None:
    keys = [ContentKey(uuid4(), AssetId(uuid4()), TrackClass.SD, secrets.token_bytes(16), bytes(16)) for _ in range(2)]
    read = orjson.loads(licence(keys))
    assert set(read) == {"keys", "type"}
    assert read["type"] == "temporary"
    for webkey, key in zip(read["keys"], keys, strict=True):
        assert set(webkey) == {"kty", "kid", "k"}
        assert webkey["kty"] == "oct"
        assert "=" not in webkey["kid"] + webkey["k"]
        assert base64.urlsafe_b64decode(webkey["kid"] + "==") == key.kid.bytes
        assert base64.urlsafe_b64decode(webkey["k"] + "==") == key.key


@pytest.mark.parametrize(
    "request_body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"kids":[]}',
        b'{"kids":null}',
        b'{"kids":"LwVHf8JLtPrv2GUXFW2v_A"}',
        b'{"kids":[1]}',
        b'{"kids":[""]}',
        b'{"kids":["LwVHf8JLtPrv2GUXFW2v_A=="]}',
        b'{"kids":["LwVHf8JLtPrv2GUXFW2v+A"]}',
        b'{"kids":["LwVHf8JLtPrv2GUXFW2v_"]}',
        '{"kids":["LwVHf8JLtPrv2GUXFW2v_é"]}'.encode(),
        b'{"kids":["LwVHf8JLtPrv2GUXFW2v_A"],"type":"persistent-license"}',
        b'{"kids":["LwVHf8JLtPrv2GUXFW2v_A"],"type":7}',
        b'{"kids":[' + b"[" * 500 + b"]" * 500 + b"]}",
        orjson.dumps({"kids": ["LwVHf8JLtPrv2GUXFW2v_A"] * (KIDS_MAX + 1)}),
        b" " * REQUEST_MAX_BYTES + W3C_REQUEST,
    ],
)
def test_a_malformed_request_is_refused(request_body: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_request(request_body)


def test_the_licence_is_below_the_sessions_path() -> None:
    assert licence_url("https://x.example/", "token") == "https://x.example/play/token/licence/clearkey"
