"""Runs as a program of its own, locked in: reads one picture of a stranger and writes plain copies of it.

Started by `artwork_making` in the sandbox, with an order as JSON in its only argument and `-I`, so it imports the
standard library and Pillow alone. It prints one JSON object: what it wrote, or why it refuses. A picture that makes
it fail in any other way is broken as far as anybody else is concerned.

Copies hold nothing but pixels: no Exif, no profile, no text, no second frame.
"""

import io
import json
import math
import sys
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError, features

# What the outside may send. Everything else that Pillow could read stays shut.
READ_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
# Quality settings by eye: no visible loss on a television at three metres. AVIF's scale is its own.
QUALITIES = {"JPEG": 82, "WEBP": 80, "AVIF": 60}
# The encoder's own scale, 0 the slowest: 8 costs a fifth of the default's time for a few percent of size.
AVIF_SPEED = 8
# Components of the blur hash by the shape of the picture, and the side of the copy it is computed from, in pixels.
HASH_LONG, HASH_SHORT, HASH_SIDE = 4, 3, 32
BASE_83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def main() -> None:
    """Do what the order says."""
    order = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(_perform(order)))


def _perform(order: dict[str, object]) -> dict[str, object]:
    source, folder = Path(str(order["source"])), Path(str(order["folder"]))
    # Pillow's own guard warns at this number and raises at twice of it; ours below is exact.
    Image.MAX_IMAGE_PIXELS = int(str(order["max_pixels"]))
    try:
        opened = Image.open(source, formats=READ_FORMATS)
    except UnidentifiedImageError:
        return {"refused": "NOT_A_PICTURE"}
    except Image.DecompressionBombError:
        return {"refused": "TOO_LARGE"}
    with opened:
        if opened.width * opened.height > Image.MAX_IMAGE_PIXELS:
            return {"refused": "TOO_LARGE"}
        if min(opened.size) < int(str(order["min_side"])):
            return {"refused": "TOO_SMALL"}
        if max(opened.size) > min(opened.size) * int(str(order["max_ratio"])):
            return {"refused": "ODD_SHAPE"}
        picture = _plain(opened)
    widths = order["widths"]
    assert isinstance(widths, list)
    files = [file for width in _reachable(widths, picture.width) for file in _write(picture, width, folder)]
    return {
        "width": picture.width,
        "height": picture.height,
        "dominant_color": dominant_color(picture),
        "blur_hash": blur_hash(picture),
        "files": files,
    }


def _plain(opened: Image.Image) -> Image.Image:
    """Return the first frame upright, in sRGB, with an alpha channel only if it is used."""
    upright = ImageOps.exif_transpose(opened)
    see_through = upright.has_transparency_data
    mode = "RGBA" if see_through else "RGB"
    profile = opened.info.get("icc_profile")
    if profile and upright.mode in ("RGB", "CMYK", "L"):
        try:
            target = ImageCms.createProfile("sRGB")
            upright = ImageCms.profileToProfile(upright, io.BytesIO(profile), target, outputMode="RGB") or upright
        except (ImageCms.PyCMSError, OSError):
            # A profile nobody can read costs some colour, not the picture.
            upright = upright.convert("RGB")
    plain = upright.convert(mode)
    if mode == "RGBA" and plain.getchannel("A").getextrema()[0] == 255:
        plain = plain.convert("RGB")
    plain.info.clear()
    return plain


def _reachable(widths: list[int], source_width: int) -> list[int]:
    """Return the widths up to the source's own, and that one instead of the first that is larger."""
    return sorted({min(width, source_width) for width in widths})


def _write(picture: Image.Image, width: int, folder: Path) -> list[dict[str, object]]:
    height = max(1, round(picture.height * width / picture.width))
    resized = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    written: list[dict[str, object]] = []
    for format in ("PNG" if resized.mode == "RGBA" else "JPEG", "WEBP", "AVIF"):
        if format == "AVIF" and not features.check("avif"):
            continue
        path = folder / f"{width}.{format.lower()}"
        _save(resized, path, format)
        written.append({"format": format, "width": width, "height": height, "file": path.name})
    return written


def _save(picture: Image.Image, path: Path, format: str) -> None:
    if format == "PNG":
        picture.save(path, format, optimize=True)
    elif format == "JPEG":
        picture.save(path, format, quality=QUALITIES[format], optimize=True, progressive=True)
    elif format == "WEBP":
        picture.save(path, format, quality=QUALITIES[format], method=4)
    else:
        picture.save(path, format, quality=QUALITIES[format], speed=AVIF_SPEED)


def _opaque(picture: Image.Image, side: int) -> Image.Image:
    small = picture.resize((side, side), Image.Resampling.BOX)
    if small.mode != "RGBA":
        return small
    under = Image.new("RGB", small.size)
    under.paste(small, mask=small.getchannel("A"))
    return under


def dominant_color(picture: Image.Image) -> str:
    """Return the most frequent colour of a picture reduced to a few, as `#rrggbb`."""
    few = _opaque(picture, HASH_SIDE).quantize(colors=6)
    counted = few.getcolors()
    palette = few.getpalette()
    assert counted is not None
    assert palette is not None
    _, index = max(counted, key=lambda pair: pair[0])
    assert isinstance(index, int)
    red, green, blue = palette[index * 3 : index * 3 + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def blur_hash(picture: Image.Image) -> str:
    """Return the picture's BlurHash (blurha.sh, algorithm version 1): a few cosine terms of it, as text."""
    wide = picture.width >= picture.height
    columns, rows = (HASH_LONG, HASH_SHORT) if wide else (HASH_SHORT, HASH_LONG)
    factors = [
        _factor(pixels, x, y) for pixels in [_linear_pixels(picture)] for y in range(rows) for x in range(columns)
    ]
    average, waves = factors[0], factors[1:]
    largest = max(abs(value) for factor in waves for value in factor)
    step = max(0, min(82, math.floor(largest * 166 - 0.5)))
    scale = (step + 1) / 166
    text = _digits((columns - 1) + (rows - 1) * 9, 1) + _digits(step, 1)
    red, green, blue = (_to_srgb(value) for value in average)
    text += _digits((red << 16) + (green << 8) + blue, 4)
    for factor in waves:
        r, g, b = (_quantised(value / scale) for value in factor)
        text += _digits(r * 19 * 19 + g * 19 + b, 2)
    return text


def _linear_pixels(picture: Image.Image) -> list[list[tuple[float, float, float]]]:
    small = _opaque(picture, HASH_SIDE)
    raw = small.tobytes()
    linear = [_to_linear(value) for value in range(256)]
    rows = []
    for y in range(HASH_SIDE):
        line = raw[y * HASH_SIDE * 3 : (y + 1) * HASH_SIDE * 3]
        rows.append([(linear[line[i]], linear[line[i + 1]], linear[line[i + 2]]) for i in range(0, len(line), 3)])
    return rows


def _factor(pixels: list[list[tuple[float, float, float]]], wave_x: int, wave_y: int) -> tuple[float, float, float]:
    red = green = blue = 0.0
    along_x = [math.cos(math.pi * wave_x * x / HASH_SIDE) for x in range(HASH_SIDE)]
    for y, line in enumerate(pixels):
        along_y = math.cos(math.pi * wave_y * y / HASH_SIDE)
        for cosine, (r, g, b) in zip(along_x, line, strict=True):
            weight = cosine * along_y
            red, green, blue = red + weight * r, green + weight * g, blue + weight * b
    norm = (1 if wave_x == wave_y == 0 else 2) / HASH_SIDE**2
    return red * norm, green * norm, blue * norm


def _quantised(value: float) -> int:
    bent = math.copysign(math.sqrt(abs(value)), value)
    return max(0, min(18, math.floor(bent * 9 + 9.5)))


def _to_linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _to_srgb(value: float) -> int:
    share = max(0.0, min(1.0, value))
    bent = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return round(bent * 255)


def _digits(value: int, length: int) -> str:
    return "".join(BASE_83[value // 83 ** (length - 1 - place) % 83] for place in range(length))


if __name__ == "__main__":
    main()
