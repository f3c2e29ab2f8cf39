"""Placeholder art: a small poster drawn from an item's id, title and tags, the same each time.

The first tag picks a few palettes, so that items of a kind look related; the id picks among them and draws the
composition.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 240, 360
"""Size of the picture in its own units; it scales to any size."""


class Palette(NamedTuple):
    """Colours of one poster: two ends of the ground, the shapes, the letters (at least 4.5:1 on the ground)."""

    deep: str
    ground: str
    shape: str
    letter: str


PALETTES = (
    Palette("#0e2f29", "#1f5b50", "#e8b44c", "#f8f3e4"),
    Palette("#14213d", "#2b4570", "#e58a6b", "#f6f1e8"),
    Palette("#34182b", "#6a2e4f", "#f2a65a", "#fbefe4"),
    Palette("#521711", "#93372a", "#f3d9a4", "#fdf4e4"),
    Palette("#3f2c08", "#79571a", "#f4dfa8", "#fff6df"),
    Palette("#0a3440", "#14616f", "#f2c57c", "#f0f8f7"),
    Palette("#22262f", "#465063", "#c8d5b9", "#f6f6f1"),
    Palette("#251a52", "#4f3d96", "#f4b9b8", "#f4f0ff"),
    Palette("#29330f", "#525f28", "#e9c46a", "#f8f6e6"),
    Palette("#521a33", "#983b5d", "#f6d6c9", "#fff2ef"),
    Palette("#0f1020", "#2c2d58", "#8ed1c6", "#f0f2ff"),
    Palette("#3f2419", "#7a4d39", "#dde5c9", "#fbf4ea"),
)

# Words that do not help to tell titles apart; a title made only of them keeps them.
_SMALL_WORDS = frozenset({"a", "an", "and", "at", "de", "der", "die", "in", "la", "le", "of", "on", "the", "to"})


class Dice:
    """Numbers drawn from the digest of a name, so that a name always gives the same picture."""

    def __init__(self, name: str) -> None:
        self._bytes = hashlib.sha256(name.encode("utf-8", "replace")).digest()
        self._next = 0

    def roll(self, low: float, high: float) -> float:
        """The next number, low <= number <= high."""
        byte = self._bytes[self._next % len(self._bytes)]
        self._next += 1
        return low + (high - low) * byte / 255

    def pick(self, count: int) -> int:
        """The next index, 0 <= index < count."""
        return min(count - 1, int(self.roll(0, 1) * count))


def initials(title: str) -> str:
    """One or two letters or digits that stand for a title; "" when it has none.

    A number stands for itself when it is the whole title: "1984" gives "84".
    """
    words = ["".join(letter for letter in word if letter.isalnum()) for word in title.split()]
    words = [word for word in words if word]
    telling = [word for word in words if word.casefold() not in _SMALL_WORDS] or words
    if len(telling) == 1 and telling[0].isdigit():
        return telling[0][-2:]
    return "".join(word[0].upper()[:1] for word in telling[:2])


def placeholder(item_id: str, title: str, tags: Sequence[str] = ()) -> str:
    """An SVG picture, 2:3, well-formed whatever the title is. It loads nothing and needs no font of ours."""
    dice = Dice(item_id)
    family = Dice(tags[0] if tags else "").pick(len(PALETTES))
    palette = PALETTES[(family + 5 * dice.pick(3)) % len(PALETTES)]
    angle = dice.roll(20, 70)
    shapes = _COMPOSITIONS[dice.pick(len(_COMPOSITIONS))](dice)
    letters = initials(title)
    size = 148 if len(letters) == 1 else 104
    x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<defs><linearGradient id="g" x2="{x:.3f}" y2="{y:.3f}"><stop stop-color="{palette.ground}"/>'
        f'<stop offset="1" stop-color="{palette.deep}"/></linearGradient>'
        f'<linearGradient id="f" x2="0" y2="1"><stop offset=".45" stop-color="{palette.deep}" stop-opacity="0"/>'
        f'<stop offset="1" stop-color="{palette.deep}" stop-opacity=".9"/></linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>'
        f'<g fill="{palette.shape}" stroke="{palette.shape}" stroke-width="0">{shapes}</g>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#f)"/>'
        f'<text x="20" y="{HEIGHT - 26}" font-family="Lora,Georgia,Cambria,serif" font-weight="600" '
        f'font-size="{size}" letter-spacing="-4" fill="{palette.letter}">{escape(letters)}</text></svg>'
    )


def data_uri(svg: str) -> str:
    """The picture as a URL for an <img>, where no script of it could ever run."""
    return "data:image/svg+xml," + quote(svg, safe=" =:/,.-()")


# ---------------------------------------------------------------- compositions: dice in, SVG shapes out


def _circle(x: float, y: float, radius: float, opacity: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" opacity="{opacity:.2f}"/>'


def _ring(x: float, y: float, radius: float, width: float, opacity: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" stroke-width="{width:.1f}" '
        f'opacity="{opacity:.2f}"/>'
    )


def _rise(dice: Dice) -> str:
    """A disc over a horizon of bands."""
    x, y, radius = dice.roll(60, 180), dice.roll(80, 150), dice.roll(42, 70)
    horizon = dice.roll(190, 230)
    bands = "".join(
        f'<rect y="{horizon + 16 * step:.1f}" width="{WIDTH}" height="{7 - step}" opacity="{0.5 - 0.08 * step:.2f}"/>'
        for step in range(5)
    )
    return _circle(x, y, radius, 0.92) + bands


def _ripples(dice: Dice) -> str:
    """Rings about a point near an edge."""
    x, y, gap = dice.roll(0, WIDTH), dice.roll(0, 150), dice.roll(22, 34)
    rings = "".join(_ring(x, y, gap * step, gap * 0.34, 0.9 - 0.11 * step) for step in range(2, 9))
    return _circle(x, y, gap, 0.95) + rings


def _dots(dice: Dice) -> str:
    """A field of dots that grow towards a point."""
    x, y = dice.roll(30, 210), dice.roll(30, 200)
    step = 30
    found = []
    for row in range(9):
        for column in range(8):
            left, top = 15 + step * column, 20 + step * row
            near = max(0.0, 1 - math.hypot(left - x, top - y) / 210)
            found.append(_circle(left, top, 1.6 + 11 * near * near, 0.25 + 0.65 * near))
    return "".join(found)


def _rays(dice: Dice) -> str:
    """A fan of rays from a corner."""
    x, y = (0 if dice.pick(2) else WIDTH), dice.roll(150, 260)
    count = 7 + 2 * dice.pick(3)
    found = []
    for step in range(count):
        start, end = (math.radians(-90 + 180 * (step + part) / count) for part in (0.0, 0.48))
        sign = 1 if x == 0 else -1
        points = " ".join(
            f"{x + sign * 420 * math.cos(angle):.1f},{y + 420 * math.sin(angle):.1f}" for angle in (start, end)
        )
        found.append(
            f'<polygon points="{x},{y:.1f} {points}" opacity="{0.3 + 0.5 * ((step * 3) % count) / count:.2f}"/>'
        )
    return "".join(found) + _circle(x, y, 46, 0.95)


def _waves(dice: Dice) -> str:
    """Layered hills."""
    found = [_circle(dice.roll(50, 190), dice.roll(60, 110), dice.roll(22, 40), 0.95)]
    for step in range(4):
        base, swing = 150 + 46 * step, dice.roll(14, 46)
        bend = dice.roll(-1, 1) * swing
        found.append(
            f'<path d="M0 {base + bend:.1f} C80 {base - swing:.1f} 160 {base + swing:.1f} {WIDTH} {base - bend:.1f} '
            f'V{HEIGHT} H0Z" opacity="{0.2 + 0.07 * step:.2f}"/>'
        )
    return "".join(found)


def _blocks(dice: Dice) -> str:
    """A quilt of quarter discs."""
    side = 80
    found = []
    for row in range(3):
        for column in range(3):
            turn, weight = dice.pick(4), dice.roll(0.15, 0.9)
            left, top = column * side, row * side
            corner_x, corner_y = left + side * (turn % 2), top + side * (turn // 2)
            away_x, away_y = left + side * (1 - turn % 2), top + side * (1 - turn // 2)
            sweep = 1 if turn in {0, 3} else 0
            found.append(
                f'<path d="M{corner_x} {corner_y} H{away_x} A{side} {side} 0 0 {sweep} {corner_x} {away_y}Z" '
                f'opacity="{weight:.2f}"/>'
            )
    return "".join(found)


def _bars(dice: Dice) -> str:
    """Slanted bars of uneven width."""
    found, left = [], -120.0
    lean = dice.roll(40, 120)
    while left < WIDTH + 40:
        width = dice.roll(6, 34)
        found.append(
            f'<polygon points="{left:.1f},{HEIGHT} {left + width:.1f},{HEIGHT} {left + width + lean:.1f},0 '
            f'{left + lean:.1f},0" opacity="{dice.roll(0.15, 0.85):.2f}"/>'
        )
        left += width + dice.roll(10, 30)
    return "".join(found)


def _orbits(dice: Dice) -> str:
    """Ellipses about a bright centre, each with a body on it."""
    x, y, tilt = dice.roll(80, 160), dice.roll(110, 170), dice.roll(-40, 40)
    found = [_circle(x, y, dice.roll(14, 24), 0.95)]
    for step in range(1, 6):
        wide, narrow = 28 + 26 * step, 12 + 14 * step
        where = dice.roll(0, math.tau)
        found.append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{wide}" ry="{narrow}" fill="none" stroke-width="1.6" '
            f'opacity="{0.85 - 0.1 * step:.2f}"/>'
        )
        found.append(_circle(x + wide * math.cos(where), y + narrow * math.sin(where), dice.roll(3, 9), 0.9))
    return f'<g transform="rotate({tilt:.1f} {x:.1f} {y:.1f})">{"".join(found)}</g>'


_COMPOSITIONS: tuple[Callable[[Dice], str], ...] = (_rise, _ripples, _dots, _rays, _waves, _blocks, _bars, _orbits)
