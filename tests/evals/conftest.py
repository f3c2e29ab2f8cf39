"""A small real catalogue and ways to write replies, profiles and beliefs by hand."""

import json

import pytest

from bot.records import Belief, Evidence, Profile, Recommendation, Reply, Understanding
from retrieval.domain import load_domain
from retrieval.importer import import_file

ROWS = [
    {"id": "1", "title": "Alien", "year": 1979, "minutes": 117, "genres": ["Horror", "Science Fiction"],
     "directors": ["Ridley Scott"], "cast": ["Sigourney Weaver"], "synopsis": "Ellen Ripley meets a guest."},
    {"id": "2", "title": "The Big Quiet", "year": 1994, "minutes": 96, "genres": ["Comedy"],
     "directors": ["Ann Poole"], "cast": ["Ned Flint"], "synopsis": "Two brothers stop talking."},
    {"id": "3", "title": "The Big Quiet Returns", "year": 2003, "minutes": 141, "genres": ["Comedy", "Drama"],
     "directors": ["Ann Poole"], "cast": ["Ridley Scott"], "synopsis": "They start again."},
    {"id": "4", "title": "Perfect", "year": 1985, "genres": ["Drama"], "cast": ["Ned Flint"], "synopsis": "A gym."},
    {"id": "5", "title": "Labyrinth", "year": 1986, "minutes": 101, "genres": ["Family"], "synopsis": "A maze."},
    {"id": "6", "title": "It is so", "year": 1931, "minutes": 70, "genres": ["Drama"], "synopsis": "A play."},
]  # fmt: skip


@pytest.fixture(scope="session")
def rows():
    return ROWS


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "small.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return import_file(path, load_domain("movies"))[0]


@pytest.fixture(scope="session")
def reply_of(catalogue):
    """Write a reply that shows some ids."""

    def write(text="Here.", act="recommend", ids=(), entities=()):
        items = [Recommendation(item=catalogue.get(one), score=0.0) for one in ids]
        understanding = Understanding(text="", entities=list(entities))
        return Reply(turn=1, text=text, act=act, items=items, understanding=understanding)

    return write


@pytest.fixture(scope="session")
def believe():
    """Write a profile of one belief."""

    def write(group, label, facet, value, quote="said so", **rest):
        evidence = [Evidence(turn=1, quote=quote)]
        belief = Belief(id="b", group=group, label=label, facet=facet, value=value, evidence=evidence, **rest)
        return Profile.model_validate({group: [belief]})

    return write
