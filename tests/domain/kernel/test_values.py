"""Ids, money, cursors and sealed values keep their promises."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.crypto import Keyring, SealBroken
from domain.kernel.ids import new_id
from domain.kernel.money import CurrencyMismatch, Money
from domain.kernel.paging import PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput, Refusal


def test_ids_made_in_one_process_are_in_order_and_of_version_seven() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert {made.version for made in ids} == {7}


def test_a_refusals_code_is_its_name() -> None:
    class TVCodeExpired(Refusal):
        pass

    assert TVCodeExpired.code == "TV_CODE_EXPIRED"


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_split_adds_up_exactly(amount: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        with pytest.raises(ValueError, match="not all zero"):
            Money(amount, "EUR").split(weights)
        return
    parts = Money(amount, "EUR").split(weights)
    assert sum(part.minor_units for part in parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor_units - amount * weight / sum(weights)) < 1


def test_the_largest_remainder_gets_the_odd_cent() -> None:
    assert [part.minor_units for part in Money(100, "EUR").split([1, 1, 1])] == [34, 33, 33]


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize("wrong", [1.5, True, "1"])
def test_money_is_an_integer(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "EUR")  # type: ignore[arg-type]  # the point of the test


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53), st.text(max_size=40)), max_size=4))
def test_a_cursor_comes_back_as_it_went(values: list[str | int | None]) -> None:
    assert decode_cursor("titles", encode_cursor("titles", *values)) == values


@pytest.mark.parametrize("cursor", ["", "%%%", "bm90IGpzb24", encode_cursor("uploads", 1), "A" * 600, "eyJ9", "W10"])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor("titles", cursor)


def test_a_cursor_holds_instants_and_ids_as_text() -> None:
    row_id = uuid4()
    cursor = encode_cursor("titles", datetime(2030, 1, 1, tzinfo=UTC), row_id)
    assert decode_cursor("titles", cursor) == ["2030-01-01T00:00:00+00:00", str(row_id)]


@pytest.mark.parametrize(("first", "last"), [(0, None), (-1, None), (101, None), (None, 0), (5, 5)])
def test_a_page_outside_the_bounds_is_refused(first: int | None, last: int | None) -> None:
    with pytest.raises(InvalidInput):
        PageRequest.parse(first=first, last=last)


def test_a_page_read_backwards_is_in_list_order() -> None:
    request = PageRequest.parse(last=2, before="x")
    page = page_of([5, 4, 3], request=request, cursor=str)
    assert list(page.items) == [4, 5]
    assert page.has_previous
    assert page.has_next


def test_a_sealed_value_opens_only_in_its_own_place() -> None:
    keyring = Keyring({"v1": b"\x01" * 32})
    sealed = keyring.seal(b"content key", context=b"asset-1")
    assert keyring.unseal(sealed, context=b"asset-1") == b"content key"
    with pytest.raises(SealBroken):
        keyring.unseal(sealed, context=b"asset-2")


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_sealed_value_does_not_open(position: int, flip: int) -> None:
    keyring = Keyring({"v1": b"\x01" * 32})
    sealed = bytearray(keyring.seal(b"content key", context=b"asset-1"))
    sealed[position % len(sealed)] ^= flip
    with pytest.raises(SealBroken):
        keyring.unseal(bytes(sealed), context=b"asset-1")


def test_a_new_master_key_rewraps_and_the_old_one_can_go() -> None:
    old = Keyring({"v1": b"\x01" * 32})
    both = Keyring({"v2": b"\x02" * 32, "v1": b"\x01" * 32})
    sealed = old.seal(b"content key", context=b"c")
    assert both.needs_rewrap(sealed)
    moved = both.rewrap(sealed, context=b"c")
    assert not both.needs_rewrap(moved)
    assert Keyring({"v2": b"\x02" * 32}).unseal(moved, context=b"c") == b"content key"
    with pytest.raises(SealBroken):
        old.unseal(moved, context=b"c")


def test_a_malformed_keyring_is_refused_without_repeating_the_key() -> None:
    for text in ("", "v1", "v1:short", "v1:" + "A" * 43 + "=,v1:" + "B" * 43 + "=", ":" + "A" * 43 + "="):
        with pytest.raises(ValueError) as refused:
            Keyring.parse(text)
        assert "AAAA" not in str(refused.value)
    assert "\\x01" not in repr(Keyring({"v1": b"\x01" * 32}))
