"""Hard constraints: the indexed filter, the check of one item and a plain reading of the rules always agree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.filters import allowed, broken
from retrieval.records import Bound, Item, Query, Term

DOMAIN = load_domain("movies")
GENRES = ["Comedy", "Horror", "War"]
NAMES = ["Ana Lind", "Bo Marsh"]
LANGUAGES = ["French", "Korean"]
FIELDS = {"genres": GENRES, "directors": NAMES, "cast": NAMES, "languages": LANGUAGES, "shelf": ["A1"]}
FACETS = {"genre": GENRES, "director": NAMES, "actor": NAMES, "person": NAMES, "language": LANGUAGES, "shelf": ["A1"]}
tenths = st.integers(0, 10).map(lambda tenth: tenth / 10)
years = st.integers(1980, 1990).map(float)
NUMBERS = {"year": years, "tone.light_dark": tenths, "copies": st.integers(0, 3).map(float)}
NUMBER_NAMES = {"year": years, "light_dark": tenths, "copies": st.integers(0, 3).map(float), "minutes": years}


@st.composite
def items(draw: st.DrawFn, place: int) -> Item:
    facets = {
        field: draw(st.lists(st.sampled_from(values), unique=True, max_size=2))
        for field, values in FIELDS.items()
        if draw(st.booleans())
    }
    numbers = {name: draw(values) for name, values in NUMBERS.items() if draw(st.booleans())}
    return Item(id=f"i{place}", title=f"Item {place}", facets=facets, numbers=numbers)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    size = draw(st.integers(1, 6))
    return Catalogue(DOMAIN, [draw(items(place)) for place in range(size)], "d")


@st.composite
def terms(draw: st.DrawFn) -> Term:
    facet = draw(st.sampled_from(sorted(FACETS)))
    value = draw(st.sampled_from([*FACETS[facet], "nobody has this"]))
    return Term(
        facet=facet, value=value, weight=draw(st.sampled_from([-1.0, -0.3, 0.3, 1.0])), hard=draw(st.booleans())
    )


@st.composite
def bounds(draw: st.DrawFn) -> Bound:
    number = draw(st.sampled_from(sorted(NUMBER_NAMES)))
    low = draw(st.none() | NUMBER_NAMES[number])
    high = draw(st.none() | NUMBER_NAMES[number])
    return Bound(
        number=number, low=low, high=high, weight=draw(st.sampled_from([-1.0, 1.0])), hard=draw(st.booleans()),
        admit_unknown=draw(st.booleans()),
    )  # fmt: skip


queries = st.builds(
    Query,
    terms=st.lists(terms(), max_size=4).map(tuple),
    bounds=st.lists(bounds(), max_size=2).map(tuple),
    exclude=st.frozensets(st.sampled_from(["i0", "i1", "gone"])),
)


def has(item: Item, facet: str) -> set[str]:
    """Values of an item for a facet or a role, read from its fields without the catalogue's help."""
    fields = {
        "genre": ["genres", "genre"], "director": ["directors"], "actor": ["cast"], "person": ["directors", "cast"],
        "language": ["languages"], "shelf": ["shelf"],
    }[facet]  # fmt: skip
    values = [value for field in fields for value in item.facets.get(field, [])]
    return set(values[:1] if facet == "language" else values)  # an item is in the first of its languages


def fits(query: Query, item: Item) -> bool:
    """The rules of DESIGN in so many words."""
    if item.id in query.exclude:
        return False
    hard = [term for term in query.terms if term.hard]
    if any(term.weight < 0 and term.value in has(item, term.facet) for term in hard):
        return False
    for facet in {term.facet for term in hard if term.weight > 0}:
        wanted = {term.value for term in hard if term.facet == facet and term.weight > 0}
        if not wanted & has(item, facet):
            return False
    for bound in query.bounds:
        if not bound.hard:
            continue
        number = item.numbers.get("tone.light_dark" if bound.number == "light_dark" else bound.number)
        if number is None:
            if not bound.admit_unknown:
                return False
            continue
        low = -float("inf") if bound.low is None else bound.low
        high = float("inf") if bound.high is None else bound.high
        if (low <= number <= high) != (bound.weight > 0):
            return False
    return True


@settings(max_examples=50)
@given(catalogues(), queries)
def test_filter_check_and_rules_agree(catalogue: Catalogue, query: Query) -> None:
    mask = allowed(catalogue, query)
    assert mask.shape == (len(catalogue),)
    for row, item in enumerate(catalogue.items):
        assert mask[row] == fits(query, item)
        assert (broken(catalogue, query, item) == []) == fits(query, item)


@settings(max_examples=50)
@given(catalogues(), queries)
def test_what_is_broken_is_named_by_what_was_asked(catalogue: Catalogue, query: Query) -> None:
    for item in catalogue.items:
        for failure in broken(catalogue, query, item):
            if isinstance(failure, str):
                assert failure == item.id
            else:
                assert failure.hard
                assert failure in query.terms or failure in query.bounds


@settings(max_examples=50)
@given(catalogues(), queries)
def test_soft_wishes_rule_nothing_out(catalogue: Catalogue, query: Query) -> None:
    soft = query.model_copy(
        update={
            "terms": tuple(term.model_copy(update={"hard": False}) for term in query.terms),
            "bounds": tuple(bound.model_copy(update={"hard": False}) for bound in query.bounds),
            "exclude": frozenset(),
        }
    )
    assert allowed(catalogue, soft).all()


@settings(max_examples=50)
@given(catalogues(), queries, terms())
def test_one_more_exclusion_never_admits_an_item(catalogue: Catalogue, query: Query, term: Term) -> None:
    stricter = query.model_copy(
        update={"terms": (*query.terms, term.model_copy(update={"weight": -1.0, "hard": True}))}
    )
    assert not (allowed(catalogue, stricter) & ~allowed(catalogue, query)).any()


def test_every_item_of_the_starter_breaks_what_it_has(starter: Catalogue) -> None:
    for item in starter.items:
        query = Query(terms=(Term(facet="genre", value=item.genres[0], weight=-1, hard=True),))
        assert broken(starter, query, item) == list(query.terms)
        assert not allowed(starter, query)[starter.row[item.id]]


@pytest.mark.parametrize(("admit", "shown"), [(False, False), (True, True)])
def test_an_item_without_the_number_fails_unless_admitted(admit: bool, shown: bool) -> None:
    catalogue = Catalogue(DOMAIN, [Item(id="a", title="A")], "d")
    query = Query(bounds=(Bound(number="minutes", high=90, admit_unknown=admit),))
    assert allowed(catalogue, query).tolist() == [shown]
