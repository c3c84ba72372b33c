"""Language tags: what containers write (ISO 639-2) turned into BCP 47, and each language's own name for menus.

Source: ISO 639-2 code list, https://www.loc.gov/standards/iso639-2/ ; RFC 5646 asks for the shortest code.
"""

from __future__ import annotations

import re

UNDETERMINED = "und"
# shortest code, three-letter codes (terminological, then bibliographic), the language's own name
_LANGUAGES = """
ar ara العربية|bg bul Български|bn ben বাংলা|ca cat Català|cs ces,cze Čeština|cy cym,wel Cymraeg|da dan Dansk
de deu,ger Deutsch|el ell,gre Ελληνικά|en eng English|es spa Español|et est Eesti|eu eus,baq Euskara|fa fas,per فارسی
fi fin Suomi|fr fra,fre Français|ga gle Gaeilge|gl glg Galego|he heb עברית|hi hin हिन्दी|hr hrv Hrvatski
hu hun Magyar|hy hye,arm Հայերեն|id ind Indonesia|is isl,ice Íslenska|it ita Italiano|ja jpn 日本語|ka kat,geo ქართული
kk kaz Қазақша|ko kor 한국어|la lat Latina|lt lit Lietuvių|lv lav Latviešu|mk mkd,mac Македонски|ml mal മലയാളം
mr mar मराठी|ms msa,may Melayu|mt mlt Malti|nb nob Norsk bokmål|nl nld,dut Nederlands|nn nno Nynorsk|no nor Norsk
pa pan ਪੰਜਾਬੀ|pl pol Polski|pt por Português|ro ron,rum Română|ru rus Русский|sk slk,slo Slovenčina|sl slv Slovenščina
sq sqi,alb Shqip|sr srp Српски|sv swe Svenska|sw swa Kiswahili|ta tam தமிழ்|te tel తెలుగు|th tha ไทย|tl tgl Tagalog
tr tur Türkçe|uk ukr Українська|ur urd اردو|uz uzb Oʻzbek|vi vie Tiếng Việt|zh zho,chi 中文
"""
_TAG = re.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    shortest: dict[str, str] = {}
    names: dict[str, str] = {}
    for entry in _LANGUAGES.strip().replace("\n", "|").split("|"):
        code, longer, name = entry.split(" ", 2)
        names[code] = name
        shortest.update(dict.fromkeys(longer.split(","), code))
    return shortest, names


_SHORTEST, _NAMES = _tables()


def language_tag(written: str | None) -> str:
    """The BCP 47 tag for what a container or a person wrote, "und" when it cannot be one."""
    candidate = (written or "").strip().replace("_", "-")
    if not _TAG.fullmatch(candidate):
        return UNDETERMINED
    primary, *rest = candidate.split("-")
    primary = _SHORTEST.get(primary.lower(), primary.lower())
    if primary in {"mul", "zxx", "mis"}:
        return UNDETERMINED
    return "-".join([primary, *(part.title() if len(part) == 4 else part.upper() for part in rest)])


def is_known_language(tag: str) -> bool:
    """Whether the tag's language is one of ISO 639-1, which every player and packager knows; or says there is none."""
    return tag == "zxx" or tag.split("-")[0] in _NAMES


def language_name(tag: str) -> str:
    """The language's own name, with its region where it has one; the tag itself when unknown."""
    if tag == UNDETERMINED:
        return "Original"
    primary, *rest = tag.split("-")
    name = _NAMES.get(primary, primary)
    return f"{name} ({'-'.join(rest)})" if rest else name
