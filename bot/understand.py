"""Understanding without a language model: one utterance and its context in, one Understanding out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bot.describing import loosened
from bot.dialling import with_dial, without_dial
from bot.gazetteer import Gazetteer
from bot.languages import language_of
from bot.leanings import load_leanings
from bot.lexicon import languages
from bot.listening import Listener, is_bare_title
from bot.occasions import with_occasions
from bot.quantities import Quantity
from bot.records import Understanding
from bot.references import Context
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.encoder import QueryEncoder

_READ = 600  # characters; what a description is about is said by then
_CLEAR, _CLEARER = 0.3, 0.4  # how sure the likeliest value must be to make a wish of what is unclear, of what is talk
_TOLD = 2  # telling words of a description
_TELLING = 3  # the same, where nothing else speaks for one
_SHORT, _LONG = 4, 8  # words from which what is unclear, and what sounds like talk, may be a description
_OF_WHAT_IS_SHOWN = {"why", "why_not", "compare", "ask_item", "reject", "seen"}
_VAGUE = {"unclear", "chitchat", "off_topic", "ask_item", "request", "disclose", "answer", "help", "like", "dislike"}
_WISHES = {"request", "disclose", "constrain"}
_TALK = {"chitchat", "off_topic", "help"}
_BESIDE = {"greet", "thank"}


class Understander:
    """Understands utterances against one catalogue, in each language that has a lexicon; safe to share.

    A language is made ready when it is first heard. Without an encoder the acts of English are told by rules alone.
    """

    def __init__(self, catalogue: Catalogue, encoder: QueryEncoder | None = None) -> None:
        self.catalogue = catalogue
        self._encoder = encoder
        self.domain: DomainConfig = catalogue.domain
        self.gazetteer = Gazetteer(catalogue)
        self._leanings = load_leanings(self.domain, encoder.dimension) if encoder is not None else None
        self._listeners: dict[str, Listener] = {}
        self.listener(languages()[0])

    def listener(self, language: str) -> Listener:
        """Who hears a language. Raises FileNotFoundError for one without a lexicon."""
        if language not in self._listeners:
            view = self.catalogue.in_language(language)
            self._listeners[language] = Listener(view, self.gazetteer.in_language(view), self._encoder)
        return self._listeners[language]

    def understand(self, text: str, context: Context | None = None) -> Understanding:
        """Acts, preferences, constraints, critiques, item mentions and a question, each with its span or quote."""
        context = context or Context()
        language = language_of(text, context.language)
        listener = self.listener(language)
        wish, rest = without_dial(text, language)
        heard = with_dial(listener.understand(rest, context), text, wish)
        asked = listener.drafter.cues.acts(listener.drafter.fold(rest)) & _OF_WHAT_IS_SHOWN
        heard = heard if context.slate or context.focus or asked else _of_nothing_shown(heard)
        heard = (
            loosened(self._leaning(heard, bool(context.slate)), listener.domain)
            if listener.catalogue.in_own_language
            else heard
        )
        return with_occasions(heard, listener.drafter.fold(heard.text), listener.domain)

    def read_ahead(self, texts: Sequence[str]) -> None:
        """Read utterances that will be understood one after the other, all at once: less work for the encoder."""
        language, spoken = "", defaultdict[str, list[str]](list)
        for text in texts:
            language = language_of(text, language)
            spoken[language].append(without_dial(text, language)[1])
        for language, said in spoken.items():
            self.listener(language).read_ahead(said)

    def _leaning(self, understanding: Understanding, shown: bool) -> Understanding:
        """With what a free description leans towards; it may be all that makes a wish of an utterance.

        `shown`: whether items are on the screen; where none are, nobody asks why or compares.
        """
        vague = _is_vague(understanding, shown)
        if self._leanings is None or self._encoder is None or not (understanding.search or vague):
            return understanding
        text = understanding.text.strip()
        named = {(p.facet, p.value) for p in (*understanding.preferences, *understanding.constraints)}
        found = [
            leaning for leaning in self._leanings.of(self._encoder.encode_one(text[:_READ]))
            if (leaning.facet, leaning.value) not in named
            and leaning.value in self.catalogue.postings(leaning.facet)
        ]  # fmt: skip
        if understanding.search or not found:
            return understanding.model_copy(update={"leanings": found})
        drafter = self.listener(understanding.language).drafter
        search = drafter.telling_words(text)
        plain = [word for word in search.split() if word in drafter.lexicon.common]
        # With nothing on the screen to speak of, a plain sentence that means nothing else describes something.
        tells = understanding.acts == {"unclear"} and not shown and len(plain) == len(search.split()) >= _TELLING
        # So does who says much of which nothing is known: asking back would waste it.
        at_length = len(text.split()) >= _LONG and len(search.split()) >= _TELLING
        tells = tells or (at_length and not shown and not understanding.acts & _TALK)
        if not tells and found[0].weight < (_CLEARER if understanding.acts & _TALK else _CLEAR):
            return understanding
        if len(search.split()) < _TOLD:
            return understanding  # "recommend me a film"
        acts = {"request", "disclose", *(understanding.acts & _BESIDE)}
        return understanding.model_copy(update={"acts": acts, "question": None, "search": search, "leanings": found})

    def quantities(self, text: str, language: str) -> list[Quantity]:
        """The numeric wishes of a text."""
        return self.listener(language).drafter.quantities(text)

    def linked_items(self, text: str) -> list[str]:
        """Ids of the items a text names, in order; what is said of them is not read."""
        return self.listener(language_of(text)).drafter.linked_items(text)


def _of_nothing_shown(understanding: Understanding) -> Understanding:
    """The understanding where nothing is on the screen: a wish that sounds like a question about what is there ("you
    know who did it, you just watch") is a wish, unless an item is named."""
    if is_bare_title(understanding):
        # Whoever only names one would like its like.
        mentions = [mention.model_copy(update={"relation": "similar"}) for mention in understanding.mentions]
        return understanding.model_copy(update={"acts": {"request", "similar"}, "mentions": mentions, "search": ""})
    question = understanding.question
    named = understanding.mentions or understanding.targets or (question is not None and question.item_id is not None)
    if named or not understanding.acts & _WISHES:
        return understanding
    return understanding.model_copy(update={"acts": understanding.acts - _OF_WHAT_IS_SHOWN, "question": None})


def _is_vague(understanding: Understanding, shown: bool) -> bool:
    """Whether nothing was read in an utterance of some length, so that it may describe what is wanted."""
    read = (understanding.preferences, understanding.constraints, understanding.critiques, understanding.mentions,
            understanding.entities, understanding.targets)  # fmt: skip
    asked = understanding.question is not None and understanding.question.item_id is not None
    long = len(understanding.text.split()) >= (_LONG if understanding.acts & _TALK else _SHORT)
    vague = _VAGUE | _BESIDE | (set() if shown else _OF_WHAT_IS_SHOWN)
    return long and not asked and not any(read) and understanding.acts <= vague
