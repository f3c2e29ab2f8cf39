"""The page in a real Chromium: what a visitor sees, does and is protected from."""

import itertools
import re
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.records import Profile
from bot.settings import Settings
from tests.bot.model_server import serving as words_from
from tests.ui.conftest import ATTACKS

pytestmark = pytest.mark.browser

TASTE = Path(__file__).parents[1] / "data" / "taste"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
QUIET = 10_000
"""Milliseconds to wait for something to appear."""


class Visitor:
    """One browser context on one page, which notes errors and requests to other servers."""

    def __init__(self, browser, address, **options):
        self.address = address
        self.context = browser.new_context(**{"viewport": DESK, **options})
        self.context.set_default_timeout(QUIET)
        self.troubles = []
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"page: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.open()

    def _heard(self, message):
        if message.type in {"error", "warning"}:
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request):
        if (
            not request.url.startswith(("data:", "blob:"))
            and urlsplit(request.url).netloc != urlsplit(self.address).netloc
        ):
            self.troubles.append(f"external: {request.url}")

    def _answered(self, response):
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")

    def open(self):
        self.page.goto(self.address)
        self.page.wait_for_selector("#rapport-box textarea")
        self.page.wait_for_function("localStorage.getItem('rapport_session') !== null")

    def say(self, text):
        """Say something and wait for the whole reply."""
        box = self.page.locator("#rapport-box textarea")
        box.fill(text)
        box.press("Enter")
        self.wait_for_reply(text)

    def wait_for_reply(self, text):
        """Wait until `text` is said and the reply to it has stopped growing."""
        self.page.wait_for_function(
            """([text, waiting]) => {
                const messages = [...document.querySelectorAll('#rapport-chat .message')];
                const said = messages.map((one) => one.innerText.trim());
                const at = said.lastIndexOf(text);
                return at >= 0 && at < said.length - 1 && said[said.length - 1] !== waiting;
            }""",
            arg=[text, "…"],
        )
        shown, before = self.page.locator(".contain").inner_text(), None
        while shown != before:
            self.page.wait_for_timeout(250)
            shown, before = self.page.locator(".contain").inner_text(), shown

    def titles(self):
        return self.page.locator(".r-title").all_inner_texts()

    def beliefs(self):
        return self.page.locator(".r-label").all_inner_texts()

    def button(self, kind, number=0):
        return self.page.locator(f".r-mark[data-kind={kind}]").nth(number)

    def wait_pressed(self, kind, number=0):
        selector = f".r-card >> nth={number} >> .r-mark[data-kind={kind}][aria-pressed=true]"
        self.page.wait_for_selector(selector)


@pytest.fixture
def visit(chromium):
    visitors = []

    def begin(address, **options):
        visitors.append(Visitor(chromium, address, **options))
        return visitors[-1]

    yield begin
    for visitor in visitors:
        visitor.context.close()


def test_a_whole_visit(site, visit):
    one = visit(site)
    assert one.page.locator("h1").inner_text() == "Rapport"
    assert one.page.locator(".r-chip").count() == 4
    assert "Nothing yet" in one.page.locator(".r-profile").inner_text()

    # A starter is said with a tap; cards, words and the profile follow.
    one.page.locator(".r-chip").first.click()
    one.wait_for_reply("Something like Arrival, but less sad")
    assert len(one.titles()) == 3
    said = one.page.locator("#rapport-chat .user").inner_text()
    assert said == "Something like Arrival, but less sad"
    quotes = one.page.locator(".r-card .r-said q").all_inner_texts()
    assert quotes
    assert all(re.sub(r"[“”]", "", quote) in said for quote in quotes)
    assert any("Arrival" in belief for belief in one.beliefs())

    # Taps show at once, on the card and in the profile.
    first, second, _ = one.titles()
    one.button("like", 0).click()
    one.wait_pressed("like", 0)
    one.button("seen", 1).click()
    one.wait_pressed("seen", 1)
    assert "seen" in one.page.locator(".r-note").nth(1).inner_text()
    assert any(belief in first for belief in one.beliefs())
    one.page.locator(".r-chip", has_text="Show me others").click()
    one.wait_for_reply("show me others")
    assert second not in one.titles()

    # A belief is removed with its button, and its card shows it no more.
    count = len(one.beliefs())
    label = one.beliefs()[-1]
    one.page.get_by_role("button", name=f"Remove {label}", exact=True).last.click()
    one.page.wait_for_function("count => document.querySelectorAll('.r-label').length < count", arg=count)

    # A reload resumes the conversation; another visitor sees nothing of it.
    before = (one.page.locator("#rapport-chat .message").all_inner_texts(), one.titles(), one.beliefs())
    one.open()
    one.page.wait_for_selector(".r-card")
    assert (one.page.locator("#rapport-chat .message").all_inner_texts(), one.titles(), one.beliefs()) == before
    other = visit(site)
    assert other.page.locator("#rapport-chat .user").count() == 0
    assert other.titles() == []
    assert other.beliefs() == []
    other.say("a western")
    assert one.page.locator("#rapport-chat .user").count() == 2
    one.open()
    one.page.wait_for_selector(".r-card")
    assert "a western" not in one.page.locator("#rapport-chat").inner_text()

    # Undo and start over are ordinary turns; "forget me" leaves nothing and nobody.
    one.say("nothing scary please")
    known = one.beliefs()
    one.page.get_by_role("button", name="Undo").click()
    one.page.wait_for_function("known => document.querySelectorAll('.r-label').length < known", arg=len(known))
    one.page.get_by_role("button", name="Start over").click()
    one.page.wait_for_function("document.querySelectorAll('#rapport-chat .user').length === 0")
    assert one.titles() == []
    assert one.page.locator("#rapport-chips .r-chip").count() == 4
    session = one.page.evaluate("localStorage.getItem('rapport_session')")
    one.page.get_by_text("Forget me").click()
    one.page.get_by_role("button", name="Delete everything").click()
    one.page.wait_for_function("document.querySelectorAll('.r-label').length === 0")
    one.page.wait_for_function("old => localStorage.getItem('rapport_session') !== old", arg=session)

    assert one.troubles == []
    assert other.troubles == []


def brought(one, file):
    """Choose a file; the report of it."""
    one.page.get_by_label("Bring your ratings").set_input_files(file)
    report = one.page.locator(".r-report")
    report.wait_for()
    return report


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ratings_are_brought_from_a_file(site, visit, scheme):
    one = visit(site, color_scheme=scheme)
    report = brought(one, TASTE / "letterboxd" / "ratings.csv")
    assert "speaks of 9 films that I know, of which you liked 5 and disliked 2" in report.inner_text()
    assert report.evaluate("element => element === document.activeElement")
    assert report.get_attribute("role") == "status"
    report.get_by_text("What was not taken in").click()
    assert "A Lighthouse of Our Own (2019)" in report.locator("li").last.inner_text()
    assert "rated 4.5 of 5 in your import, row 3" in one.page.locator(".r-profile").inner_text()
    assert one.page.locator(".r-belief q").count() == 0
    assert one.page.evaluate(CONTRAST) == []
    one.page.get_by_text("What would I like?").click()
    one.wait_for_reply("recommend something")
    assert len(one.titles()) == 3
    assert one.page.locator(".r-report").count() == 0

    # The same control is reached and opened with the keyboard, and takes the same file again.
    control = one.page.get_by_label("Bring your ratings")
    control.focus()
    assert one.page.locator(".r-file").evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    with one.page.expect_file_chooser() as chooser:
        control.press("Enter")
    chooser.value.set_files(TASTE / "letterboxd" / "ratings.csv")
    one.page.wait_for_selector(".r-report")
    assert "none of it new" in one.page.locator(".r-report").inner_text()
    one.page.get_by_role("button", name="Undo").click()
    one.page.wait_for_function("document.querySelector('#rapport-chat').innerText.includes('Taken back')")
    assert one.troubles == []


def test_a_profile_is_downloaded_and_brought_back(site, visit, tmp_path):
    one = visit(site)
    one.say("I loved Heat, and no horror")
    one.say("I hate $5 \\ backslashes & <b>tags</b>")
    before = one.beliefs()
    with one.page.expect_download() as download:
        one.page.get_by_role("button", name="download it").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "rapport-profile.json"
    assert Profile.model_validate_json(file.read_bytes()).all()
    other = visit(site)
    assert f"{len(before)} are new here" in brought(other, file).inner_text()
    assert other.beliefs() == before
    assert one.troubles == other.troubles == []


def test_a_large_or_hostile_file_is_only_said_to_be_so(site, visit, tmp_path):
    one = visit(site)
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * 8_000_001)
    assert "RAPPORT_MAX_IMPORT" in brought(one, large).inner_text()
    rows = [f'2020-01-01,"{attack.replace(chr(34), chr(34) * 2)}",1990,u,5' for attack in ATTACKS]
    hostile = tmp_path / "<img src=x onerror='window.pwned=1'>${window.pwned=1}.csv"
    hostile.write_text("\n".join(["Date,Name,Year,Letterboxd URI,Rating", *rows]))
    one.page.get_by_label("Bring your ratings").set_input_files(hostile)
    one.page.wait_for_function("document.querySelector('.r-report')?.innerText.includes('match nothing here')")
    one.page.get_by_text("What was not taken in").click()
    listed = one.page.locator(".r-report li").all_inner_texts()
    assert [f"{' '.join(attack.split())} (1990): not in this catalogue" for attack in ATTACKS] == listed
    one.say("undo")
    assert one.page.evaluate("window.pwned") is None
    assert one.troubles == []


def test_a_message_that_is_too_long_stays_in_the_box(site, visit):
    one = visit(site)
    long = "x" * 2001
    box = one.page.locator("#rapport-box textarea")
    box.fill(long)
    box.press("Enter")
    one.page.wait_for_function("document.querySelector('#rapport-chat').innerText.includes('2,000')")
    one.page.wait_for_function("document.querySelector('#rapport-box textarea').value.length === 2001")
    one.say("a comedy please")
    assert len(one.titles()) == 3
    assert long not in one.page.locator("#rapport-chat").inner_text()
    assert one.troubles == []


def test_a_hostile_catalogue_is_only_text(hostile_site, visit):
    one = visit(hostile_site)
    one.say("a drama")
    assert len(one.titles()) > 5
    shown = "\n".join(one.titles())
    for text in ("${window.pwned=1}", "<img src=x onerror='window.pwned=4'>", "back\\slash \\u0024{window.pwned=5}"):
        assert text in shown
    one.button("like").click()
    one.wait_pressed("like")
    one.button("seen", 1).click()
    one.wait_pressed("seen", 1)
    asked = one.page.locator(".r-ask").first.get_attribute("data-text")
    one.page.locator(".r-ask").first.click()
    one.wait_for_reply(asked)
    one.say("I love ${window.pwned=20} <img src=x onerror=window.pwned=21> ![i](http://127.0.0.1:9/y.png)")
    one.open()
    one.page.wait_for_selector(".r-card")
    assert one.page.evaluate("window.pwned") is None
    assert one.page.locator(".r-card img:not(.r-art), .r-card script, .r-card [onmouseover]").count() == 0
    links = one.page.locator(".r-title a")
    assert all(links.nth(n).get_attribute("href").startswith("https://127.0.0.1/") for n in range(links.count()))
    assert one.troubles == []


class Slow:
    """A bot that takes its time over one message until it is told to go on."""

    def __init__(self, bot):
        self.bot = bot
        self.go_on = threading.Event()

    def __getattr__(self, name):
        return getattr(self.bot, name)

    def stream(self, session, text):
        if text == "take your time":
            self.go_on.wait(60)
        yield from self.bot.stream(session, text)


def test_a_slow_turn_of_one_visitor_holds_up_nobody(home, serve, visit):
    bots = []

    def slow(bot):
        bots.append(Slow(bot))
        return bots[-1]

    with serve(Settings(home=home, model="none"), slow) as address:
        waiting, other = visit(address), visit(address)
        box = waiting.page.locator("#rapport-box textarea")
        box.fill("take your time")
        box.press("Enter")
        waiting.page.wait_for_function("document.querySelector('#rapport-chat').innerText.includes('…')")
        other.say("a comedy please")
        assert len(other.titles()) == 3
        assert "…" in waiting.page.locator("#rapport-chat .bot").last.inner_text()
        bots[0].go_on.set()
        waiting.wait_for_reply("take your time")
        waiting.context.close()
        other.context.close()


def test_everything_has_a_name_for_those_who_cannot_see_it(site, visit):
    one = visit(site)
    one.say("a comedy please")
    page = one.page
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, a, textarea, input, summary')]
            .filter((one) => one.checkVisibility())
            .filter((one) => !(one.ariaLabel || one.innerText || one.closest('label')?.innerText || '').trim())
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("[...document.images].filter((image) => !image.hasAttribute('alt')).length") == 0
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.locator("[role=log][aria-live=polite]").count() == 1


def test_everything_can_be_reached_with_the_keyboard(site, visit):
    one = visit(site)
    one.say("a comedy please")
    one.page.locator("#rapport-box textarea").focus()
    reached = []
    for _ in range(40):
        one.page.keyboard.press("Tab")
        reached.append(
            one.page.evaluate(
                """() => {
                    const at = document.activeElement;
                    const style = getComputedStyle(at);
                    return [at.getAttribute('aria-label') || at.innerText, style.outlineStyle, style.outlineWidth];
                }"""
            )
        )
    names = [name for name, _, _ in reached]
    title = one.page.locator(".r-card").first.get_attribute("data-item")
    assert title
    for name in ("Undo", "Start over"):
        assert name in names
    for beginning in ("Like ", "Not for me: ", "Seen: ", "More like this: ", "Why? ", "Remove "):
        assert any(name.startswith(beginning) for name in names), beginning
    like = next(entry for entry in reached if entry[0].startswith("Like "))
    assert like[1] == "solid"
    assert like[2] == "2px"
    one.button("like").focus()
    one.page.keyboard.press("Enter")
    one.wait_pressed("like")
    assert one.page.evaluate("document.activeElement.dataset.kind") == "like"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_sideways_scrolling(site, visit, scheme):
    one = visit(site, viewport=PHONE, color_scheme=scheme)
    one.say("something like Alien")
    width = one.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    for selector in (".r-card", ".r-profile", "#rapport-box", "#rapport-chat"):
        box = one.page.locator(selector).first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


CONTRAST = """() => {
  const parse = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility({visibilityProperty: true})) continue;
    if (['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName)) continue;
    const under = ground(element);
    const [a, b] = [light(over(parse(getComputedStyle(element).color), under)), light(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return poor;
}"""
"""Every visible text whose colour stands less than 4.5:1 from what is behind it."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(site, visit, scheme):
    one = visit(site, color_scheme=scheme)
    assert one.page.evaluate(CONTRAST) == []
    one.say("I love comedies, no horror")
    one.button("like").click()
    one.wait_pressed("like")
    one.button("seen", 1).click()
    one.wait_pressed("seen", 1)
    one.page.mouse.move(0, 0)
    one.page.wait_for_timeout(300)
    assert one.page.evaluate(CONTRAST) == []


def test_a_message_sent_while_a_slow_reply_comes_is_answered(visit, serve, home):
    def never(message, number):
        yield 60.0

    with words_from(never) as (address, _):
        settings = Settings(home=home, model=f"openai:slow@{address}", deadline_seconds=8, first_sentence_seconds=8)
        with serve(settings) as site:
            one = visit(site)
            box = one.page.locator("#rapport-box textarea")
            box.fill("something like Arrival")
            box.press("Enter")
            one.page.wait_for_selector(".r-card")
            box.fill("older, before 1980")
            box.press("Enter")
            one.wait_for_reply("older, before 1980")
            said = one.page.locator("#rapport-chat .message").all_inner_texts()
            assert [said[1].strip(), said[3].strip()] == ["something like Arrival", "older, before 1980"]
            # The reply that was cut short is there whole, in the templates' words.
            assert said[2].count("(") >= 3


def test_the_dial_is_turned_and_the_list_ends_in_a_surprise(site, visit):
    one = visit(site)
    one.say("a comedy from the 80s")
    assert one.page.locator(".r-step[aria-pressed=true]").all_inner_texts() == ["Balanced"]
    one.page.get_by_role("button", name="Varied").click()
    one.page.wait_for_selector(".r-step[data-variety=varied][aria-pressed=true]")
    one.page.get_by_role("button", name="Show me others").click()
    one.wait_for_reply("show me others")
    assert one.page.locator(".r-card").last.locator(".r-reason").first.inner_text() == "one you might not expect"
    one.say("stick closer to what I said")
    one.page.wait_for_selector(".r-step[data-variety=closest][aria-pressed=true]")
    one.open()
    one.page.wait_for_selector(".r-step[data-variety=closest][aria-pressed=true]")
    assert one.troubles == []
