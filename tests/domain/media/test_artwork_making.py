"""What comes out of strangers' pictures: plain pixels in several sizes, or a reason."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from domain.media.artwork import ArtworkFailure, ArtworkKind, ImageFormat
from domain.media.artwork_making import MadePicture, PictureRefused, make_picture
from tests.pictures import bomb, drawn, saved

Make = Callable[..., Awaitable[MadePicture]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    async def make(data: bytes, kind: ArtworkKind = ArtworkKind.STILL) -> MadePicture:
        source, folder = tmp_path / "source", tmp_path / "made"
        source.write_bytes(data)
        folder.mkdir(exist_ok=True)
        return await make_picture(source, kind=kind, folder=folder)

    return make


def opened(made: MadePicture, format: ImageFormat, width: int) -> Image.Image:
    (name,) = [file.name for file in made.picture.renditions if (file.format, file.width) == (format, width)]
    return Image.open(BytesIO(made.files[name].read_bytes()))


async def test_a_picture_comes_in_every_width_and_format_of_its_kind(make: Make) -> None:
    made = await make(drawn(2000, 3000), ArtworkKind.POSTER)
    sizes = {(file.format.value, file.width, file.height) for file in made.picture.renditions}
    assert sizes == {
        (format, width, width * 3 // 2) for format in ("JPEG", "WEBP", "AVIF") for width in (160, 320, 640, 1280)
    }
    assert (made.picture.width, made.picture.height) == (2000, 3000)
    for file in made.picture.renditions:
        data = made.files[file.name].read_bytes()
        shown = Image.open(BytesIO(data))
        assert (shown.format, shown.size, len(data)) == (file.format.value, (file.width, file.height), file.size_bytes)


async def test_a_small_picture_is_never_enlarged(make: Make) -> None:
    made = await make(drawn(400, 300))
    assert sorted({file.width for file in made.picture.renditions}) == [320, 400]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_every_format_we_take_is_read(make: Make, format: str) -> None:
    made = await make(drawn(640, 480, format=format))
    red, _, blue = opened(made, ImageFormat.JPEG, 640).getpixel((20, 200))  # type: ignore[misc]  # three channels
    assert red > 200
    assert blue < 60


async def test_the_same_picture_has_the_same_names(make: Make) -> None:
    data = drawn(400, 300)
    assert (await make(data)).picture == (await make(data)).picture


async def test_orientation_is_applied_and_nothing_else_of_exif_is_kept(make: Make) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned right
    exif[0x010E] = "taken at home"
    made = await make(drawn(640, 480, exif=exif.tobytes()))
    assert (made.picture.width, made.picture.height) == (480, 640)
    for path in made.files.values():
        data = path.read_bytes()
        assert b"taken at home" not in data
        assert dict(Image.open(BytesIO(data)).getexif()) == {}
    # What was left is on top now.
    red, _, _ = opened(made, ImageFormat.JPEG, 320).getpixel((160, 20))  # type: ignore[misc]  # three channels
    assert red > 200


async def test_a_see_through_logo_stays_see_through(make: Make) -> None:
    picture = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 200, 200))
    made = await make(saved(picture, format="PNG"), ArtworkKind.LOGO)
    assert {file.format for file in made.picture.renditions} == {ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.AVIF}
    for format in (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.AVIF):
        shown = opened(made, format, 320).convert("RGBA")
        assert shown.getpixel((300, 80))[3] == 0  # type: ignore[index]  # four channels
        assert shown.getpixel((20, 80))[3] == 255  # type: ignore[index]  # four channels


async def test_an_alpha_channel_that_hides_nothing_is_dropped(make: Make) -> None:
    made = await make(drawn(400, 300, format="PNG", mode="RGBA"))
    assert ImageFormat.JPEG in {file.format for file in made.picture.renditions}


async def test_printers_colours_and_profiles_become_ordinary_ones(make: Make) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (
        drawn(400, 300, mode="CMYK"),
        drawn(400, 300, icc_profile=profile),
        drawn(400, 300, icc_profile=b"not a profile at all"),
        saved(Image.new("L", (400, 300), 200), format="PNG"),
        saved(Image.new("P", (400, 300), 1), format="PNG"),
        saved(Image.new("I;16", (400, 300), 40_000), format="PNG"),
    ):
        made = await make(data)
        assert opened(made, ImageFormat.JPEG, 320).mode == "RGB"
        assert "icc_profile" not in opened(made, ImageFormat.JPEG, 320).info


async def test_of_an_animation_the_first_frame_is_taken(make: Make) -> None:
    frames = [Image.new("RGB", (400, 300), color) for color in ("red", "blue")]
    made = await make(saved(frames[0], format="WEBP", save_all=True, append_images=frames[1:]))
    red, _, blue = opened(made, ImageFormat.JPEG, 320).getpixel((20, 20))  # type: ignore[misc]  # three channels
    assert (red > 200, blue < 60) == (True, True)


async def test_what_to_show_until_it_is_there_comes_with_it(make: Make) -> None:
    made = await make(saved(Image.new("RGB", (400, 300), (18, 52, 86)), format="PNG"))
    assert made.picture.dominant_color == "#123456"
    # One colour: 4 by 3 components, and its average as four digits of base 83.
    average = 0
    for digit in made.picture.blur_hash[2:6]:
        alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
        average = average * 83 + alphabet.index(digit)
    assert (made.picture.blur_hash[0], f"{average:06x}") == ("L", "123456")


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", ArtworkFailure.NOT_A_PICTURE),
        (b"<!doctype html><script>alert(1)</script>", ArtworkFailure.NOT_A_PICTURE),
        (b"", ArtworkFailure.NOT_A_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", ArtworkFailure.NOT_A_PICTURE),
        (drawn(400, 300, format="GIF"), ArtworkFailure.NOT_A_PICTURE),
        (drawn(400, 300, format="TIFF"), ArtworkFailure.NOT_A_PICTURE),
        (bomb(30_000, 30_000), ArtworkFailure.TOO_LARGE),
        (bomb(11_000, 10_000), ArtworkFailure.TOO_LARGE),
        (drawn(31, 300), ArtworkFailure.TOO_SMALL),
        (drawn(40, 2000), ArtworkFailure.ODD_SHAPE),
        (drawn(400, 300)[:900], ArtworkFailure.BROKEN),
        (bomb(500, 500), ArtworkFailure.BROKEN),
    ],
    ids=["svg", "html", "empty", "postscript", "gif", "tiff", "bomb", "wide bomb", "tiny", "strip", "cut", "hollow"],
)
async def test_what_is_no_picture_for_us_is_refused_with_a_reason(
    make: Make, data: bytes, failure: ArtworkFailure
) -> None:
    with pytest.raises(PictureRefused) as refused:
        await make(data)
    assert refused.value.failure is failure


async def test_making_a_picture_does_not_hold_up_the_loop(make: Make) -> None:
    making = asyncio.ensure_future(make(drawn(2000, 3000), ArtworkKind.POSTER))
    turns = 0
    while not making.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 20
