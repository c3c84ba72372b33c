"""Words without case and accents, and what similar ones have in common."""

import pytest

from domain.search.words import configuration_of, grams_of, plain, slips, telling_grams, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Wire", ["the", "wire"]),
        ("Amélie — Le Fabuleux Destin", ["amelie", "le", "fabuleux", "destin"]),
        ("ÄRGER, STRASSE & Straße", ["arger", "strasse", "strasse"]),
        ("WALL·E 2:1'3", ["wall", "e", "2", "1", "3"]),
        ("snake_case", ["snakecase"]),
        ("千と千尋の神隠し", ["千と", "と千", "千尋", "尋の", "の神", "神隠", "隠し"]),
        ("Oldboy 올드보이", ["oldboy", "올드", "드보", "보이"]),
        ("A語B", ["a", "語", "b"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("!? … \x00 -", []),
        ("x" * 100, ["x" * 40]),
    ],
)
def test_texts_become_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words
    assert plain(text) == " ".join(words)


def test_pieces_mark_beginning_and_end() -> None:
    assert grams_of("wire") == sorted(["  w", " wi", "wir", "ire", "re "])
    assert grams_of("a") == ["  a", " a "]


@pytest.mark.parametrize(
    ("typed", "meant", "count"),
    [("avengrs", "avengers", 1), ("matirx", "matrix", 1), ("godfahter", "godfather", 1), ("alein", "alien", 1),
     ("wire", "wire", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("ca", "abc", 3)],
)  # fmt: skip
def test_slips_are_counted(typed: str, meant: str, count: int) -> None:
    assert slips(typed, meant) == slips(meant, typed) == count
    if count == 1:
        assert set(telling_grams(typed)) & set(grams_of(meant))


def test_languages_have_their_stems() -> None:
    assert [configuration_of(tag) for tag in ("de-AT", "pt-BR", "ja", "EN", "xx")] == [
        "german",
        "portuguese",
        "simple",
        "english",
        "simple",
    ]
