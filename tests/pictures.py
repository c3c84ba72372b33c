"""Pictures for tests, drawn here, and pictures as only an attacker would draw them."""

import io
import struct
import zlib

from PIL import Image

from domain.media.artwork import ImageFormat, Picture, Rendition


def drawn(width: int = 800, height: int = 1200, *, format: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new(mode, (width, height), "red")
    picture.paste(Image.new(mode, (width - width // 2, height), "blue"), (width // 2, 0))
    return saved(picture, format=format, **options)


def saved(picture: Image.Image, *, format: str, **options: object) -> bytes:
    """A picture's file."""
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def made(seed: str, *widths: int) -> Picture:
    """What a worker would have made, without files."""
    files = [
        Rendition(
            format, width, width * 3 // 2, 100, f"{zlib.crc32(f'{seed}{width}{format}'.encode()):064x}.{format.suffix}"
        )
        for width in widths
        for format in (ImageFormat.JPEG, ImageFormat.WEBP)
    ]
    return Picture(800, 1200, "#ff0000", "L" * 28, tuple(files))
