"""Reads XMLTV listings piece by piece, however large, as what each programme says. Source: xmltv.dtd, XMLTV project.

The file is a stranger's. A document type may be named, as XMLTV files do, but nothing is loaded from anywhere, and one
that declares entities is refused. What is held is one programme, whose texts are cut to what a schedule shows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from domain.guide.listing_problems import FileFailed, FileFailure
from domain.guide.slot import NAME_MAX_CHARS, SYNOPSIS_MAX_CHARS, TEXTS_MAX

# Listings are three elements deep, or four; the parser keeps the name of each.
DEPTH_MAX = 32
# The parser keeps what it cannot make sense of yet. A tag or comment of this length is an attack.
UNREAD_MAX_BYTES = 1 << 20
SHORT_MAX_CHARS = 40
ATTRIBUTE_MAX_CHARS = 200
# Children of a programme that are read, and how many characters of each. White space counts until it is joined.
_TEXTS = {"title": 2 * NAME_MAX_CHARS, "sub-title": 2 * NAME_MAX_CHARS, "desc": 2 * SYNOPSIS_MAX_CHARS}
_ATTRIBUTES = {"channel", "start", "stop", "clumpidx"}
_FLAGS = {"premiere", "new", "previously-shown"}


@dataclass
class Listed:
    """A programme as the file has it. `number` counts the programmes of the file from 1."""

    number: int
    line: int
    attributes: dict[str, str]
    # By element, then by language as written; "" for none. The first of a language counts.
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    date: str = ""
    # In the numbering `xmltv_ns`: season . episode . part, each from 0.
    episode: str = ""
    flags: set[str] = field(default_factory=set)


class XmltvReader:
    """Takes bytes and gives programmes."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse_entity
        self._fed = 0
        self._depth = 0
        self._count = 0
        self._programme: Listed | None = None
        self._keep: Callable[[str], None] | None = None
        self._room = 0
        self._pieces: list[str] = []
        self._read: list[Listed] = []

    def feed(self, data: bytes) -> list[Listed]:
        """Return the programmes that are whole by now.

        Raises:
            FileFailed: it is no XML, no XMLTV, or made to exhaust us. Programmes before that place were returned by
                earlier calls or are in `rest`.
        """
        self._fed += len(data)
        self._parse(data, is_last=False)
        if self._fed - self._parser.CurrentByteIndex > UNREAD_MAX_BYTES:
            raise FileFailed(FileFailure.TOO_LARGE, self._parser.CurrentLineNumber)
        return self.rest()

    def close(self) -> list[Listed]:
        """Say that nothing more comes, and return the last programmes.

        Raises:
            FileFailed: the file breaks off.
        """
        self._parse(b"", is_last=True)
        return self.rest()

    def rest(self) -> list[Listed]:
        """Return what was read and not returned yet."""
        read, self._read = self._read, []
        return read

    def _parse(self, data: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as broken:
            raise FileFailed(FileFailure.NOT_XML, broken.lineno) from broken
        except (LookupError, ValueError) as unknown:
            # Of the encoding that the declaration names.
            raise FileFailed(FileFailure.NOT_XML, self._parser.CurrentLineNumber) from unknown

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name != "tv":
            raise FileFailed(FileFailure.NOT_XMLTV, self._parser.CurrentLineNumber)
        if self._depth > DEPTH_MAX:
            raise FileFailed(FileFailure.TOO_LARGE, self._parser.CurrentLineNumber)
        if self._depth == 2 and name == "programme":
            self._count += 1
            cut = {name: value[:ATTRIBUTE_MAX_CHARS] for name, value in attributes.items() if name in _ATTRIBUTES}
            self._programme = Listed(self._count, self._parser.CurrentLineNumber, cut)
        elif self._depth == 3 and self._programme is not None:
            self._begin(self._programme, name, attributes)

    def _begin(self, programme: Listed, name: str, attributes: dict[str, str]) -> None:
        if name in _TEXTS:
            language, texts = attributes.get("lang", "")[:SHORT_MAX_CHARS], programme.texts.setdefault(name, {})
            if language not in texts and len(texts) < TEXTS_MAX:
                self._take(_TEXTS[name], lambda text: texts.__setitem__(language, text))
        elif name == "date":
            self._take(SHORT_MAX_CHARS, lambda text: setattr(programme, "date", text))
        elif name == "episode-num" and attributes.get("system") == "xmltv_ns":
            self._take(SHORT_MAX_CHARS, lambda text: setattr(programme, "episode", text))
        elif name in _FLAGS:
            programme.flags.add(name)

    def _take(self, room: int, keep: Callable[[str], None]) -> None:
        self._room, self._keep, self._pieces = room, keep, []

    def _text(self, text: str) -> None:
        if self._keep is not None and self._depth == 3 and self._room > 0:
            self._pieces.append(text[: self._room])
            self._room -= len(text)

    def _end(self, name: str) -> None:
        if self._depth == 3 and self._keep is not None:
            self._keep(" ".join("".join(self._pieces).split()))
            self._keep = None
        elif self._depth == 2 and self._programme is not None:
            self._read.append(self._programme)
            self._programme = None
        self._depth -= 1

    def _refuse_entity(self, *_declaration: object) -> None:
        raise FileFailed(FileFailure.NOT_XMLTV, self._parser.CurrentLineNumber)
