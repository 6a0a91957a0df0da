"""What strangers upload: taken, mended or refused with a reason."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from adapters import archives
from adapters.pictures import PictureRefused, normalise, thumbnails
from adapters.uploads import PICTURES, TEST_VIRUS, Kind, UploadRefused, check
from core.errors import BadInput
from tests.adapters.files import PDF, PLACE, archive, docx, located_photo, picture, xlsx

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "kind", "mime"),
    [
        (picture("PNG"), Kind.png, "image/png"),
        (picture("JPEG"), Kind.jpg, "image/jpeg"),
        (picture("WEBP"), Kind.webp, "image/webp"),
        (PDF, Kind.pdf, "application/pdf"),
        (docx(), Kind.docx, None),
        (xlsx([["a"]]), Kind.xlsx, None),
        (b"name;price\r\nA;1\r\n", Kind.csv, "text/csv"),
        ("náme,price\n".encode("utf-16"), Kind.csv, "text/csv"),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, kind: Kind, mime: str | None) -> None:
    upload = check("report.exe", content)
    assert upload.kind is kind
    assert upload.name == f"report.exe.{kind}"
    assert upload.mime == mime or mime is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\photos\\Block A.JPEG", "Block A.png"),
        ("a\u202egnp.exe", "a gnp.exe.png"),
        ("..", "file.png"),
        ("", "file.png"),
        ('a"b<c>\r\nd.png', "a b c d.png"),
        ("Unit 4.5.png", "Unit 4.5.png"),
        ("شقة.png", "شقة.png"),
        ("x" * 500 + ".png", "x" * 115 + ".png"),
    ],
)
def test_a_name_steers_nothing(given: str, kept: str) -> None:
    assert check(given, picture()).name == kept


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SVG,
        b"\xef\xbb\xbf  " + SVG,
        b"<!doctype html><p>Hello",
        b"<?xml version='1.0'?><a/>",
        b"MZ\x90\x00\x03" + b"\x00" * 100,
        b"\x7fELF" + b"\x00" * 100,
        TEST_VIRUS,
        b"name\n" + TEST_VIRUS,
        docx(virus=TEST_VIRUS),
        docx(word__vbaProject__bin=b"", **{"word/vbaProject.bin": b"macro"}),
        picture() + archive(evil=b"x"),
        picture("JPEG") + b"<script>alert(1)</script>",
        picture("JPEG", comment=b"<svg onload=alert(1)>"),
        PDF + archive(evil=b"x"),
        PDF.replace(b"<<>>", b"<< /S /JavaScript /JS (app.alert(1)) >>"),
        PDF[:20],
        docx()[:-30],
        archive(readme=b"no office file"),
        b"PK\x03\x04" + b"\x00" * 100,
        b"GIF89a" + b"\x01" * 20,
    ],
)
def test_what_could_do_harm_is_refused(content: bytes) -> None:
    with pytest.raises(UploadRefused) as refused:
        check("file.png", content)
    assert str(refused.value).endswith((".", "csv"))


def test_only_what_is_allowed_here_is_taken() -> None:
    with pytest.raises(UploadRefused, match="jpg, png, webp"):
        check("lease.pdf", PDF, PICTURES)
    with pytest.raises(UploadRefused, match="larger than 1 MB"):
        check("a.csv", b"a" * 2_000_000, bytes_max=1024 * 1024)


def test_an_archive_that_unfolds_to_far_more_is_refused() -> None:
    bomb = docx(word__media=b"\x00" * 60_000_000)
    with pytest.raises(UploadRefused, match="damaged"):
        check("a.docx", bomb)
    many = archive(**{f"part{number}": b"" for number in range(archives.ENTRIES_MAX + 1)})
    with pytest.raises(archives.Unsafe):
        archives.names_in(many)


def test_sizes_that_an_archive_declares_are_not_believed() -> None:
    lying = bytearray(docx(word__media=b"a" * 5000))
    at = lying.index(struct.pack("<I", 5000))
    while at >= 0:
        lying[at : at + 4] = struct.pack("<I", 5)
        at = lying.find(struct.pack("<I", 5000))
    with pytest.raises(UploadRefused, match="damaged"):
        check("a.docx", bytes(lying))


def _giant_png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        size, sum_ = struct.pack(">I", len(data)), struct.pack(">I", zlib.crc32(name + data))
        return size + name + data + sum_

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [6400, 10_000, 50_000])
def test_a_picture_of_too_many_pixels_is_not_even_decoded(side: int) -> None:
    # Decoded, it would be damaged: there are far too few pixels in it.
    with pytest.raises(PictureRefused, match="40 megapixels"):
        check("big.png", _giant_png(side, side))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_cut_short_is_refused(kind: str) -> None:
    whole = picture(kind, (200, 200))
    for part in (whole[: len(whole) // 2], whole[:30]):
        with pytest.raises(BadInput, match="damaged or incomplete"):
            check("photo", part)


def test_a_photo_loses_its_place_and_stands_upright() -> None:
    photo = located_photo()
    assert PLACE in photo
    upload = check("IMG_0001.jpg", photo)
    assert PLACE not in upload.content
    assert (upload.width, upload.height) == (32, 64)
    with Image.open(BytesIO(upload.content)) as image:
        assert not image.getexif()
        assert "comment" not in image.info
        red = image.convert("RGB").getpixel((16, 5))
    assert isinstance(red, tuple)
    assert red[0] > 200


def test_small_pictures_are_made_and_never_enlarged() -> None:
    made = thumbnails(picture("JPEG", (2000, 1000)))
    sizes = {side: Image.open(BytesIO(content)).size for side, content in made.items()}
    assert sizes == {320: (320, 160), 1280: (1280, 640)}
    assert Image.open(BytesIO(thumbnails(located_photo())[1280])).size == (32, 64)
    assert all(content[8:12] == b"WEBP" for content in made.values())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_way_to_hold_pixels_is_read(mode: str) -> None:
    out = BytesIO()
    kind = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (20, 10)).save(out, kind)
    assert normalise(out.getvalue()).width == 20
    assert len(thumbnails(out.getvalue())) == 2


def test_what_can_be_seen_through_stays_so() -> None:
    out = BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(normalise(out.getvalue()).content)) as image:
        assert image.getpixel((5, 5)) == (255, 0, 0, 0)


def test_sixteen_bits_a_pixel_are_not_all_white() -> None:
    out = BytesIO()
    Image.new("I;16", (10, 10), 32768).save(out, "PNG")
    with Image.open(BytesIO(normalise(out.getvalue()).content)) as image:
        assert image.getpixel((5, 5)) == (128, 128, 128)
