"""Pictures made harmless: decoded, turned upright, stripped of all but the pixels, made small."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms, ImageOps

from core.errors import BadInput
from core.text import N_

PIXELS_MAX = 40_000_000
THUMBNAIL_SIDES = (320, 1280)
QUALITY = 88

Format = Literal["PNG", "JPEG", "WEBP"]
FORMATS: tuple[Format, ...] = ("PNG", "JPEG", "WEBP")


class PictureRefused(BadInput):
    """The picture cannot be used; the sentence says why."""

    code = "picture_refused"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and nothing else: no place, no camera, no comment. Sides in pixels."""

    content: bytes = field(repr=False)
    format: Format
    width: int
    height: int


def normalise(content: bytes) -> Picture:
    """Encode the picture anew in its own format, upright, in sRGB, without any metadata.

    Whatever else the bytes held (place, thumbnails, a script behind the picture) is gone.

    Raises:
        PictureRefused: no picture of a known format, cut short, or above PIXELS_MAX.

    """
    with _opened(content) as (image, kind):
        upright = _plain(image, kind)
        out = BytesIO()
        upright.save(out, kind, quality=QUALITY, optimize=True)
        return Picture(out.getvalue(), kind, upright.width, upright.height)


def thumbnails(content: bytes) -> dict[int, bytes]:
    """Make the picture small, as WebP: longest side in pixels to bytes. Nothing is enlarged.

    Raises:
        PictureRefused: as `normalise`.

    """
    made = {}
    with _opened(content) as (image, kind):
        small = _plain(image, kind)
        for side in sorted(THUMBNAIL_SIDES, reverse=True):
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            out = BytesIO()
            small.save(out, "WEBP", quality=80, method=4)
            made[side] = out.getvalue()
    return made


@contextmanager
def _opened(content: bytes) -> Iterator[tuple[Image.Image, Format]]:
    """Open within limits: the header tells the size before a single pixel is decoded."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            _weigh(image)
            image.load()
            yield image, next(kind for kind in FORMATS if kind == image.format)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(
            N_(
                "The picture has more than %(megapixels)s megapixels. Make it smaller and upload"
                " it again."
            ),
            megapixels=PIXELS_MAX // 1_000_000,
        ) from error
    except (OSError, ValueError, SyntaxError, IndexError, TypeError, StopIteration) as error:
        raise PictureRefused(
            N_(
                "The picture is damaged or incomplete. Open it on your device, save it anew and"
                " upload it again."
            )
        ) from error


def _weigh(image: Image.Image) -> None:
    if image.width * image.height > PIXELS_MAX:
        raise Image.DecompressionBombError


def _plain(image: Image.Image, kind: Format) -> Image.Image:
    """Give upright pixels in sRGB, with transparency where the format keeps it."""
    upright = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    clear = kind != "JPEG" and upright.has_transparency_data
    if upright.mode in {"I;16", "I;16B", "I", "F"}:
        # Sixteen bits a pixel: plain conversion would clip nearly all of it to white.
        upright = upright.convert("I").point(lambda value: value / 256).convert("L")
    elif profile and upright.mode in {"RGB", "CMYK", "L"}:
        upright = _srgb(upright, profile)
    fresh = upright.convert("RGBA" if clear else "RGB")
    fresh.info = {}
    return fresh


def _srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Turn the picture's own colours into sRGB; a broken profile is as good as none."""
    try:
        turned = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return turned or image
