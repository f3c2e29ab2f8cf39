"""Short readable names of beliefs and of what they ask for: "no Horror", "before 1990", "by Stanley Kubrick"."""

from __future__ import annotations

from retrieval.domain import DomainConfig


def range_label(
    domain: DomainConfig, number: str, low: float | None, high: float | None, negative: bool = False
) -> str:
    """A bound in words, by the role of its number. Bounds are inclusive, in the catalogue's unit."""
    config = domain.numbers.get(number)
    role = config.role if config else "other"
    if role == "year":
        text = _year_label(low, high)
    elif role == "age":
        text = f"suitable for age {high:g}" if high is not None else f"for viewers of {low:g} and up"
    elif role == "level":
        pole = config.high if config else None
        word = (pole.words[0] if pole and pole.words else number).replace("_", " ")
        text = (f"no {number}" if high == 0 else f"not too {word}") if high is not None else word
    elif role == "axis" and config:
        pole = config.low if high is not None else config.high
        text = pole.name if pole else number
    else:
        unit = f" {config.unit.many}" if config and config.unit else ""
        text = _plain_label(low, high, unit)
    return f"not {text}" if negative else text


def _year_label(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        if low == high:
            return f"from {low:g}"
        if low % 10 == 0 and high == low + 9:
            return f"from the {low:g}s"
        return f"from {low:g} to {high:g}"
    return f"before {high + 1:g}" if high is not None else f"from {low:g} or later"


def _plain_label(low: float | None, high: float | None, unit: str) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}{unit}"
    return f"at most {high:g}{unit}" if high is not None else f"at least {low:g}{unit}"


def value_label(domain: DomainConfig, facet: str, value: str, polarity: float, role: str | None = None) -> str:
    """A facet value as a wish: "Comedy", "with Tom Hanks", "directed by Akira Kurosawa", "no Horror"."""
    if facet == "item":
        return value
    if facet == "person" or (facet in domain.facets and domain.facets[facet].role == "person"):
        wish = domain.facets[role].phrases.wish if role in domain.facets else None
        text = (wish or "with {value}").format(value=value) if polarity > 0 else value
    else:
        config = domain.facets.get(facet)
        said = config is not None and value not in config.unsaid
        text = (config.phrases.wish if config and said and config.phrases.wish else "{value}").format(value=value)
    return text if polarity > 0 else f"no {value}"
