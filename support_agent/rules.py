"""The support agent's dialogue without a language model; it knows no business by itself.

A call: understand what the caller wants, identify the caller, work off the problems in the order
in which they were raised, ask for more, say goodbye. Whatever is asked, the caller may ask back,
name facts unasked, raise another problem, or leave.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.language.as_heard import is_assent, is_goodbye, phrase, sentences, yes_or_no
from shared.side.dialogue import Dialogue, Heard, call, listen, say, tell
from support_agent.business import Business, Problem, Way
from support_agent.reception import CALLBACK, PUT_THROUGH
from support_agent.slots import Kind, Slot, is_unknown, read_slots

ATTEMPTS = 3
"""How often anything is asked: once, and again at most twice."""

_REPEAT = re.compile(
    r" (?:repeat (?:that|it|this|the question|your question|yourself)|say (?:that|it|this) again"
    r"|pardon|come again|did not (?:catch|hear|understand)|what did you say|what was that"
    r"|1 more time|once more) | repeat(?: please)? $|^ (?:what|sorry|excuse me|huh) $"
)
_WAIT = re.compile(
    r" (?:hold on|(?:1|a) (?:moment|minute|2 th)|let me (?:check|look|find|see|get)) "
)
_THERE = re.compile(r" (?:are you (?:still )?there|can you hear me|anybody there) |^ hello $")
_NOTHING_MORE = re.compile(
    r"^ (?:no|nope|nah) | (?:that is (?:all|it|everything)|nothing (?:else|more)|all set) "
    r"|^ (?:thank you|thanks)(?: \w+){0,4} $"
)
_FEW_WORDS = re.compile(r"^(?: \w+){1,3} $")


class CallerLeaves(Exception):
    """The caller said goodbye, or is put through to somebody else."""


class Talk:
    """A conversation as far as it went: what is known of the caller, and what is to be done."""

    def __init__(self, business: Business, *, opens: bool) -> None:
        self.business = business
        self.record: dict[str, Any] | None = None
        """What the desk knows of the identified caller."""
        self.facts: dict[str, tuple[str, ...]] = {}
        """What the caller said, by slot; several readings if it was not clear."""
        self._opens = opens
        self._waiting: list[Problem] = []
        self._raised: Counter[str] = Counter()
        self._current: Problem | None = None
        self._words: dict[str, str] = {}
        """What the caller said when raising a problem, by its name."""

    def dialogue(self) -> Dialogue[None]:
        """The whole call."""
        greeting = f"Thank you for calling {self.business.name}. How can I help you today?"
        if not self._opens:
            self._note((yield from listen()).text)
            greeting = f"Thank you for calling {self.business.name}."
            yield from tell(greeting)
        with suppress(CallerLeaves):
            if self._opens:
                yield from self.ask(greeting)
            yield from self._understand()
            yield from self._work()
        yield from self._farewell()

    def ask(self, question: str, asked: Sequence[Slot] = ()) -> Dialogue[Heard]:
        """Ask, deal with a caller who asks back or breaks in, and note all that the answer says.

        Raises:
            CallerLeaves: The caller says goodbye.
        """
        heard = yield from say(question)
        if asked and is_assent(heard.text):
            # "Sure" is no fact; the fact comes next.
            heard = (yield from listen())._replace(said=heard.said)
        for _ in range(ATTEMPTS):
            back = _answer_back(heard, question)
            if not back and self._broke_in(heard):
                back = question
            if not back:
                break
            heard = yield from say(back)
        self._note(heard.text, () if heard.cut_off else asked)
        if is_goodbye(heard.text) and not self._waiting:
            raise CallerLeaves
        return heard

    def confirm(self, question: str) -> Dialogue[bool]:
        """Whether the caller agrees; an answer that stays unclear is a no."""
        asking = question
        for _ in range(ATTEMPTS):
            heard = yield from self.ask(asking)
            # Nobody agrees to a question that was not put.
            agreed = None if heard.cut_off else yes_or_no(heard.text)
            if agreed is not None:
                return agreed
            asking = f"Sorry, I did not catch that. {question} Please say yes or no."
        return False

    def choose(self, question: str, options: Mapping[str, tuple[str, ...]]) -> Dialogue[str | None]:
        """Which of `options` the caller wants; None if none of them, or if it stays unclear.

        Args:
            question: Names them; not asked if the caller named one when raising the problem.
            options: By what is returned, the words that name it.
        """
        raised = self._words.get(self._current.name, "") if self._current else ""
        if named := _named(raised, options):
            return named
        asking = question
        for _ in range(ATTEMPTS):
            heard = yield from self.ask(asking)
            if not heard.cut_off:
                if named := _named(heard.text, options):
                    return named
                if yes_or_no(heard.text) is False:
                    return None
            asking = f"Sorry, I did not catch that. {question}"
        return None

    def learn(self, slot: Slot) -> Dialogue[str | None]:
        """A fact that no look-up proves, read back to the caller; None if it cannot be had."""
        for _ in range(ATTEMPTS):
            if slot.name not in self.facts and not (yield from self._fill(slot)):
                return None
            heard = self.facts[slot.name]
            question = f"That is {slot.read_back(heard[0])}. Is that right?"
            if (yield from self.confirm(question)):
                return heard[0]
            # A no may come with what is right.
            if self.facts[slot.name] == heard:
                del self.facts[slot.name]
        return None

    def go_on_with(self, name: str) -> None:
        """Work off the problem `name` next, as if the caller had raised it."""
        problem = next(one for one in self.business.problems if one.name == name)
        if problem not in self._waiting:
            self._waiting.insert(0, problem)

    def do(self, tool: str, *done: str, **arguments: Any) -> Dialogue[bool]:
        """Use a tool that changes something, and say that it is `done`, or why it cannot be."""
        result = yield from call(tool, **arguments)
        if result.failed:
            yield from tell(f"I am sorry. {result.data['text']}")
        else:
            yield from tell(*done)
        return not result.failed

    def offer_callback(self, about: str) -> Dialogue[None]:
        """Offer that a colleague calls back."""
        if (yield from self.confirm("Shall I have a colleague call you back?")):
            name = self.record["customer"] if self.record else self.facts.get("name", ("",))[0]
            yield from call(CALLBACK, name=name, about=about)
            yield from tell("All right. A colleague will call you back within one day.")

    def put_through(self, about: str) -> Dialogue[None]:
        """Have a colleague take over, which ends the call."""
        yield from call(PUT_THROUGH, about=about)
        yield from tell("I will put you through to a colleague now.")
        raise CallerLeaves

    def _note(self, text: str, asked: Sequence[Slot] = ()) -> None:
        """Take up the facts and the problems in what was heard."""
        problems = list(self._problems_in(text))
        if problems:  # "Just cancel it" is nobody's name
            asked = [slot for slot in asked if slot.kind is not Kind.NAME]
        facts = read_slots(text, self.business.slots(), asked)
        if self.record and problems and self._is_of_another(facts):
            self.record = None
        # What somebody was identified by stays as it is.
        fixed = self.business.identity() if self.record else ()
        proven = {slot.name for slot in fixed}
        self.facts |= {name: said for name, said in facts.items() if name not in proven}
        closing = _NOTHING_MORE.search(phrase(text))
        for problem in problems:
            known = problem is self._current or problem in self._waiting
            solved = self._raised[problem.name] > 0
            if known or (solved and (closing or self._raised[problem.name] >= ATTEMPTS)):
                continue
            self._raised[problem.name] += 1
            self._words[problem.name] = text
            self._waiting.append(problem)

    def _broke_in(self, heard: Heard) -> bool:
        """Whether the caller spoke before the question was put, and said nothing to act on."""
        return heard.cut_off and not (
            is_goodbye(heard.text)
            or read_slots(heard.text, self.business.slots())
            or any(self._problems_in(heard.text))
        )

    def _problems_in(self, text: str) -> Iterator[Problem]:
        """The problems spoken of, in the order in which they are."""
        words = phrase(text)
        places: dict[Problem, int] = {}
        for problem in self.business.problems:
            found = [match.start() for sign in problem.signs if (match := re.search(sign, words))]
            if found:
                places[problem] = min(found)
        yield from sorted(places, key=places.__getitem__)

    def _is_of_another(self, facts: dict[str, tuple[str, ...]]) -> bool:
        """Whether a code in `facts` is not the one the caller was identified by."""
        codes = [slot.name for slot in self.business.identity() if slot.kind is Kind.CODE]
        return any(
            name in facts and not set(facts[name]) & set(self.facts.get(name, ())) for name in codes
        )

    def _understand(self) -> Dialogue[None]:
        """Ask until there is a problem to work on."""
        labels = [problem.label for problem in self.business.problems]
        choice = f"I can help with {', '.join(labels[:-1])}, or {labels[-1]}. Which one is it?"
        for question in (
            "Sorry, I did not understand. Could you tell me in a few words what is wrong?",
            choice,
        ):
            if self._waiting:
                break
            if self.facts:
                question = "Thank you. And what can I do for you?"  # noqa: PLW2901
            yield from self.ask(question)
        if not self._waiting:
            yield from tell("I am sorry, I do not understand what is wrong.")
            yield from self.offer_callback("could not be understood")
            raise CallerLeaves
        yield from tell("I can help you with that.")

    def _work(self) -> Dialogue[None]:
        """Work off all problems, and ask for more until there are none."""
        unclear = 0
        while True:
            while self._waiting:
                self._current = self._waiting.pop(0)
                known = self.record or self._current.anybody
                if not known and not (yield from self._identify()):
                    yield from tell("I am sorry, I could not find you in our system.")
                    yield from self.offer_callback(self._current.label)
                    return
                yield from self._current.solve(self)
                self._current = None
            heard = yield from self.ask("Is there anything else I can help you with?")
            if self._waiting:
                continue
            if _NOTHING_MORE.search(phrase(heard.text)) or unclear == ATTEMPTS - 1:
                return
            unclear += 1
            if yes_or_no(heard.text) is None:
                yield from tell("Sorry, I did not understand that.")
            yield from self.ask("Could you tell me in a few words what else I can do for you?")

    def _identify(self) -> Dialogue[bool]:
        """Find the caller at the desk, one way or another."""
        for number, way in enumerate(self.business.ways):
            if number:
                yield from tell("Let us try another way.")
            if (yield from self._identify_by(way)):
                return True
        return False

    def _identify_by(self, way: Way) -> Dialogue[bool]:
        again: list[Slot] = []
        for _ in range(ATTEMPTS):
            if again:
                yield from self._ask_again(again)
            for slot in way.slots:
                if slot.name not in self.facts and not (yield from self._fill(slot)):
                    return False
            found, again = yield from self._look_up(way)
            if found:
                return True
        return False

    def _look_up(self, way: Way) -> Dialogue[tuple[bool, list[Slot]]]:
        """Try what was heard; else the slots to ask for again."""
        again: list[Slot] = []
        first = way.slots[0]
        # Another reading of a code costs the caller nothing; more than two are guesses.
        for reading in self.facts[first.name][:2]:
            arguments = {slot.name: self.facts[slot.name][0] for slot in way.slots}
            result = yield from call(way.tool, **(arguments | {first.name: reading}))
            if result.data.get("found"):
                self.record = result.data
                self.facts[first.name] = (reading,)
                return True, []
            if not again:
                again = [slot for slot in way.slots if slot.name in result.data.get("again", ())]
        return False, again or list(way.slots)

    def _ask_again(self, slots: Sequence[Slot]) -> Dialogue[None]:
        """Say what could not be found, and ask for it in one question."""
        read_back = " ".join(slot.read_back(self.facts[slot.name][0]) for slot in slots)
        for slot in slots:
            del self.facts[slot.name]
        nouns = " and ".join(slot.noun for slot in slots)
        slowly = ", digit by digit" if any(slot.kind is Kind.CODE for slot in slots) else ""
        yield from self.ask(
            f"I am sorry, I could not find {read_back}. Could you tell me {nouns} again{slowly}?",
            slots,
        )

    def _fill(self, slot: Slot) -> Dialogue[bool]:
        """Ask for one fact; False if the caller does not have it or cannot make it understood."""
        question = f"Could you tell me {slot.noun}, please?"
        for _ in range(ATTEMPTS):
            heard = yield from self.ask(question, (slot,))
            if slot.name in self.facts:
                return True
            if is_unknown(heard.text):
                return False
            if not heard.cut_off:
                slowly = " slowly, digit by digit" if slot.kind is Kind.CODE else " again"
                question = f"Sorry, I did not catch that. Could you tell me {slot.noun}{slowly}?"
        return False

    def _farewell(self) -> Dialogue[None]:
        """Say goodbye, and stay on the line for whatever still comes.

        A goodbye that was cut off, or that is met by silence, was not heard and is said again.
        """
        goodbye = f"Thank you for calling {self.business.name}. Goodbye."
        for _ in range(ATTEMPTS):
            heard = yield from say(goodbye)
            while heard.text and not heard.cut_off and _takes_leave(heard.text):
                heard = yield from listen()
            self._note(heard.text)
            with suppress(CallerLeaves):
                if not self._waiting and not _takes_leave(heard.text) and heard.text:
                    yield from self.ask("Sorry, what else can I do for you?")
                if self._waiting:
                    yield from self._work()


def _takes_leave(text: str) -> bool:
    """Whether what is said after our goodbye asks for nothing more."""
    words = phrase(text)
    few = _NOTHING_MORE.search(words) or _FEW_WORDS.search(words)
    return is_goodbye(text) or bool(few)


def _named(text: str, options: Mapping[str, tuple[str, ...]]) -> str | None:
    """The one of `options` that is named in `text`."""
    words = phrase(text)
    named = [
        option for option, names in options.items() if any(phrase(name) in words for name in names)
    ]
    return named[0] if len(named) == 1 else None


def _answer_back(heard: Heard, question: str) -> str:
    """The reply to a caller who did not answer but asked back, or said nothing; else empty."""
    words = phrase(heard.text)
    question = sentences(question)[-1]
    if not heard.text:
        return f"Are you still there? {question}"
    if _REPEAT.search(words):
        return heard.said
    if _THERE.search(words):
        return f"Yes, I am here. {question}"
    if _WAIT.search(words) and len(words.split()) < 8:
        return "Of course, take your time."
    return ""
