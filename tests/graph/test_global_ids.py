"""Ids as clients see them."""

from uuid import UUID

import pytest

from domain.kernel.refusals import NotFound
from graph.global_ids import Kind, global_id, parse_global_id, read_id

SOME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize("kind", list(Kind))
def test_an_id_reads_back_as_what_it_names(kind: Kind) -> None:
    assert parse_global_id(global_id(kind, SOME)) == (kind, SOME)


def test_ids_never_change() -> None:
    assert global_id(Kind.TITLE, SOME) == "VAGJCl2slndLvM6zAgmagFc"


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "T",
        str(SOME),
        "x" * 10_000,
        "VAGJCl2slndLvM6zAgmagF!",
        # The same bytes with other padding bits, and of a kind nobody has.
        "VAGJCl2slndLvM6zAgmagFd",
        "fgGJCl2slndLvM6zAgmagFc",
        "VAGJCl2slndLvM6zAgmag\u00e9c",
        "VAGJCl2slndLvM6zAgmagFc\n",
        "/AGJCl2slndLvM6zAgmagFc",
        "////////////////////////",
    ],
)
def test_garbage_is_no_id(garbage: str) -> None:
    assert parse_global_id(garbage) is None


def test_an_id_of_another_kind_names_nothing() -> None:
    with pytest.raises(NotFound):
        read_id(Kind.TITLE, global_id(Kind.UPLOAD, SOME))


def test_no_two_kinds_share_a_letter() -> None:
    assert len({kind.value for kind in Kind}) == len(list(Kind))
