"""Addresses: odd ones that are good, good-looking ones that are not, and one form for those that are the same."""

import time

import pytest

from domain.accounts.emails import prepared_email
from domain.kernel.refusals import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  ada@example.com ", "ada@example.com"),
        ("Ada@EXAMPLE.com", "Ada@example.com"),
        ("ada+films@example.com", "ada+films@example.com"),
        ("!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ('"ada"@example.com', "ada@example.com"),
        ('"ada.b"@example.com', "ada.b@example.com"),
        ('"a b"@example.com', '"a b"@example.com'),
        ('"a@b"@example.com', '"a@b"@example.com'),
        (r'"a\"b"@example.com', r'"a\"b"@example.com'),
        (r'"\a"@example.com', "a@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@faß.de", "ada@xn--fa-hia.de"),
        ("ada@例え。jp", "ada@xn--r8jz45g.jp"),
        ("ädä@example.com", "ädä@example.com"),
        ("A\u0308DA\u0308@example.com", "ädä@example.com"),
        ("ＡＤＡ@example.com", "ada@example.com"),
        ("山田taro@example.jp", "山田taro@example.jp"),
        ("コーヒー@例え.jp", "コーヒー@xn--r8jz45g.jp"),
        ("佐々木@example.jp", "佐々木@example.jp"),
        ("почта@пример.рф", "почта@xn--e1afmkfd.xn--p1ai"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_has_one_form(given: str, kept: str) -> None:
    assert prepared_email(given) == kept
    assert prepared_email(kept) == kept


@pytest.mark.parametrize(
    "given",
    [
        "", "ada", "@example.com", "ada@", "ada@localhost", "ada@example", "a b@example.com", ".ada@example.com",
        "ada.@example.com", "a..b@example.com", "ada@example..com", "ada@.example.com", "ada@example.com.",
        "ada@-example.com", "ada@exa_mple.com", "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@[IPv6:::1]",
        "ada@2130706433", "ada@example.com\r\nBcc: eve@example.com", "ada\n@example.com", '"ada\r\n"@example.com',
        '"ada@example.com', 'ada"@example.com', '""@example.com', '"\\"@example.com', "ada\u0000@example.com",
        "ada\u200b@example.com", "ada\u202e@example.com", "ad\ud800a@example.com", "ada＠evil.example@example.com",
        "a" * 65 + "@example.com", "ada@" + "a" * 64 + ".com", "ada@" + "a." * 130 + "com", "x" * 10_000_000,
        "ada@example.com, eve@example.com", "<ada@example.com>", "Ada <ada@example.com>", "ada@example.com>",
        "ä" * 33 + "@example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_soon(given: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidInput) as refused:
        prepared_email(given)
    assert refused.value.field == "email"
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    "given",
    [
        "p\u0430ypal@example.com",  # a Cyrillic a among Latin letters
        "ada@p\u0430ypal.com",
        "ada@xn--pypal-4ve.com",  # the same, as it is written on the wire
        "\u03b1da@example.com",  # a Greek alpha
        "ada@\u13aana.com",  # a Cherokee go
    ],
)
def test_letters_that_only_look_alike_are_refused(given: str) -> None:
    with pytest.raises(InvalidInput):
        prepared_email(given)


def test_spellings_of_one_name_are_one_address() -> None:
    spellings = ("Straße@example.com", "STRASSE@example.com", "straße@example.com", "ｓtraße@example.com")
    assert {prepared_email(spelling).lower() for spelling in spellings} == {"strasse@example.com"}
