"""What viewers write, and how they disguise it."""

import pytest

from domain.engagement.words import BLOCKED_WORDS_MAX, BlockList, checked_text, checked_words
from domain.kernel.refusals import InvalidInput

# An astronaut, and a flag that is spelled in invisible letters.
ENGLAND = "👩\u200d🚀 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Hello \u2013 w\u00f6rld! ", "Hello \u2013 w\u00f6rld!"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u0645\u0631\u062d\u0628\u0627 \u200f", "\u0645\u0631\u062d\u0628\u0627 \u200f".strip()),
        (ENGLAND, ENGLAND),
        ("\u0928\u092e\u0938\u094d\u0924\u0947", "\u0928\u092e\u0938\u094d\u0924\u0947"),
    ],
)  # fmt: skip
def test_texts_of_all_scripts_are_kept(written: str, kept: str) -> None:
    assert checked_text(written, field="text", max_chars=200) == kept


@pytest.mark.parametrize(
    "written",
    [
        "", "   ", "\u200d\u200c", "\u3164\u3164", "\u0301\u0301", "a\x00b", "a\nb", "a\u2028b", "a\x1b[31mb", "a\x85b",
        "abc\u202edcba", "\u2066abc\u2069", "a\u2062b", "a\ufeffb", "\ud800", "\ue000", "\U000e0061\U000e0062 hidden",
        "Z" + "\u0335" * 7, "a" * 201, "a" * 1_000_000, "\ufdfa" * 201,
    ],
)  # fmt: skip
def test_texts_that_hide_reorder_or_flood_are_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        checked_text(written, field="text", max_chars=200)


@pytest.mark.parametrize(
    "text",
    [
        "what a badword!", "BADWORD", "b\u00e1dw\u00f6rd", "\uff42\uff41\uff44\uff57\uff4f\uff52\uff44",
        "\U0001d41b\U0001d41a\U0001d41d\U0001d430\U0001d428\U0001d42b\U0001d41d", "b\u200da\u200cd\u200bw\u00adord",
        "b\u0430dw\u043erd", "8adw0rd", "b4dw0rd", "b@dword", "baaaadwoooord", "b a d w o r d", "b.a.d.w.o.r.d",
        "b-a-d-w-o-r-d now", "🅱🅰🅳🆆🅾🆁🅳", "two  WORDS!", "this is SPAMMING",
    ],
)  # fmt: skip
def test_blocked_words_are_found_however_they_are_disguised(text: str) -> None:
    assert BlockList.of(["badword", "two words", "spam*"]).finds(text)


@pytest.mark.parametrize(
    "text", ["Scunthorpe has a badwordless club", "good", "bad word", "two other words", "I am a b c", "respam"]
)
def test_words_that_only_look_a_little_alike_are_not(text: str) -> None:
    assert not BlockList.of(["badword", "two words", "spam*", "god"]).finds(text)


def test_words_of_other_scripts_are_found_in_texts_of_their_own() -> None:
    assert BlockList.of(["плохо"]).finds("Это ПЛОХО!")
    assert BlockList.of(["悪い言葉"]).finds("それは悪い言葉です")
    assert BlockList.of(["سيء"]).finds("هذا سيء جدا")
    assert not BlockList.of([]).finds("anything")


def test_lists_of_blocked_words_are_bounded() -> None:
    assert checked_words(["a", "a", "b*"], field="words") == ("a", "b*")
    for words in (["a"] * (BLOCKED_WORDS_MAX + 1), ["x" * 51], ["***"], [""], ["\u202e"]):
        with pytest.raises(InvalidInput):
            checked_words(words, field="words")
