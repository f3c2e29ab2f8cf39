"""Understanding without a language model: one utterance and its context in, one Understanding out."""

from __future__ import annotations

from bot.dialling import with_dial, without_dial
from bot.gazetteer import Gazetteer
from bot.languages import language_of
from bot.lexicon import languages
from bot.listening import Listener
from bot.quantities import Quantity
from bot.records import Understanding
from bot.references import Context
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.encoder import QueryEncoder


class Understander:
    """Understands utterances against one catalogue, in each language that has a lexicon; safe to share.

    A language is made ready when it is first heard. Without an encoder the acts of English are told by rules alone.
    """

    def __init__(self, catalogue: Catalogue, encoder: QueryEncoder | None = None) -> None:
        self.catalogue = catalogue
        self._encoder = encoder
        self.domain: DomainConfig = catalogue.domain
        self.gazetteer = Gazetteer(catalogue)
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
        wish, rest = without_dial(text, language)
        return with_dial(self.listener(language).understand(rest, context), text, wish)

    def quantities(self, text: str, language: str) -> list[Quantity]:
        """The numeric wishes of a text."""
        return self.listener(language).drafter.quantities(text)

    def linked_items(self, text: str) -> list[str]:
        """Ids of the items a text names, in order; what is said of them is not read."""
        return self.listener(language_of(text)).drafter.linked_items(text)
