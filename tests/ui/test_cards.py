"""What a card and the profile panel say of a record."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Belief, Evidence, Profile, Reason, Recommendation
from retrieval.domain import Noun, load_domain
from retrieval.importer import import_file
from retrieval.records import Item
from ui.cards import (
    MAX_BLURB,
    amount,
    blurb,
    card,
    facts,
    groups,
    image_source,
    local_image,
    marked,
    name_of,
    strength_word,
    strongest,
)  # fmt: skip

ROWS = [
    {"id": "heat", "title": "Heat", "year": 1995, "minutes": 170, "genres": ["Crime", "Thriller", "Drama"],
     "directors": ["Michael Mann"], "cast": ["Al Pacino"], "moods": ["tense"], "synopsis": "A thief and a detective."},
    {"id": "bare", "title": "Bare"},
    {"id": "cast", "title": "Cast Only", "cast": ["Ann Poole", "Ned Flint", "Third"], "minutes": 60},
]  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return import_file(path, load_domain("movies"))[0]


def belief(group="likes", **given):
    fields = {"id": "b1", "group": group, "label": "Heat (1995)", "facet": "item", "value": "Heat"}
    return Belief(**{**fields, **given})


def reason(label, weight, quote=""):
    evidence = [Evidence(turn=2, quote=quote)] if quote else []
    return Reason(kind="facet", label=label, weight=weight, evidence=evidence)


# ---------------------------------------------------------------- facts


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (170.0, Noun(one="minute", many="minutes"), "2 h 50 min"),
        (120.0, Noun(one="minute", many="minutes"), "2 h"),
        (59.0, Noun(one="minute", many="minutes"), "59 minutes"),
        (1.0, Noun(one="page", many="pages"), "1 page"),
        (320.0, Noun(one="page", many="pages"), "320 pages"),
        (2.5, None, "2.5"),
    ],
)
def test_amount(value, unit, expected):
    assert amount(value, unit) == expected


def test_facts_come_from_roles_and_what_the_record_has(catalogue):
    assert facts(catalogue.get("heat"), catalogue) == ["2 h 50 min", "Crime, Thriller", "by Michael Mann", "tense"]
    assert facts(catalogue.get("cast"), catalogue) == ["1 h", "with Ann Poole, Ned Flint"]
    assert facts(catalogue.get("bare"), catalogue) == []


def test_a_name_tells_namesakes_apart(catalogue):
    assert name_of(catalogue.get("heat")) == "Heat (1995)"
    assert name_of(catalogue.get("bare")) == "Bare"


@given(st.text(max_size=600))
def test_a_blurb_is_short_and_begins_like_its_text(text):
    short = blurb(text)
    assert len(short) <= MAX_BLURB + 1
    assert text.startswith(short.removesuffix("…"))


# ---------------------------------------------------------------- reasons


def shown(catalogue, *reasons):
    pick = Recommendation(item=catalogue.get("heat"), score=1.0, reasons=list(reasons))
    return strongest(pick, catalogue)


def test_the_strongest_reasons_are_shown_and_none_that_speaks_against(catalogue):
    reasons = [reason("weak", 0.1), reason("against", -0.9), *(reason(f"r{n}", 0.2 + n / 10) for n in range(4))]
    assert [view["label"] for view in shown(catalogue, *reasons)] == ["r3", "r2", "r1"]


def test_the_same_words_are_quoted_once(catalogue):
    views = shown(
        catalogue, reason("first", 0.5, "no gore"), reason("second", 0.4, "no gore"), reason("third", 0.3, "fun")
    )
    assert [(view["label"], view["quote"], view["turn"]) for view in views] == [
        ("first", "no gore", 2), ("second", "", 0), ("third", "fun", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given_reason", "expected"),
    [
        ({"kind": "similar", "label": "Arrival"}, "like Arrival"),
        ({"kind": "liked", "label": "Alien"}, "close to Alien, which you liked"),
        ({"kind": "disliked", "label": "Saw"}, "unlike Saw, which you did not like"),
        ({"kind": "facet", "label": "Michael Mann", "facet": "director", "value": "Michael Mann"}, "by Michael Mann"),
        ({"kind": "facet", "label": "odd", "facet": "no-such-facet", "value": "odd"}, "odd"),
        ({"kind": "number", "label": "at most 3 h", "facet": "minutes", "belief_id": "b1"}, "at most 3 h"),
        ({"kind": "popularity", "label": "well known"}, "well known"),
    ],
)
def test_a_reason_stands_alone(catalogue, given_reason, expected):
    assert shown(catalogue, Reason(weight=1.0, **given_reason))[0]["label"] == expected


# ---------------------------------------------------------------- cards


def test_a_card_carries_what_its_buttons_say(catalogue, tmp_path):
    view = card(Recommendation(item=catalogue.get("heat"), score=1.0), Profile(), catalogue, tmp_path)
    assert view["more"] == "more like Heat (1995)"
    assert view["why"] == "why Heat (1995)?"
    assert (view["year"], view["link"], view["note"]) == ("1995", "", "")
    assert view["image"].startswith("data:image/svg+xml,")


@pytest.mark.parametrize(
    ("group", "flags"),
    [("likes", (True, False, False)), ("dislikes", (False, True, False)), ("seen", (False, False, True))],
)
def test_a_card_shows_the_marks_of_the_profile(catalogue, tmp_path, group, flags):
    view = card(Recommendation(item=catalogue.get("heat"), score=1.0), Profile(), catalogue, tmp_path)
    now = marked(view, Profile.model_validate({group: [belief(group, item_id="heat").model_dump()]}))
    assert (now["liked"], now["disliked"], now["seen"]) == flags
    assert now["marked"] is (group != "likes")
    assert now["note"]
    assert marked(now, Profile()) == view


def test_only_web_links_become_links(tmp_path, catalogue):
    for url, expected in [
        ("https://example.org/heat", "https://example.org/heat"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org", ""),
        ("http://[broken", ""),
    ]:
        item = Item(id="x", title="X", url=url)
        assert card(Recommendation(item=item, score=0.0), Profile(), catalogue, tmp_path)["link"] == expected


# ---------------------------------------------------------------- pictures


def test_a_local_picture_is_used_only_when_it_lies_beside_the_catalogue(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    (tmp_path / "b.png").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    assert local_image("a.png", folder) == (folder / "a.png").resolve()
    for image in (
        None,
        "",
        "absent.png",
        "../b.png",
        str(tmp_path / "b.png"),
        "notes.txt",
        "a.png\0",
        "http://x/a.png",
    ):
        assert local_image(image, folder) is None


def test_remote_pictures_are_placeholders_unless_allowed(tmp_path):
    item = Item(id="x", title="X", image="https://example.org/x.jpg")
    assert image_source(item, tmp_path, remote=False).startswith("data:")
    assert image_source(item, tmp_path, remote=True) == "https://example.org/x.jpg"
    odd = Item(id="x", title="X", image="javascript:alert(1)")
    assert image_source(odd, tmp_path, remote=True).startswith("data:")


def test_the_address_of_a_local_picture_is_escaped(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    assert image_source(Item(id='a"&/ö', title="X", image="a.png"), tmp_path, False) == "/images?id=a%22%26%2F%C3%B6"


# ---------------------------------------------------------------- profile


def test_groups_come_in_order_and_empty_ones_are_left_out():
    profile = Profile(
        seen=[belief("seen")],
        likes=[
            belief("likes", strength=0.9, evidence=[Evidence(turn=1, quote="a"), Evidence(turn=3, quote="loved it")])
        ],
        constraints=[belief("constraints", hard=True, strength=2.0, scope="person")],
    )
    found = groups(profile, load_domain("movies"))
    assert [group["name"] for group in found] == ["constraints", "likes", "seen"]
    assert found[2]["title"] == "Already watched"
    liked = found[1]["beliefs"][0]
    assert (liked["quote"], liked["turn"], liked["percent"], liked["strength"]) == ("loved it", 3, 90, "strong")
    limit = found[0]["beliefs"][0]
    assert (limit["hard"], limit["kept"], limit["percent"]) == (True, True, 100)


def test_a_tap_is_not_quoted_as_if_it_had_been_said(catalogue):
    tap = Evidence(turn=2, quote="tapped “like” on Heat")
    view = groups(Profile(likes=[belief(evidence=[tap])]), catalogue.domain)[0]["beliefs"][0]
    assert (view["quote"], view["tapped"]) == ("", True)
    liked = Reason(kind="liked", label="Alien", weight=1.0, evidence=[tap])
    assert shown(catalogue, liked)[0]["quote"] == ""


def test_an_import_is_not_quoted_as_if_it_had_been_said(catalogue):
    row = Evidence(turn=2, quote="rated 4.5 of 5 in your import, row 12")
    view = groups(Profile(likes=[belief(evidence=[row])]), catalogue.domain)[0]["beliefs"][0]
    assert (view["quote"], view["tapped"], view["imported"]) == ("", False, row.quote)
    liked = Reason(kind="liked", label="Alien", weight=1.0, evidence=[row])
    assert shown(catalogue, liked)[0]["quote"] == ""
    said = Evidence(turn=3, quote="I love it")
    view = groups(Profile(likes=[belief(evidence=[row, said])]), catalogue.domain)[0]["beliefs"][0]
    assert (view["quote"], view["imported"]) == ("I love it", "")


def test_a_change_of_mind_shows_both_sides_and_cites_one(catalogue):
    liked, left = Evidence(turn=1, quote="I love horror", contrary=True), Evidence(turn=4, quote="no more horror")
    view = groups(Profile(dislikes=[belief(evidence=[liked, left])]), catalogue.domain)[0]["beliefs"][0]
    assert (view["quote"], view["before"]) == ("no more horror", "I love horror")
    reason = Reason(kind="facet", label="Drama", weight=1.0, evidence=[liked])
    assert shown(catalogue, reason)[0]["quote"] == ""
    assert groups(Profile(likes=[belief(evidence=[left])]), catalogue.domain)[0]["beliefs"][0]["before"] == ""


def test_of_a_long_group_the_latest_are_shown_and_counted():
    many = [Belief(id=f"genre:{n}", group="likes", label=str(n), facet="genre", value=str(n)) for n in range(30)]
    domain = load_domain("movies")
    whole, short = groups(Profile(likes=many), domain)[0], groups(Profile(likes=many), domain, 4)[0]
    assert (len(whole["beliefs"]), whole["more"]) == (30, "")
    assert [view["label"] for view in short["beliefs"]] == ["26", "27", "28", "29"]
    assert short["more"] == "These are the latest 4 of 30."
    assert groups(Profile(likes=many[:4]), domain, 4)[0]["more"] == ""


@given(st.floats(0, 1))
def test_every_strength_has_a_word(strength):
    assert strength_word(strength) in {"slight", "clear", "strong"}
