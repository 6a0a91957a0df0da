"""Files as strangers send them, good and hostile."""

import zipfile
from io import BytesIO
from typing import Any

import xlsxwriter
from PIL import Image

PLACE = b"Nairobi -1.2921"


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 32), **options: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def located_photo() -> bytes:
    """A photo as a phone takes it upright: turned by a tag, with the place in its metadata."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[2] = (1.0, 17.0, 31.0)
    return picture("JPEG", exif=exif, comment=PLACE)


def archive(**parts: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    return archive(**{"[Content_Types].xml": b"<a/>", "word__document.xml": b"<a/>", **more})


def xlsx(rows: list[list[Any]], name: str = "Prices") -> bytes:
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "d/m/yyyy"}) as book:
        page = book.add_worksheet(name)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
