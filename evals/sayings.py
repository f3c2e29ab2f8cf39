"""The ways in which people put things, as they write them; the braces are filled in by the grammar.

{x} is a kind in the plural or as it is ("westerns", "horror"), {a} {o} one of a kind ("a western"), {os} many, {n}
and {ns} the noun for items, {p} a person, {t} a theme or a title, {l} a language, {c} a country, {d} a period ("from
the 60s"), {y} and {z} years, {m} minutes, {w} a word, {v} what is to be dropped, {r} a place on screen ("second").
"""

from __future__ import annotations

from evals.moves import Verdict

FRONTS = ("", "", "", "", "ok, ", "hmm, ", "please, ", "well, ", "and ", "umm ")
ENDS = ("", "", "", "", " please", ".", "!", " :)")
JOINTS = (". ", " but ", "; ", ", ", " and ", ", and ")
CLEAR_JOINTS = JOINTS[:3]
AFTERWARDS = ("no thanks",)
"""How an exclusion ends that says so behind what it is about."""
TOLD = ("it ", "only", "must", "definitely", "I", "i ", "we", "let", "find", "show", "how", "under", "at most", "max")
"""How a wish begins that nobody takes for a part of the exclusion before it."""

WISH = (
    "{a} {o}", "I'd like {a} {o}", "I'm in the mood for {a} {o}", "how about {a} {o}?", "show me some {os}", "{os}",
    "we want {a} {o}", "let's watch {a} {o}", "find me {a} {o}", "i feel like {a} {o}", "got any good {os}? show me",
)  # fmt: skip
SOFT_WISH = (
    "something {w}",
    "I want something {w}",
    "{w}",
    "make it {w}",
    "surprise me",
    "for the kids",
    "kid-friendly",
)
QUALITY = ("something {w}", "I want something {w}", "{w}, if you can")
SOMEBODY = ("with {p}", "something with {p}", "I want to see {p}", "anything with {p}", "a {n} with {p} in it")
ABOUT = ("something about {t}", "a story about {t}", "a {n} about {t}", "about {t}")
MUST_BE = ("it must be {a} {o}", "it has to be {a} {o}", "only {os}", "{os} only", "definitely {a} {o}")
MUST_SPEAK = ("only in {l}", "it has to be in {l}", "in {l}", "must be in {l}")
MUST_COME = ("only from {c}", "it must be from {c}", "something from {c}")
CORRECT = ("actually, make it {a} {o}", "actually {a} {o} instead", "no wait, {a} {o}", "sorry, I meant {a} {o}")
CORRECT_PERIOD = ("actually {d}", "sorry, I meant {d}", "make that {d} instead")

NOT_A_KIND = (
    "no {x}", "not {x}", "no more {x}", "anything but {x}", "I don't want {x}", "i dont want to see any {x}",
    "not in the mood for {x}", "leave out {x}", "skip the {x}", "{x}? no thanks", "let's avoid {x}", "just no {x}",
    "anything except {x}", "I'd rather not have {x}", "spare me the {x}", "keep {x} out of it", "no {x} whatsoever",
)  # fmt: skip
NEVER_A_KIND = (
    "I hate {x}", "I can't stand {x}", "never show me {x}", "i absolutely hate {x}", "I never want to see {x}",
    "cant stand {x}", "I really hate {x}",
)  # fmt: skip
TWO_KINDS = (
    "no {x} or {z}", "no {x}, no {z}", "neither {x} nor {z}", "no {x} and no {z}", "not {x} and not {z}",
    "no {x}/{z}", "leave out {x} and {z}",
)  # fmt: skip
NOT_SOMEBODY = (
    "nothing with {p}", "no {p}", "no more {p}", "not {p} again", "anything without {p}", "I don't want {p}",
    "nothing that has {p} in it", "no {p} please", "please leave out {p}", "anyone but {p}",
)  # fmt: skip
NEVER_SOMEBODY = ("I can't stand {p}", "I hate {p}", "never show me anything with {p}", "i really can't stand {p}")
NOT_BY = ("nothing by {p}", "nothing directed by {p}", "not directed by {p}", "nothing made by {p}")
NOT_ABOUT = (
    "nothing about {t}", "no {t}", "not about {t}", "I don't want anything about {t}", "no more {t}",
    "it shouldn't be about {t}", "nothing with {t}",
)  # fmt: skip
NOT_IN = ("nothing in {l}", "not in {l}", "I don't want it in {l}", "anything that isn't in {l}", "no {ns} in {l}")
NOT_FROM = ("nothing from {c}", "no {ns} from {c}", "not from {c}")
AT_MOST_MILD = ("nothing {w}", "not {w}", "I don't want anything {w}", "please nothing {w}")
NOT_STRONG = ("nothing too {w}", "not too {w}", "nothing that's too {w}", "not so {w}")
NO_SUCH_THING = ("no {w}", "without any {w}", "I don't want any {w}")
AGES = ((7, "seven"), (6, "six"), (4, "four"), (5, "five"), (8, "eight"), (10, "ten"), (12, "twelve"))
FOR_AGE = (
    "for my {y}-year-old", "my {y} year old is watching", "suitable for a {y}-year-old", "for kids aged {y}",
    "with my {y}yo daughter", "we're watching with a {w}-year-old", "it's for a {w} year old boy",
    "something my {y}-year-old can watch",
)  # fmt: skip

BEFORE = ("before {y}", "made before {y}", "something older than {y}", "pre-{y}")
AFTER = ("after {y}", "newer than {y}", "something made after {y}")
SINCE = ("from {y} or later", "since {y}", "{y} or newer")
BETWEEN = ("between {y} and {z}", "from {y} to {z}")
PERIOD = ("{d}", "only {d}", "something {d}", "it should be {d}", "{d} if possible")
NOT_BEFORE = ("nothing before {y}", "nothing older than {y}", "nothing made before {y}")
NOT_AFTER = ("nothing after {y}", "nothing newer than {y}")
NOT_THEN = ("not {d}", "nothing {d}", "no {ns} {d}", "anything but {d}")
AT_MOST = (
    "under {m} minutes", "less than {m} minutes", "at most {m} minutes", "{m} minutes max", "shorter than {m} min",
    "I only have {m} minutes", "no longer than {m} minutes", "{m} minutes tops",
)  # fmt: skip
AT_LEAST = ("over {m} minutes", "at least {m} minutes", "longer than {m} minutes")
NOT_OVER = ("nothing over {m} minutes", "nothing longer than {m} minutes")
HOURS = (("under two hours", 120), ("less than 2 hours", 120), ("max 2h", 120), ("under an hour and a half", 90))

LIKING = ("I like {x}", "I'm a fan of {x}", "I usually enjoy {x}", "i love {x}", "{x} are great")
DISLIKING = ("I don't really like {x}", "not a big fan of {x}", "I'm not that into {x}")
ORDINALS = (("first", 1), ("second", 2), ("third", 3), ("last", -1))
TITLE: dict[Verdict, tuple[str, ...]] = {
    "seen": ("I've seen {t}", "already saw {t}", "seen {t}", "I watched {t} last week", "we've both seen {t} already",
             "{t}: seen it", "i have already watched {t}", "I saw {t} on a plane"),
    "dislike": ("I hated {t}", "{t} was terrible", "didn't like {t}", "I couldn't finish {t}", "{t} bored me"),
    "like": ("I loved {t}", "{t} was great", "{t} is one of my favourites", "really enjoyed {t}"),
}  # fmt: skip
PLACE: dict[Verdict, tuple[str, ...]] = {
    "reject": ("not the {r} one", "not the {r}", "no to the {r} one", "I don't fancy the {r} one",
               "the {r} one isn't for me", "anything but the {r} one"),
    "seen": ("I've seen the {r} one", "seen the {r}", "already watched the {r} one", "the {r} one I've seen",
             "i saw the {r} one already"),
    "dislike": ("I hated the {r} one", "the {r} one was awful", "didn't like the {r} one"),
    "like": ("I loved the {r} one", "the {r} one was great"),
}  # fmt: skip
ALL_PLACES: dict[Verdict, tuple[str, ...]] = {
    "reject": ("none of these", "none of those, thanks", "nope, none of them", "not these"),
    "seen": ("I've seen all of these", "seen them all", "we have seen all of them"),
}
TAPS: dict[str, Verdict] = {
    "like": "like", "dislike": "dislike", "seen": "seen", "skip": "reject", "save": "like", "purchase": "like",
    "click": "", "view": "",
}  # fmt: skip

MORE = (
    "more", "show me more", "what else?", "others please", "next", "something else", "any others?", "keep going",
    "anything else?", "show me some others", "and what else do you have",
)  # fmt: skip
CRITIQUE = ("{w}", "something {w}", "a bit {w}", "can you make it {w}?", "I'd prefer something {w}", "make it {w}")
SIMILAR = ("something like {t}", "similar to {t}", "{ns} like {t}", "in the style of {t}")
SIMILAR_PLACE = ("more like the {r} one", "like the {r} one")
DROP_VALUE = ("drop {v}", "forget {v}", "forget about {v}", "never mind {v}", "remove {v}", "forget the {v} thing")
DROP_FACET = (
    "forget the {v}", "any {v} is fine", "drop the {v}", "the {v} doesn't matter", "any {v} will do",
    "i don't care about the {v}", "never mind the {v}", "{v} doesn't matter any more",
)  # fmt: skip
UNDO = ("undo", "undo that", "take that back", "go back", "scratch that", "undo please", "please undo")
RESET = ("start over", "reset", "let's start over", "start from scratch", "let's start again", "new search")
FORGET = ("forget everything", "forget everything about me", "delete everything you know about me", "erase my data")
SMALL_TALK = (
    "hi", "hello there", "thanks", "thank you!", "cool", "haha", "how are you?", "what can you do?", "ok", "nice",
    "what's the weather like?", "hmm", "good evening", "tell me a joke",
)  # fmt: skip
ASK_TITLE = (
    "what is {t} about?", "tell me about {t}", "how long is {t}?", "what year is {t} from?", "why not {t}?",
    "do you have {t}?", "when did {t} come out?", "is {t} scary?", "is {t} suitable for children?",
)  # fmt: skip
ASK_PLACE = (
    "why the {r} one?", "why the {r}?", "how long is the {r} one?", "what is the {r} one about?",
    "what year is the {r} one from?", "is the {r} one violent?", "tell me more about the {r}",
)  # fmt: skip
ASK_WHETHER = ("is {t} {a} {o}?", "is {t} really {a} {o}?", "would you call {t} {a} {o}?")
ASK_WHETHER_PLACED = ("is the {r} one {a} {o}?", "is the {r} {a} {o}?", "and is the {r} one {a} {o}?")
ASK_MANY = ("how many {x} do you have?", "how many {os} are there?")
ASK_ME = ("what do you know about me?", "show me my profile", "why?", "compare the first and the second")
