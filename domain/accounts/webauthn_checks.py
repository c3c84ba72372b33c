"""Passkeys (W3C Web Authentication, Level 3), the only module that knows the library that checks them.

Exception
└── PasskeyInvalid   what an authenticator answered does not prove what it should; the message is for our logs
"""

import binascii
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

SERVICE_NAME = "Marquee"
TIMEOUT_MS = 5 * 60 * 1000
# Section 4 of the specification: credential ids are at most this long.
CREDENTIAL_ID_MAX_BYTES = 1_023
# We ask for no attestation; an authenticator may vouch for itself, and chains of certificates are nothing to us.
FORMATS = ("none", "packed")
_ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# Beside its own exceptions the library lets out those of the parsers below it.
_FAULTS = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
    binascii.Error,
    UnsupportedAlgorithm,
)

Json = dict[str, object]


class PasskeyInvalid(Exception):
    """An authenticator's answer proves nothing."""


@dataclass(frozen=True)
class RelyingParty:
    """Who passkeys are made for: a host and the one origin that its pages have."""

    id: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> "RelyingParty":
        """Return the relying party of the address that people see."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}".lower())


@dataclass(frozen=True, repr=False)
class NewPasskey:
    """A passkey that an authenticator made for us. `aaguid` names its model, if it says so."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: UUID
    is_backed_up: bool


def creation_options(
    party: RelyingParty, *, challenge: bytes, account_id: UUID, email: str, name: str, known: Sequence[bytes]
) -> Json:
    """Return what `navigator.credentials.create` is asked for: a discoverable credential of a person it verifies."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=SERVICE_NAME,
        user_id=account_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=id) for id in known],
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json_dict(options)


def request_options(party: RelyingParty, *, challenge: bytes, known: Sequence[bytes]) -> Json:
    """Return what `navigator.credentials.get` is asked for: one of the known credentials, or any when none is known."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=id) for id in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def check_creation(party: RelyingParty, credential: Json, *, challenge: bytes) -> NewPasskey:
    """Return the passkey that was made for this challenge.

    Raises:
        PasskeyInvalid.
    """
    try:
        _check_frame(credential)
        _check_format(credential)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        if len(verified.credential_id) > CREDENTIAL_ID_MAX_BYTES:
            raise PasskeyInvalid("the id of the credential is too long")
        return NewPasskey(
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            aaguid=UUID(verified.aaguid),
            is_backed_up=verified.credential_backed_up,
        )
    except _FAULTS as fault:
        raise PasskeyInvalid(_reason(fault)) from fault


def check_assertion(
    party: RelyingParty, credential: Json, *, challenge: bytes, public_key: bytes, sign_count: int
) -> int:
    """Return the counter of a passkey that signed this challenge after it verified its owner.

    Raises:
        PasskeyInvalid: also when its counter went back, as that of a copy does.
    """
    try:
        _check_frame(credential)
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _FAULTS as fault:
        raise PasskeyInvalid(_reason(fault)) from fault
    return verified.new_sign_count


def credential_id_of(credential: Json) -> bytes | None:
    """Return the id of the credential that an answer says it is from."""
    id = credential.get("id")
    if not isinstance(id, str) or len(id) > 2 * CREDENTIAL_ID_MAX_BYTES:
        return None
    try:
        return base64url_to_bytes(id)
    except (ValueError, binascii.Error):
        return None


def user_handle_of(credential: Json) -> bytes | None:
    """Return whose credential an answer says it is; None when it does not say."""
    response = credential.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    try:
        return base64url_to_bytes(handle) if isinstance(handle, str) and handle else None
    except (ValueError, binascii.Error):
        return b""


def _check_frame(credential: Json) -> None:
    """Refuse an answer from a page inside another site's page (section 7.2, step 13), which the library lets pass."""
    client_data = json.loads(base64url_to_bytes(_response_text(credential, "clientDataJSON")))
    if client_data.get("crossOrigin") or client_data.get("topOrigin"):
        raise PasskeyInvalid("the answer comes from a frame")


def _check_format(credential: Json) -> None:
    made = parse_attestation_object(base64url_to_bytes(_response_text(credential, "attestationObject")))
    if made.fmt not in FORMATS:
        raise PasskeyInvalid(f"an attestation that nobody asked for: {made.fmt!s:.40}")


def _response_text(credential: Json, name: str) -> str:
    response = credential.get("response")
    text = response.get(name) if isinstance(response, dict) else None
    if not isinstance(text, str):
        raise PasskeyInvalid(f"no {name}")
    return text


def _reason(fault: BaseException) -> str:
    return f"{type(fault).__name__}: {fault}"[:200]
