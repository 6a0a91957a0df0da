from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.catalogue import Site
from views.portal import drawn
from views.portal.drawn import HEIGHT, MARGIN, WIDTH

NAIROBI = [("-1.2921", "36.7856"), ("-1.2335", "36.8110"), ("-1.2690", "36.7990")]


def site(latitude: str | None, longitude: str | None) -> Site:
    given: dict[str, Any] = dict.fromkeys(Site.__dataclass_fields__, "")
    where = {
        "latitude": latitude and Decimal(latitude),
        "longitude": longitude and Decimal(longitude),
    }
    return Site(**given | where | {"id": uuid4()})


@pytest.mark.req("S3.01")
def test_projects_stand_on_the_map_as_they_lie() -> None:
    drawing = drawn.draw([site(*each) for each in NAIROBI])

    assert drawing is not None
    south, north, middle = drawing.pins
    assert north.y < middle.y < south.y
    assert south.x < middle.x < north.x
    for pin in drawing.pins:
        assert MARGIN - 1 <= pin.x <= WIDTH - MARGIN + 1
        assert MARGIN - 1 <= pin.y <= HEIGHT - MARGIN + 1


def test_one_project_stands_in_the_middle_and_one_without_a_place_nowhere() -> None:
    drawing = drawn.draw([site(*NAIROBI[0]), site(None, None)])

    assert drawing is not None
    assert [(pin.x, pin.y) for pin in drawing.pins] == [(WIDTH / 2, HEIGHT / 2)]
    assert drawn.draw([site(None, None)]) is None
    assert drawn.draw([]) is None


@pytest.mark.parametrize(
    "places",
    [
        [("90", "0"), ("-90", "180")],
        [("0", "-180"), ("0", "180")],
        [("-1.29210", "36.78560"), ("-1.29211", "36.78561")],
    ],
)
def test_any_places_can_be_drawn(places: list[tuple[str, str]]) -> None:
    drawing = drawn.draw([site(*each) for each in places], "https://tiles.example/{z}/{x}/{y}.png")

    assert drawing is not None
    assert 0 < drawing.scale_pixels <= WIDTH
    assert len(drawing.along) + len(drawing.across) < 300
    assert len(drawing.tiles) <= 9


def test_tiles_cover_the_map_and_come_from_https_only() -> None:
    places = [site(*each) for each in NAIROBI]
    drawing = drawn.draw(places, "https://tiles.example/{z}/{x}/{y}.png")

    assert drawing is not None
    assert min(tile.x for tile in drawing.tiles) <= 0
    assert max(tile.x for tile in drawing.tiles) + drawn.TILE >= WIDTH
    assert min(tile.y for tile in drawing.tiles) <= 0
    assert max(tile.y for tile in drawing.tiles) + drawn.TILE >= HEIGHT
    assert all(tile.href.startswith("https://tiles.example/") for tile in drawing.tiles)
    for address in ("", "http://tiles.example/{z}/{x}/{y}.png", "javascript:alert(1)"):
        plain = drawn.draw(places, address)
        assert plain is not None
        assert plain.tiles == ()
