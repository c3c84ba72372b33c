"""The recipe of an asset: the plan for its source, and what its further uploads add. Pure.

It says which steps there are. It is kept as JSON with the asset and never changes, so that a step done again
after a crash, by another worker, is the same step.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import cast

from domain.media.asset import AssetId, InputKind, StepKind, StepRef
from domain.media.containers import Container
from domain.media.ladder import TrackClass
from domain.media.languages import language_name
from domain.media.plan import AudioRendition, EncodePlan, audio_renditions
from domain.media.probe import AudioProbe

# A second of sound costs about this much of a second of one video rung.
SOUND_WEIGHT = 0.05
TEXT_WEIGHT = 0.5
_KIND_LABELS = {InputKind.SUBTITLES: "", InputKind.CAPTIONS: " (CC)", InputKind.FORCED: " (forced)"}


@dataclass(frozen=True)
class ExtraSound:
    """One more sound track, from a file of its own."""

    object_key: str
    container: Container
    rendition: AudioRendition


@dataclass(frozen=True)
class ExtraText:
    """One more subtitle track, from a file of its own."""

    object_key: str
    language: str
    kind: InputKind

    @property
    def label(self) -> str:
        return language_name(self.language) + _KIND_LABELS[self.kind]


@dataclass(frozen=True)
class Recipe:
    """Everything the workers make of one asset."""

    plan: EncodePlan
    sounds: tuple[ExtraSound, ...] = ()
    texts: tuple[ExtraText, ...] = ()

    @property
    def track_classes(self) -> frozenset[TrackClass]:
        """The classes that need a content key."""
        return self.plan.track_classes | (frozenset({TrackClass.AUDIO}) if self.sounds else frozenset())

    def steps(self, asset_id: AssetId) -> dict[StepRef, float]:
        """Every step with its weight: roughly the seconds of video encoded in one rung that it costs."""
        plan = self.plan
        rungs = len(plan.ladder.rungs)
        weights = {
            StepRef(asset_id, StepKind.CHUNK, chunk.index): max(0.1, (chunk.end_s - chunk.start_s) * rungs)
            for chunk in plan.chunks
        }
        for index in range(len(plan.audio) + len(self.sounds)):
            weights[StepRef(asset_id, StepKind.AUDIO, index)] = max(0.1, plan.duration_s * SOUND_WEIGHT)
        for index in range(len(plan.text) + len(self.texts)):
            weights[StepRef(asset_id, StepKind.TEXT, index)] = TEXT_WEIGHT
        return weights

    def as_json(self) -> dict[str, object]:
        """Return plain values for a JSON column; `from_json` reads them back to an equal recipe."""
        return {
            "plan": self.plan.as_json(),
            "sounds": [asdict(sound) for sound in self.sounds],
            "texts": [asdict(text) for text in self.texts],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "Recipe":
        """Read a recipe back.

        Raises:
            ValueError: its plan was written by another version.
        """
        return cls(
            plan=EncodePlan.from_json(_table(values["plan"])),
            sounds=tuple(
                ExtraSound(
                    object_key=str(row["object_key"]),
                    container=Container(str(row["container"])),
                    rendition=AudioRendition(**_table(row["rendition"])),  # type: ignore[arg-type]  # our own JSON
                )
                for row in _rows(values["sounds"])
            ),
            texts=tuple(
                ExtraText(str(row["object_key"]), str(row["language"]), InputKind(str(row["kind"])))
                for row in _rows(values["texts"])
            ),
        )


def extra_sound(
    probe: AudioProbe, *, object_key: str, position: int, language: str, taken: tuple[str, ...], is_default: bool
) -> ExtraSound:
    """Take the first sound track of a file, in the language its owner named.

    `taken` are the labels already on the menu; a second track of a language is numbered.
    """
    first = audio_renditions(probe.tracks[:1])[0]
    name = language_name(language)
    label = name if name not in taken else f"{name} – {sum(other.startswith(name) for other in taken) + 1}"
    rendition = replace(first, id=f"audio-extra-{position}", language=language, label=label, is_default=is_default)
    return ExtraSound(object_key=object_key, container=probe.container, rendition=rendition)


# The recipe is our own JSON of a known version; the dataclasses refuse any field that does not belong.
def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _rows(value: object) -> list[dict[str, object]]:
    return [_table(row) for row in cast(list[object], value)]
