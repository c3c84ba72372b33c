"""What the demo shows: titles with their texts, rights, pictures, sounds and subtitles."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.demo.melodies import BRIGHT, CALM, LIVELY, SLOW, Melody
from edge.demo.words import ABSTIEG, ABYSS, GARDEN, GARTEN, Spoken


@dataclass(frozen=True)
class Words:
    """What a title is called and about, in one language."""

    name: str
    synopsis: str


@dataclass(frozen=True)
class DemoTitle:
    """One title. `picture` is an ffmpeg source with its filters; the sounds and subtitles are by language.

    `slug` never changes: by it a later start finds what an earlier one made. `territories` of None means everywhere.
    """

    slug: str
    texts: Mapping[str, Words]
    release_year: int
    maturity_age: int
    duration_s: int
    picture: str
    sounds: Mapping[str, Melody]
    subtitles: Mapping[str, Spoken]
    territories: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        return self.texts["en"].name


TITLES = (
    DemoTitle(
        slug="tidal-light",
        texts={
            "en": Words("Tidal Light", "A minute of slow colour, drawn in and out like water over sand."),
            "de": Words("Gezeitenlicht", "Eine Minute langsamer Farbe, die kommt und geht wie Wasser über Sand."),
        },
        release_year=2024,
        maturity_age=0,
        duration_s=60,
        picture=(
            "gradients=s=320x180:r=25:n=6:type=spiral:speed=0.012:seed=5:c0=0x0b132b:c1=0x1c7293:c2=0x9eb3c2"
            ":c3=0xff8c42:c4=0x6d2e46:c5=0x0b132b,scale=1280:720:flags=bicubic,vignette"
        ),
        sounds={"en": SLOW},
        subtitles={},
    ),
    DemoTitle(
        slug="into-the-abyss",
        texts={
            "en": Words(
                "Into the Apple Abyss",
                "One long dive towards a point where a simple formula never stops folding. In two voices.",
            ),
            "de": Words(
                "Abstieg ins Apfelmännchen",
                "Ein langer Sturz auf einen Punkt zu, an dem eine kleine Formel nie aufhört. In zwei Stimmen.",
            ),
        },
        release_year=2026,
        maturity_age=6,
        duration_s=64,
        picture=(
            "mandelbrot=s=640x360:rate=24:start_scale=3:end_scale=0.0004:end_pts=1560:maxiter=120:inner=black"
            ":outer=normalized_iteration_count:bailout=10:start_x=-0.743643887037158704752191506114774"
            ":start_y=-0.131825904205311970493132056385139,gblur=sigma=0.8,hue=h=30*sin(t/9):s=0.85"
            ",scale=1920:1080:flags=bilinear"
        ),
        sounds={"en": CALM, "de": BRIGHT},
        subtitles={"en": ABYSS, "de": ABSTIEG},
    ),
    DemoTitle(
        slug="night-garden",
        texts={
            "en": Words("The Night Garden", "Sparks are born, crowd together and go out. Nobody planned any of it."),
            "de": Words("Der Nachtgarten", "Funken entstehen, drängen sich und verlöschen. Niemand hat es geplant."),
        },
        release_year=2025,
        maturity_age=12,
        duration_s=62,
        picture=(
            "life=s=320x180:r=25:mold=12:ratio=0.12:seed=41:life_color=0xffe08a:death_color=0x0a1f44"
            ":mold_color=0x123b6d,scale=1280:720:flags=neighbor,gblur=sigma=1.2"
        ),
        sounds={"en": LIVELY},
        subtitles={"en": GARDEN, "de": GARTEN},
    ),
    DemoTitle(
        slug="weather-of-nowhere",
        texts={
            "en": Words("Weather of Nowhere", "Storms over a planet that is not there. Only in Germany and Austria."),
            "de": Words("Wetter von Nirgendwo", "Stürme über einem Planeten, den es nicht gibt. Nur bei uns."),
        },
        release_year=2023,
        maturity_age=0,
        duration_s=60,
        picture=(
            "perlin=s=160x90:r=24:octaves=3:tscale=0.3:xscale=3:yscale=3:seed=11,format=gray,normalize,format=gbrp"
            ",pseudocolor=preset=inferno,scale=1280:720:flags=bicubic"
        ),
        sounds={"de": BRIGHT},
        subtitles={},
        territories=("DE", "AT"),
    ),
)
