"""The widget on a strict host page, in a real Chromium: what a visitor sees, does and is protected from."""

import base64
import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_browser import PHONE, Visitor

from bot.settings import Settings

pytestmark = pytest.mark.browser

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ARRIVAL = "Something like Arrival, but less sad"
WORDS = "a quiet drama, held"
"""A message whose reply waits between its cards and its words, on the held site."""


class Guest(Visitor):
    """A visitor of the demo page."""

    def open(self):
        self.page.goto(f"{self.address}/demo")
        self.page.wait_for_function("() => customElements.get('rapport-chat') !== undefined")
        self.chat = self.page.locator("rapport-chat")
        self.launcher = self.chat.locator(".launcher")
        self.panel = self.chat.locator(".panel")
        self.box = self.chat.locator("textarea")

    def begin(self):
        self.launcher.click()
        self.panel.wait_for()
        self.page.mouse.move(0, 0)
        return self

    def inside(self, script):
        """The value of a function body that knows the element as `chat` and its shadow root as `root`."""
        known = "const chat = document.querySelector('rapport-chat'), root = chat.shadowRoot;"
        return self.page.evaluate(f"async () => {{ {known} {script} }}")

    def wait_for_turns(self, count):
        """Wait until there are so many turns and all are answered."""
        self.chat.locator(f":nth-match(.turn, {count})").wait_for()
        self.page.wait_for_function(
            "() => !document.querySelector('rapport-chat').shadowRoot.querySelector('[aria-busy]')"
        )

    def say(self, text):
        self.box.fill(text)
        self.box.press("Enter")
        self.wait_for_reply(text)

    def wait_for_reply(self, text):
        """Wait until `text` was said last and answered."""
        self.page.wait_for_function(
            """(text) => {
                const turn = [...document.querySelector('rapport-chat').shadowRoot.querySelectorAll('.turn')].at(-1);
                return turn?.querySelector('.said').innerText.endsWith(text) && !turn.querySelector('[aria-busy]');
            }""",
            arg=text,
        )

    def titles(self):
        return self.chat.locator(".turn:last-of-type .title .link").all_inner_texts()

    def turns(self):
        return self.chat.locator(".turn").all_inner_texts()

    def mark(self, kind, number=0):
        return self.chat.locator(f".turn:last-of-type .mark[data-kind={kind}]").nth(number)

    def pressed(self, kind, number=0, value="true"):
        self.chat.locator(
            f".turn:last-of-type li:nth-child({number + 1}) .mark[data-kind={kind}][aria-pressed={value}]"
        ).wait_for()

    def focused(self):
        """The element that has focus, within the widget where it is there: [tag, name, outline style]."""
        return self.page.evaluate(
            """() => {
                let at = document.activeElement;
                while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                const name = at.getAttribute('aria-label') || at.innerText || '';
                return [at.tagName, name.trim(), getComputedStyle(at).outlineStyle];
            }"""
        )

    def tab_to(self, name, key="Tab", most=60):
        for _ in range(most):
            self.page.keyboard.press(key)
            if self.focused()[1] == name:
                return
        raise AssertionError(f"{name} was not reached with {most} presses of {key}")


def axe(page, target):
    """What axe finds wrong in `target`, a selector, or in the whole page for None: impact, rule and place."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(
        """async (target) => {
            const found = await axe.run(target ?? document, {resultTypes: ['violations']});
            return found.violations.flatMap(({impact, id, nodes}) =>
                nodes.map((node) => `${impact} ${id} ${node.target.flat().join(' ')}`));
        }""",
        target,
    )


@pytest.fixture
def visit(chromium):
    guests = []

    def begin(address, **options):
        guests.append(Guest(chromium, address, **options))
        return guests[-1]

    yield begin
    for guest in guests:
        guest.context.close()


class Held:
    """A bot whose replies to WORDS wait between the cards and the words until they are let go."""

    def __init__(self, bot):
        self.bot = bot
        self.go_on = threading.Event()

    def __getattr__(self, name):
        return getattr(self.bot, name)

    def stream(self, session, text, *more, **named):
        for event in self.bot.stream(session, text, *more, **named):
            yield event
            if event.kind == "token" and text == WORDS:
                assert self.go_on.wait(60)


@pytest.fixture(scope="module")
def held(built_home, tmp_path_factory, serve):
    """The address of a site on a bot that can be held, and the bot."""
    home = Path(shutil.copytree(built_home, tmp_path_factory.mktemp("held") / "home"))
    bots = []

    def wrap(bot):
        bots.append(Held(bot))
        return bots[-1]

    with serve(Settings(home=home, model="none"), wrap) as address:
        yield address, bots[0]


def plain(turn):
    """The text of a turn in one line, without what was noted of a tap."""
    return " ".join(turn.replace("Noted: seen. It will not be shown again.", "").split())


# ---------------------------------------------------------------- a visit


def test_a_conversation_with_the_keyboard_alone(site, visit):
    one = visit(site)
    one.tab_to("Open Lumi")
    assert one.panel.is_hidden()
    one.page.keyboard.press("Enter")
    one.panel.wait_for()
    assert one.panel.get_attribute("role") == "dialog"
    assert one.launcher.get_attribute("aria-expanded") == "true"
    assert one.focused()[:2] == ["TEXTAREA", "Your message"]
    one.page.keyboard.type(ARRIVAL)
    one.page.keyboard.press("Enter")
    one.wait_for_reply(ARRIVAL)
    first = one.titles()[0]
    one.tab_to(f"Like: {first}", "Shift+Tab")
    assert one.focused()[2] == "solid"
    one.page.keyboard.press("Enter")
    one.pressed("like")
    one.tab_to(f"Why? {first}")
    one.page.keyboard.press("Enter")
    one.wait_for_turns(2)
    assert first in one.chat.locator(".turn").last.locator(".reply").inner_text()
    one.tab_to("Your message")
    one.page.keyboard.press("Escape")
    assert one.panel.is_hidden()
    assert one.focused()[:2] == ["BUTTON", "Open Lumi"]
    one.page.keyboard.press("Enter")
    assert len(one.turns()) == 2
    assert one.troubles == []


def test_cards_say_why_and_can_be_acted_on(site, visit):
    one = visit(site).begin()
    one.chat.get_by_role("button", name=ARRIVAL).click()
    one.wait_for_reply(ARRIVAL)
    cards = one.chat.locator(".card")
    assert cards.count() == 3
    for number in range(3):
        card = cards.nth(number)
        assert card.locator("svg.art").count() == 1
        assert re.fullmatch(r"\d{4}", card.locator(".year").inner_text())
        assert card.locator(".facts li").count() == 2
        assert 1 <= card.locator(".reasons li").count() <= 2
        assert card.locator(".title .link").inner_text() in card.locator(".words").inner_text()
    quotes = [re.sub("[“”]", "", quote) for quote in one.chat.locator("q").all_inner_texts()]
    assert quotes
    assert all(quote in ARRIVAL for quote in quotes)

    # A tap shows at once and can be taken back.
    first, second, _ = one.titles()
    one.mark("like").click()
    one.pressed("like")
    one.chat.locator(".told", has_text="you like this one").wait_for()
    one.mark("like").click()
    one.pressed("like", value="false")
    one.mark("seen", 1).click()
    one.pressed("seen", 1)
    one.chat.locator(".card.gone").wait_for()
    assert second in one.chat.locator(".card.gone").inner_text()

    # The page may act on a title itself; otherwise a tap asks about it.
    one.chat.get_by_role("button", name=first, exact=True).click()
    assert first in one.page.locator("#kept li").inner_text()
    assert len(one.turns()) == 1
    one.page.evaluate("addEventListener('rapport-item-click', (event) => event.stopImmediatePropagation(), true)")
    one.chat.get_by_role("button", name=first, exact=True).click()
    one.wait_for_reply("about?")
    assert first in one.turns()[-1]

    one.chat.get_by_role("button", name=f"More like this {first}").first.click()
    one.wait_for_turns(3)
    assert one.titles()
    assert second not in one.titles()
    one.chat.locator(".chip", has_text="Show me others").click()
    one.wait_for_reply("show me others")
    assert one.troubles == []


def test_a_reload_resumes_and_nobody_else_sees_it(site, visit):
    one, other = visit(site).begin(), visit(site).begin()
    one.say(ARRIVAL)
    one.mark("seen", 1).click()
    one.pressed("seen", 1)
    one.chat.locator(".told", has_text="seen").wait_for()
    other.say("a western")
    turns, chips = one.turns(), one.chat.locator(".chip").all_inner_texts()
    one.open()
    one.begin()
    one.chat.locator(".turn").wait_for()
    assert one.chat.locator(".chip").all_inner_texts() == chips
    one.pressed("seen", 1)
    assert [plain(turn) for turn in one.turns()] == [plain(turn) for turn in turns]
    other.open()
    other.begin()
    other.chat.locator(".turn").wait_for()
    assert "Arrival" not in "".join(other.turns())
    assert "a western" in other.turns()[0]
    assert one.troubles == other.troubles == []


def test_a_reload_in_the_middle_of_a_reply_waits_for_it(held, visit):
    address, bot = held
    bot.go_on.clear()
    one = visit(address).begin()
    one.box.fill(WORDS)
    one.box.press("Enter")
    one.chat.locator(".card").first.wait_for()
    one.open()
    one.begin()
    one.page.wait_for_timeout(200)
    assert one.turns() == []
    bot.go_on.set()
    one.wait_for_reply(WORDS)
    assert len(one.titles()) == 3
    assert one.troubles == []


def test_words_stream_after_the_cards_and_are_announced_once(held, visit):
    address, bot = held
    bot.go_on.clear()
    one = visit(address).begin()
    one.page.evaluate(
        """() => {
            const status = document.querySelector('rapport-chat').shadowRoot.querySelector('.panel > [role=status]');
            window.announced = [];
            new MutationObserver(() => status.textContent && announced.push(status.textContent))
                .observe(status, {childList: true, characterData: true, subtree: true});
        }"""
    )
    one.box.fill(WORDS)
    one.box.press("Enter")
    one.chat.locator(".card").first.wait_for()
    reply = one.chat.locator(".reply")
    one.chat.locator(".reply .say", has_text=re.compile(r"\w")).first.wait_for()
    early = reply.inner_text()
    assert reply.get_attribute("aria-live") == "off"
    assert reply.get_attribute("aria-busy") == "true"
    assert one.chat.get_by_role("log").get_attribute("aria-live") == "polite"
    assert one.page.evaluate("announced") == []
    bot.go_on.set()
    one.wait_for_reply(WORDS)
    assert len(reply.inner_text()) > len(early)
    announced = one.page.evaluate("announced")
    assert len(announced) == 1
    assert announced[0].endswith("3 picks shown.")
    for words in (*one.chat.locator(".words").all_inner_texts(), one.chat.locator(".say").first.inner_text()):
        assert words in announced[0]
    assert one.troubles == []


def test_a_reply_can_be_stopped_and_the_talk_goes_on(held, visit):
    address, bot = held
    bot.go_on.clear()
    one = visit(address).begin()
    one.box.fill(WORDS)
    one.box.press("Enter")
    one.chat.locator(".card").first.wait_for()
    one.chat.get_by_role("button", name="Stop").click()
    one.chat.locator(".note", has_text="Stopped.").wait_for()
    assert one.focused()[1] == "Your message"
    one.chat.get_by_role("button", name="Send").wait_for()
    # The turn still runs on the server, so the next message waits for it.
    one.box.fill("a comedy")
    one.box.press("Enter")
    one.page.wait_for_timeout(300)
    bot.go_on.set()
    one.wait_for_reply("a comedy")
    assert len(one.titles()) == 3
    assert [trouble for trouble in one.troubles if "409" not in trouble] == []


# ---------------------------------------------------------------- when things go wrong


def test_a_failure_is_told_kindly_and_can_be_tried_again(site, visit):
    one = visit(site).begin()
    one.page.evaluate("window.errors = []; addEventListener('rapport-error', (event) => errors.push(event.detail))")
    one.page.route("**/messages", lambda route: route.abort())
    one.box.fill("a comedy please")
    one.box.press("Enter")
    one.chat.locator(".note.wrong", has_text="I can't reach the server").wait_for()
    assert one.page.evaluate("errors.map((one) => one.code)") == ["unreachable"]
    one.page.unroute("**/messages")
    one.chat.get_by_role("button", name="Try again").click()
    one.wait_for_reply("a comedy please")
    assert len(one.titles()) == 3
    assert one.chat.locator(".note").count() == 0
    # The stream breaks off in the middle; asked again with the same key, the first reply is there.
    broken = 'event: items\ndata: {"items": []}\n\nevent: token\ndata: {"text": "Half a '
    one.page.route("**/messages", lambda route: route.fulfill(content_type="text/event-stream", body=broken))
    one.box.fill("an older one")
    one.box.press("Enter")
    one.chat.locator(".note.wrong").wait_for()
    one.page.unroute("**/messages")
    one.chat.get_by_role("button", name="Try again").click()
    one.wait_for_reply("an older one")
    assert len(one.turns()) == 2
    one.page.route("**/messages", lambda route: route.fulfill(status=500, body="<html>"))
    one.box.fill("a newer one")
    one.box.press("Enter")
    one.chat.locator(".note.wrong", has_text="on my side").wait_for()


def test_a_session_that_is_gone_begins_anew(site, visit):
    one = visit(site).begin()
    one.say("a comedy please")
    kept = '{"id": "gone", "token": "gone"}'
    one.inside(f"chat.session.keep({kept})")
    one.open()
    one.begin()
    one.chat.locator(".note", has_text="fresh start").wait_for()
    one.say("a western please")
    assert len(one.titles()) == 3
    # It may also end between two messages.
    one.inside("chat.session.known.token = 'gone'")
    one.say("an old drama please")
    assert len(one.titles()) == 3
    assert one.chat.locator(".note", has_text="fresh start").count() == 2


def test_blocked_storage_only_means_that_a_reload_forgets(site, visit):
    one = visit(site)
    one.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    one.open()
    one.begin()
    one.say("a comedy please")
    one.say("something older")
    assert len(one.turns()) == 2
    one.open()
    one.begin()
    assert one.turns() == []
    assert one.troubles == []


def test_a_hostile_catalogue_is_only_text(hostile_site, visit):
    one = visit(hostile_site).begin()
    one.say("a drama")
    shown = "\n".join(one.titles())
    assert len(one.titles()) > 5
    for text in ("${window.pwned=1}", "<img src=x onerror='window.pwned=4'>", "back\\slash \\u0024{window.pwned=5}"):
        assert text in shown
    one.mark("like").click()
    one.pressed("like")
    one.say("I love ${window.pwned=20} <img src=x onerror=window.pwned=21> <b>bold</b>")
    one.open()
    one.begin()
    one.chat.locator(".turn").first.wait_for()
    assert one.page.evaluate("window.pwned") is None
    assert one.chat.locator("img, script, style, b, [style], [onmouseover]").count() == 0
    links = one.chat.locator("a")
    assert links.count() > 5
    assert all(links.nth(n).get_attribute("href").startswith("https://127.0.0.1/") for n in range(links.count()))
    assert one.troubles == []


# ---------------------------------------------------------------- for the page around it


def test_a_page_can_drive_it_and_hears_what_happens(site, visit):
    one = visit(site)
    heard = one.page.evaluate(
        """async () => {
            const chat = document.querySelector('rapport-chat');
            const heard = [];
            for (const name of ['open', 'close', 'message', 'items', 'error'])
                addEventListener(`rapport-${name}`, ({detail: {role, items}}) =>
                    heard.push([name, role ?? items?.length ?? '']));
            chat.open();
            chat.close();
            chat.toggle();
            const reply = await chat.send('a comedy please');
            heard.push(['reply', reply.items.length]);
            heard.push(['empty', await chat.send('   ')]);
            return heard;
        }"""
    )
    assert heard == [
        ["open", ""], ["close", ""], ["open", ""], ["message", "user"], ["items", 3], ["message", "assistant"],
        ["reply", 3], ["empty", None],
    ]  # fmt: skip
    stored = "Object.keys(localStorage).filter((key) => key.startsWith('rapport-chat')).length"
    assert one.page.evaluate(stored) == 1
    # Starting over asks first.
    one.chat.get_by_role("button", name="Start over").click()
    assert len(one.turns()) == 1
    one.chat.get_by_role("button", name="Start over? Press again").click()
    assert one.turns() == []
    assert one.page.evaluate(stored) == 0
    assert one.chat.locator(".chip").count() == 3
    one.say("a western")
    assert len(one.turns()) == 1
    assert one.troubles == []


def test_a_reply_that_comes_while_it_is_closed_shows_on_the_launcher(site, visit):
    one = visit(site)
    one.page.evaluate("document.querySelector('rapport-chat').send('a comedy please')")
    one.chat.get_by_role("button", name="Open Lumi, new reply").click()
    assert len(one.titles()) == 3


@pytest.mark.parametrize("persist", ["session", "none"])
def test_how_long_a_conversation_is_kept(site, visit, persist):
    one = visit(site)
    one.page.evaluate("(persist) => document.querySelector('rapport-chat').setAttribute('persist', persist)", persist)
    one.begin()
    one.say("a comedy please")
    assert one.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('rapport-chat'))") == []
    assert one.page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('rapport-chat')).length") == (
        persist == "session"
    )


def test_attributes_and_properties_change_its_look(site, visit):
    one = visit(site, color_scheme="light")
    look = "getComputedStyle(document.querySelector('rapport-chat').shadowRoot.querySelector('%s')).%s"
    one.inside("chat.setAttribute('name', 'Shop helper')")
    one.chat.get_by_role("button", name="Open Shop helper").click()
    one.page.mouse.move(0, 0)
    light = one.page.evaluate(look % (".panel", "backgroundColor"))
    one.inside("chat.setAttribute('theme', 'dark')")
    assert one.page.evaluate(look % (".panel", "backgroundColor")) != light
    one.page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`rapport-chat { --rapport-accent: #ffe14d; --rapport-radius: 3px; --rapport-z: 7 }
                rapport-chat::part(launcher) { width: 70px }`);
            document.adoptedStyleSheets.push(sheet);
        }"""
    )
    # The colour changes over some frames, of which a busy machine draws few.
    one.page.wait_for_function(f"() => {look % ('.launcher', 'backgroundColor')} === 'rgb(255, 225, 77)'")
    assert one.page.evaluate(look % (".launcher", "width")) == "70px"
    assert one.page.evaluate(look % (".panel", "borderRadius")) == "3px"
    assert one.page.evaluate(look % (".panel", "zIndex")) == "7"
    # Letters on a light accent are dark.
    assert one.page.evaluate(look % (".launcher", "color")).startswith("oklch(0 ")
    one.inside("chat.setAttribute('position', 'bottom-left')")
    assert one.launcher.bounding_box()["x"] == 20
    one.inside("chat.removeAttribute('position'); document.dir = 'rtl'")
    assert one.launcher.bounding_box()["x"] == 20
    assert one.panel.bounding_box()["x"] == 20
    one.inside("chat.setAttribute('mode', 'inline')")
    assert one.panel.get_attribute("role") == "region"
    assert one.launcher.is_hidden()
    one.page.keyboard.press("Escape")
    assert one.panel.is_visible()
    assert one.troubles == []


def test_a_page_that_resets_every_style_does_not_reach_in(site, visit):
    one = visit(site)
    one.page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync('* { all: unset !important; font: 5px serif !important; color: red !important }');
            document.adoptedStyleSheets.push(sheet);
        }"""
    )
    one.begin()
    one.page.wait_for_timeout(300)
    box = one.launcher.bounding_box()
    assert (box["width"], box["height"]) == (56, 56)
    assert box["x"] + 56 == pytest.approx(1260, abs=16)
    style = one.inside("const {fontSize, color} = getComputedStyle(chat.hello); return [fontSize, color]")
    assert style == ["19px", "rgb(28, 35, 32)"]


def test_pictures_of_the_catalogue_show_where_the_page_asks_for_them(tmp_path, serve, visit):
    (tmp_path / "a.png").write_bytes(DOT)
    rows = [
        {"id": "a b", "title": "Nearby", "genres": ["Drama"], "image": "a.png"},
        {"id": "b", "title": "Elsewhere", "genres": ["Drama"], "image": "http://127.0.0.1:9/b.png"},
        {"id": "c", "title": "Nowhere", "genres": ["Drama"]},
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with serve(Settings(home=tmp_path / "home", catalog=tmp_path / "items.jsonl", model="none")) as address:
        one = visit(address).begin()
        one.say("a drama")
        assert one.chat.locator("svg.art").count() == 3 + 3  # those of the greeting too
        one.open()
        one.inside("chat.setAttribute('images', '')")
        one.begin()
        shown = one.chat.locator(".card", has_text="Nearby").locator("img.art")
        shown.wait_for()
        assert shown.get_attribute("src") == f"{address}/images?id=a%20b"
        # One that cannot be had, here because the page's policy forbids it, is drawn instead.
        one.chat.locator(".card", has_text="Elsewhere").last.locator("svg.art").wait_for()


# ---------------------------------------------------------------- small screens, calm, assistive technology


def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(site, visit):
    one = visit(site, viewport=PHONE, has_touch=True)
    one.begin()
    one.page.wait_for_timeout(300)
    assert one.panel.bounding_box() == {"x": 0, "y": 0, **PHONE}
    assert one.panel.get_attribute("aria-modal") == "true"
    assert one.launcher.is_hidden()
    one.say(ARRIVAL)
    for key in ("Tab", "Shift+Tab"):
        for _ in range(30):
            one.page.keyboard.press(key)
            assert one.page.evaluate("document.activeElement.tagName") == "RAPPORT-CHAT"
    wide = "return [...root.querySelectorAll('.log, .card, .panel')].filter((one) => one.scrollWidth > one.clientWidth)"
    assert one.inside(f"{wide}.length") == 0
    assert one.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    one.page.keyboard.press("Escape")
    assert one.panel.is_hidden()
    assert one.focused()[1] == "Open Lumi"
    assert one.troubles == []


def test_nothing_moves_for_those_who_asked_for_calm(site, visit):
    moving = "return root.getAnimations().length"
    lively = visit(site)
    lively.begin()
    assert lively.inside(moving) > 0
    calm = visit(site, reduced_motion="reduce").begin()
    calm.box.fill(ARRIVAL)
    calm.box.press("Enter")
    calm.chat.locator(".card").first.wait_for()
    assert calm.inside(moving) == 0


def test_every_target_is_large_enough(site, visit):
    one = visit(site).begin()
    one.say(ARRIVAL)
    small = one.page.evaluate(
        """() => [...document.querySelector('rapport-chat').shadowRoot.querySelectorAll('button')]
            .filter((one) => one.checkVisibility() && !one.matches('.title .link'))
            .map((one) => [one.getAttribute('aria-label') || one.innerText, one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)"""
    )
    assert small == []


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(site, visit, scheme, viewport):
    one = visit(site, color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    assert axe(one.page, None) == []
    one.begin()
    assert axe(one.page, "rapport-chat") == []
    one.say(ARRIVAL)
    one.mark("like").click()
    one.pressed("like")
    one.mark("seen", 1).click()
    one.pressed("seen", 1)
    one.page.mouse.move(0, 0)
    assert axe(one.page, "rapport-chat") == []
    # The widget's own colour, where the page gives none.
    one.page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync('rapport-chat { --rapport-accent: initial !important }');
            document.adoptedStyleSheets.push(sheet);
        }"""
    )
    assert axe(one.page, "rapport-chat") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_gradio_page(site, chromium, scheme):
    one = Visitor(chromium, site, color_scheme=scheme, reduced_motion="reduce")
    one.say(ARRIVAL)
    one.page.locator(".r-label").first.wait_for()
    found = axe(one.page, None)
    one.context.close()
    assert found == []


# ---------------------------------------------------------------- another site

HOST = """<!doctype html><html lang="en"><head><title>A shop</title>
<script type="module" src="{server}/widget.js"></script></head>
<body><main><h1>A shop</h1></main><rapport-chat name="Shop helper"></rapport-chat></body></html>"""


class Shop(BaseHTTPRequestHandler):
    """A page of another origin, which allows the widget's server by name and nothing else."""

    page, policy = "", ""

    def do_GET(self):
        found = self.path == "/demo"
        self.send_response(200 if found else 204)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(self.page.encode() if found else b"")

    def log_message(self, *_):
        """Says nothing."""


def test_another_site_embeds_it_under_its_own_policy(home, serve, visit):
    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{shop.server_port}"
    with serve(Settings(home=home, model="none", widget_origins=(origin,))) as server:
        Shop.page = HOST.format(server=server)
        Shop.policy = f"default-src 'self'; script-src {server}; connect-src {server}; style-src 'self'"
        one = visit(origin).begin()
        one.say("a comedy please")
        assert len(one.titles()) == 3
        one.mark("like").click()
        one.pressed("like")
        one.chat.locator(".told", has_text="you like this one").wait_for()
        # A page that is not on the list may load the module, and gets nowhere with it.
        stranger = visit(origin.replace("127.0.0.1", "localhost")).begin()
        stranger.box.fill("a comedy please")
        stranger.box.press("Enter")
        stranger.chat.locator(".note.wrong", has_text="I can't reach the server").wait_for()
    shop.shutdown()
    assert [trouble for trouble in one.troubles if not trouble.startswith(f"external: {server}/")] == []
