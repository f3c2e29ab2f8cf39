"""Placeholder art: always the same for an item, always well-formed, never a way in."""

import base64
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.art import PALETTES, data_uri, initials, placeholder

SVG = "{http://www.w3.org/2000/svg}"
texts = st.text(max_size=60)


@given(texts, texts, st.lists(texts, max_size=3))
def test_any_item_gives_well_formed_xml_that_loads_nothing(item_id, title, tags):
    svg = placeholder(item_id, title, tags)
    root = ElementTree.fromstring(svg)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    allowed = {"circle", "defs", "ellipse", "g", "linearGradient", "path", "polygon", "rect", "stop", "svg", "text"}
    assert kinds <= allowed
    assert not any("href" in name for element in root.iter() for name in element.attrib)
    assert root.find(f"{SVG}text").text in {None, initials(title)}


@given(texts, texts, st.lists(texts, max_size=3))
def test_the_uri_holds_the_picture_and_nothing_that_html_or_a_template_would_read(item_id, title, tags):
    svg = placeholder(item_id, title, tags)
    uri = data_uri(svg)
    assert unquote(uri.removeprefix("data:image/svg+xml,")) == svg
    assert not set("<>\"'`$\\{}#&") & set(uri)


def test_an_item_keeps_its_picture_and_differs_from_others():
    pictures = {placeholder(f"item-{number}", "Heat", ["Crime"]) for number in range(50)}
    assert placeholder("item-1", "Heat", ["Crime"]) in pictures
    assert len(pictures) == 50


def test_tags_choose_the_colours():
    grounds = {
        next(colours.ground for colours in PALETTES if colours.ground in placeholder("heat", "Heat", [tag]))
        for tag in ("Crime", "Comedy", "Science Fiction", "Western", "War", "Drama")
    }
    assert len(grounds) > 2


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Heat", "H"),
        ("The Big Quiet", "BQ"),
        ("No Country for Old Men", "NC"),
        ("The The", "TT"),
        ("2001: A Space Odyssey", "2S"),
        ("1984", "84"),
        ("amélie", "A"),
        ("七人の侍", "七"),
        ("ßeta", "S"),
        ("<b>&", "B"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_initials(title, expected):
    assert initials(title) == expected


@given(texts)
def test_initials_are_at_most_two_letters_or_digits(title):
    found = initials(title)
    assert len(found) <= 2
    assert all(letter.isalnum() for letter in found)


def luminance(colour):
    parts = base64.b16decode(colour[1:].upper())
    linear = [part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.ground)
def test_letters_stand_out_from_both_ends_of_the_ground(palette):
    for ground in (palette.deep, palette.ground):
        assert (luminance(palette.letter) + 0.05) / (luminance(ground) + 0.05) >= 4.5
