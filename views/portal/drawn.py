"""A map of projects drawn from their coordinates, over tiles where a server of them is set.

Plain arithmetic in the Web Mercator projection: the world is a square of 256 x 2^zoom pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asinh, cos, log2, pi, radians, tan
from urllib.parse import urlsplit

from services.catalogue import Site

WIDTH, HEIGHT = 400, 250
MARGIN = 56
"""Pixels around the pins, for their names."""
TILE = 256
CLOSEST, FARTHEST = 15, 2
EARTH_METRES = 40_075_016.7
ROUND_METRES = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000)


@dataclass(frozen=True, slots=True)
class Pin:
    """A project on the map; `x` and `y` in pixels, its name at the start or the end of the pin."""

    site: Site
    x: float
    y: float
    at_end: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture of the ground."""

    href: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing of `WIDTH` x `HEIGHT`; `scale_metres` are as long as `scale_pixels`."""

    pins: tuple[Pin, ...]
    tiles: tuple[Tile, ...]
    scale_metres: int
    scale_pixels: float
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def along(self) -> list[float]:
        """Give the lines of the grid from north to south, a scale's length apart."""
        return [round(14 + self.scale_pixels * n, 1) for n in range(int(WIDTH / self.scale_pixels))]

    @property
    def across(self) -> list[float]:
        """Give the lines from west to east."""
        foot = HEIGHT - 12
        count = int(HEIGHT / self.scale_pixels) + 1
        return [round(foot - self.scale_pixels * n, 1) for n in range(count)]


def draw(sites: Sequence[Site], tiles: str = "") -> Map | None:
    """Draw the sites that have coordinates, as close as they fit; None if none has.

    `tiles` is an address with {z}, {x} and {y}; only https is used.
    """
    placed = [each for each in sites if each.latitude is not None and each.longitude is not None]
    if not placed:
        return None
    points = [_unit(float(s.latitude or 0), float(s.longitude or 0)) for s in placed]
    middle = tuple((min(axis) + max(axis)) / 2 for axis in zip(*points, strict=True))
    zoom = _zoom(points)
    size = TILE * 2**zoom
    left, top = middle[0] * size - WIDTH / 2, middle[1] * size - HEIGHT / 2
    pins = tuple(
        Pin(site, round(x * size - left, 1), round(y * size - top, 1), x * size - left < WIDTH / 2)
        for site, (x, y) in zip(placed, points, strict=True)
    )
    latitude = radians(_drawable(float(placed[0].latitude or 0)))
    metres_per_pixel = EARTH_METRES * cos(latitude) / size
    length = max((m for m in ROUND_METRES if m / metres_per_pixel <= 90), default=ROUND_METRES[0])
    return Map(pins, _tiles(tiles, zoom, left, top), length, round(length / metres_per_pixel, 1))


def _drawable(latitude: float) -> float:
    """Keep away from the poles, which lie at infinity in this projection."""
    return max(-85.0, min(85.0, latitude))


def _unit(latitude: float, longitude: float) -> tuple[float, float]:
    """Place a point in the square of side 1."""
    y = radians(_drawable(latitude))
    return (longitude + 180) / 360, (1 - asinh(tan(y)) / pi) / 2


def _zoom(points: Sequence[tuple[float, float]]) -> int:
    """Take the closest whole zoom at which all points keep their margin."""
    room = ((WIDTH - 2 * MARGIN) / TILE, (HEIGHT - 2 * MARGIN) / TILE)
    spans = [max(axis) - min(axis) for axis in zip(*points, strict=True)]
    fits = [log2(part / span) for part, span in zip(room, spans, strict=True) if span > 0]
    return max(FARTHEST, min(CLOSEST, int(min(fits, default=float(CLOSEST)))))


def _tiles(address: str, zoom: int, left: float, top: float) -> tuple[Tile, ...]:
    if urlsplit(address).scheme != "https":
        return ()
    columns = range(int(left // TILE), int((left + WIDTH) // TILE) + 1)
    rows = range(int(top // TILE), int((top + HEIGHT) // TILE) + 1)
    return tuple(
        Tile(_named(address, zoom, column, row), column * TILE - left, row * TILE - top)
        for row in rows
        for column in columns
        if 0 <= row < 2**zoom
    )


def _named(address: str, zoom: int, column: int, row: int) -> str:
    named = address.replace("{z}", str(zoom)).replace("{x}", str(column % 2**zoom))
    return named.replace("{y}", str(row))
