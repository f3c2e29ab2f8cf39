"""Names in writing without spaces: found inside running text, where short ones need a cue or quotes."""

from __future__ import annotations

import pytest

from bot.text import fold, key, tokens
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.records import Item

LONG = "这是一个非常长的中文片名它有二十多个字所以超过了从前的限制"


def item(id: str, title: str, year: int = 2000, **facets: list[str]) -> Item:
    return Item(id=id, title=title, year=year, numbers={"year": year}, facets=facets, popularity=0.6)


ITEMS = [
    item("hero", "英雄", 2002, directors=["张艺谋"]),
    item("farewell", "霸王别姬", 1993, directors=["陈凯歌"], cast=["张国荣"]),
    item("dream", "盗梦空间", 2010, cast=["莱昂纳多·迪卡普里奥"]),
    item("long", LONG),
    item("spirited", "千と千尋の神隠し", 2001),
    item("up", "Up", 2009),
]


@pytest.fixture(scope="module")
def understander(starter: Catalogue) -> Understander:
    return Understander(Catalogue(starter.domain, ITEMS, "signs"))


def found(understander: Understander, text: str) -> list[tuple[str, str | None, str]]:
    entities = understander.understand(text).entities
    assert all(text[one.start : one.end] == one.surface for one in entities)
    return [(one.kind, one.item_id or one.value, one.surface) for one in entities if one.kind in {"item", "person"}]


class TestTokens:
    def test_each_sign_is_a_token_and_words_of_letters_stay_whole(self) -> None:
        words = [token.word for token in tokens(fold("我看过Toy Story3和ガンダム"))]
        assert words == ["我", "看", "过", "toy", "story3", "和", "ガ", "ン", "ダ", "ム"]

    def test_marks_between_signs_are_no_part_of_a_key(self) -> None:
        assert key("汤姆·汉克斯") == key("汤姆・汉克斯") == key("汤姆 汉克斯") == "汤 姆 汉 克 斯"

    def test_hangul_and_letters_of_their_own_are_kept(self) -> None:
        assert fold("기생충") == "기생충"
        assert key("Straße") == "strasse"
        assert key("Rødby") == "rodby"


class TestTitles:
    @pytest.mark.parametrize(
        ("text", "id", "surface"),
        [
            ("有没有像盗梦空间那样的", "dream", "盗梦空间"),
            ("我昨天看了霸王别姬觉得不错", "farewell", "霸王别姬"),
            ("想看《英雄》", "hero", "英雄"),
            ("我喜欢英雄", "hero", "英雄"),
            (f"我看过{LONG}", "long", LONG),
            ("我喜欢「千と千尋の神隠し」", "spirited", "千と千尋の神隠し"),
        ],
    )
    def test_a_title_is_found_inside_running_text(
        self, text: str, id: str, surface: str, understander: Understander
    ) -> None:
        assert ("item", id, surface) in found(understander, text)

    @pytest.mark.parametrize("text", ["他真是个英雄人物", "今天累死了"])
    def test_two_signs_without_a_cue_are_no_title(self, text: str, understander: Understander) -> None:
        assert found(understander, text) == []

    def test_an_unknown_title_in_quotes_is_kept_as_unknown(self, understander: Understander) -> None:
        assert found(understander, "《没有这部》怎么样") == [("item", None, "没有这部")]

    def test_quotes_of_other_languages_name_a_title_too(self, understander: Understander) -> None:
        for text in ("«Up»", "„Up“", "“Up”", '"Up"'):
            assert ("item", "up", "Up") in found(understander, f"tell me about {text}")


class TestPeople:
    def test_a_name_of_three_signs_holds_by_itself(self, understander: Understander) -> None:
        assert found(understander, "陈凯歌的片子") == [("person", "陈凯歌", "陈凯歌")]

    def test_the_last_name_is_enough_where_dots_tell_it(self, understander: Understander) -> None:
        assert found(understander, "想看迪卡普里奥演的") == [("person", "莱昂纳多·迪卡普里奥", "迪卡普里奥")]
