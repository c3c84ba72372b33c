"""The recipe: which steps an asset takes, and that it survives being kept."""

from uuid import UUID

import orjson

from domain.media.asset import AssetId, InputKind, StepKind, StepRef
from domain.media.containers import Container
from domain.media.ladder import TrackClass
from domain.media.probe import AudioProbe
from domain.media.recipe import ExtraText, Recipe, extra_sound
from tests.media_plans import a_plan, a_sound_track

ASSET = AssetId(UUID(int=1))


def test_a_recipe_is_the_same_after_json() -> None:
    probe = AudioProbe(Container.MATROSKA, 12.0, (a_sound_track(0, "und"),))
    taken = tuple(track.label for track in a_plan().audio)
    sound = extra_sound(probe, object_key="uploads/a", position=0, language="fr", taken=taken, is_default=False)
    recipe = Recipe(a_plan(), (sound,), (ExtraText("uploads/b", "de", InputKind.CAPTIONS),))
    assert Recipe.from_json(orjson.loads(orjson.dumps(recipe.as_json()))) == recipe


def test_every_chunk_sound_and_text_is_one_step() -> None:
    recipe = Recipe(a_plan(), (), (ExtraText("uploads/b", "de", InputKind.SUBTITLES),))
    assert list(recipe.steps(ASSET)) == [
        StepRef(ASSET, StepKind.CHUNK, 0),
        StepRef(ASSET, StepKind.CHUNK, 1),
        StepRef(ASSET, StepKind.CHUNK, 2),
        StepRef(ASSET, StepKind.AUDIO, 0),
        StepRef(ASSET, StepKind.TEXT, 0),
    ]


def test_a_silent_film_with_uploaded_sound_needs_an_audio_key_and_plays_it_by_default() -> None:
    silent = a_plan(audio=())
    assert TrackClass.AUDIO not in Recipe(silent).track_classes
    probe = AudioProbe(Container.MP4, 12.0, (a_sound_track(0, "und"),))
    sound = extra_sound(probe, object_key="uploads/a", position=0, language="fr", taken=(), is_default=True)
    assert TrackClass.AUDIO in Recipe(silent, (sound,)).track_classes
    assert (sound.rendition.language, sound.rendition.label, sound.rendition.is_default) == ("fr", "Français", True)


def test_a_second_sound_track_of_a_language_is_numbered() -> None:
    probe = AudioProbe(Container.MP4, 12.0, (a_sound_track(0, "und"),))
    sound = extra_sound(probe, object_key="a", position=0, language="en", taken=("English",), is_default=False)
    assert sound.rendition.label == "English – 2"


def test_captions_are_told_apart_on_the_menu() -> None:
    labels = [ExtraText("a", "de", kind).label for kind in (InputKind.SUBTITLES, InputKind.CAPTIONS, InputKind.FORCED)]
    assert labels == ["Deutsch", "Deutsch (CC)", "Deutsch (forced)"]
