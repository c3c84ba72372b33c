import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.media.cues import MAX_CUE_CHARACTERS, Cue, SubtitlesUnreadable
from domain.media.subtitles import MAX_BYTES, read_subtitles, write_webvtt

TOO_MUCH = "x" * (MAX_CUE_CHARACTERS + 1)
SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\nlines\n"
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xmlns:tts="http://www.w3.org/ns/ttml#styling" ttp:frameRate="25" ttp:tickRate="1000">
 <body><div>{}</div></body></tt>"""


def refusal_of(text: str | bytes) -> SubtitlesUnreadable:
    with pytest.raises(SubtitlesUnreadable) as refused:
        read_subtitles(text if isinstance(text, bytes) else text.encode())
    assert refused.value.code == "SUBTITLES_UNREADABLE"
    return refused.value


def texts(text: str) -> list[str]:
    return [cue.text for cue in read_subtitles(text.encode())]


def test_srt_is_read():
    assert read_subtitles(SRT.encode()) == (Cue(1000, 2500, "Hello"), Cue(3000, 4000, "Two\nlines"))


def test_srt_as_people_write_it_is_read():
    loose = "\n\n1\r\n0:00:01,5 --> 00:00:02.0  X1:10 X2:20\r\n{\\an8}<font color='red'>Top</font>\r\n\r\n\r\nstray\r\n"
    assert read_subtitles(loose.encode()) == (Cue(1500, 2000, "Top", "line:5%"),)


def test_webvtt_is_read_with_its_settings_and_without_its_styles():
    source = (
        "WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue { background: url(http://evil/) }\n\nNOTE 0 --> no cue\n\n"
        "intro\n00:01.000 --> 00:02.000 line:10%,start align:start evil:1 position:120px\n"
        "<v Ann><c.loud>Hi</c> &amp; bye\n"
    )
    assert read_subtitles(source.encode()) == (Cue(1000, 2000, "Hi &amp; bye", "line:10%,start align:start"),)


def test_ttml_is_read_with_every_kind_of_time():
    body = (
        '<p begin="00:00:01.500" end="00:00:02.000">Clock</p><p begin="3s" dur="500ms">Offset</p>'
        '<p begin="00:00:04:05" end="125f">Frames</p><p begin="6000t" end="7000t">Ticks</p>'
    )
    assert read_subtitles(TTML.format(body).encode()) == (
        Cue(1500, 2000, "Clock"), Cue(3000, 3500, "Offset"), Cue(4200, 5000, "Frames"), Cue(6000, 7000, "Ticks")
    )  # fmt: skip


def test_ttml_keeps_lines_and_italics_and_takes_times_from_parents_and_spans():
    body = (
        '<p begin="10s" end="20s"><span begin="1s" end="2s" tts:fontStyle="italic">One</span>'
        '<span begin="2s" end="30s">Two<br/>more &lt;b&gt;</span></p>'
    )
    assert read_subtitles(TTML.format(body).encode()) == (
        Cue(11000, 12000, "<i>One</i>"), Cue(12000, 20000, "Two\nmore &lt;b&gt;")
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_common_encodings_are_understood(encoding):
    [cue] = read_subtitles("1\n00:00:01,000 --> 00:00:02,000\nGrüße\n".encode(encoding))
    assert cue.text == "Grüße"


def test_markup_cannot_leave_the_caption():
    hostile = "<script>alert(1)</script><img src=x onerror=y><b onclick=z>bold <i>both</b> 1 < 2 --> &lt;u&gt; \x07"
    [text] = texts(f"1\n00:00:01,000 --> 00:00:02,000\n{hostile}\n")
    assert text == "alert(1)<b>bold <i>both</i></b> 1 &lt; 2 --&gt; &lt;u&gt;"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200))
def test_no_text_breaks_the_file_or_escapes(text):
    payload = "\n".join(line for line in text.splitlines() if line.strip() and "-->" not in line) or "x"
    written = write_webvtt(read_subtitles(f"1\n00:00:01,000 --> 00:00:02,000\nx{payload}\n\n".encode()))
    assert written.count("-->") == 1
    assert "<script" not in written
    again = read_subtitles(written.encode())
    assert write_webvtt(again) == written


def test_cues_come_back_in_order_of_time():
    late_first = "1\n00:00:05,000 --> 00:00:06,000\nB\n\n2\n00:00:01,000 --> 00:00:02,000\nA\n"
    assert texts(late_first) == ["A", "B"]


def test_what_was_written_is_read_back():
    cues = read_subtitles(SRT.encode())
    assert read_subtitles(write_webvtt(cues).encode()) == cues


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "there is no caption in it"),
        ("just some text\n", 1, "this is no SRT caption"),
        ("WEBVTT\n", None, "there is no caption in it"),
        ("1\n00:00:05,000 --> 00:00:01,000\nx\n", 2, "a caption ends before it starts"),
        ("1\n00:00:01 --> 00:00:02\nx\n", 2, "the times of this SRT caption are malformed"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nx\n", 3, "there are only 60 minutes and seconds"),
        ("1\n101:00:00,000 --> 102:00:00,000\nx\n", 2, "a caption is later than 100 hours"),
        (f"1\n00:00:01,000 --> 00:00:02,000\n{TOO_MUCH}\n", 2, "a caption is longer than 2000 characters"),
        ("<?xml version='1.0'?><html/>", None, "the document is XML, but not TTML"),
        ("<tt><body>", 1, "the XML is not well formed"),
        (TTML.format('<p begin="soon" end="2s">x</p>'), 4, "a time is malformed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(text, line, reason):
    refused = refusal_of(text)
    assert (refused.line, refused.reason) == (line, reason)


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE tt [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE tt [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY x "&b;&b;&b;">]>',
        '<!DOCTYPE tt SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_xml_entities_are_refused(prologue):
    attack = f"<?xml version='1.0'?>{prologue}<tt><body><p begin='1s' end='2s'>&x;</p></body></tt>"
    assert refusal_of(attack).reason == "document types and entities are not accepted"


def test_deep_xml_is_refused():
    deep = "<div>" * 200 + "<p begin='1s' end='2s'>x</p>" + "</div>" * 200
    assert refusal_of(f"<tt><body>{deep}</body></tt>").reason == "elements are nested too deeply"


def test_too_large_a_file_is_refused_before_it_is_read():
    assert refusal_of(b"x" * (MAX_BYTES + 1)).reason == "it is larger than 4 MB"


def test_binary_is_refused():
    assert refusal_of(b"\x00\x01\x02" * 100).reason == "it is not text"


def test_too_many_cues_are_refused():
    flood = "".join(f"00:00:01,000 --> 00:00:02,000\nx{number}\n\n" for number in range(20_001))
    assert refusal_of(flood).reason == "it has more than 20000 captions"
