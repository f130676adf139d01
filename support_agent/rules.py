"""The support agent's dialogue without a language model; it knows no business by itself.

A call: understand what the caller wants, identify the caller, work off the problems in the order
in which they were raised, ask for more, say goodbye.
"""

import re
from collections.abc import Generator, Sequence
from contextlib import suppress

from shared.language.as_heard import is_goodbye, phrase, yes_or_no
from shared.side.dialogue import Dialogue, call, listen, say, tell
from support_agent.business import Business, Identification
from support_agent.greeting import greeting
from support_agent.slots import NAME, Slot, SlotKind
from support_agent.talk import ATTEMPTS, NOTHING_MORE, CallerLeaves, Problem

_WHAT_ELSE = "Could you tell me in a few words what else I can do for you?"
_FEW_WORDS = re.compile(r"^(?: \w+){1,3} $")


def dialogue(business: Business, *, opens: bool) -> Dialogue[None]:
    """The agent's side of a whole call to `business`.

    Args:
        business: Whose agent it is.
        opens: Whether it speaks first.
    """
    return _Call(business, opens=opens).hold()


class _Call:
    """One call, from greeting to goodbye."""

    def __init__(self, business: Business, *, opens: bool) -> None:
        self._business, self._opens = business, opens
        self._talk = business.talk()
        self._names_missed = 0
        """How often nobody of the caller's name was found."""

    def hold(self) -> Dialogue[None]:
        """The whole call."""
        first = greeting(self._business.name, opens=self._opens)
        if not self._opens:
            self._talk.note((yield from listen()).text)
            yield from tell(first)
        with suppress(CallerLeaves):
            if self._opens:
                yield from self._talk.ask(first)
            yield from self._understand()
            yield from self._work()
        yield from self._farewell()

    def _understand(self) -> Dialogue[None]:
        """Ask until there is a problem to work on."""
        for question in (
            "Sorry, I did not understand. Could you tell me in a few words what is wrong?",
            self._choice(),
        ):
            if self._talk.waiting:
                break
            if self._talk.facts:
                question = "Thank you. And what can I do for you?"  # noqa: PLW2901
            yield from self._talk.ask(question)
        if not self._talk.waiting:
            yield from tell("I am sorry, I do not understand what is wrong.")
            yield from self._talk.offer_callback("could not be understood")
            raise CallerLeaves
        yield from tell("I can help you with that.")

    def _choice(self) -> str:
        """What callers are offered whose wish is not understood in their own words."""
        *labels, last = (problem.label for problem in self._business.problems)
        if not labels:
            return f"I can help with {last}. What can I do for you?"
        return f"I can help with {', '.join(labels)}, or {last}. Which one is it?"

    def _work(self) -> Dialogue[None]:
        """Work off all problems, and ask for more until there are none."""
        unclear = 0
        while True:
            while self._talk.waiting:
                self._talk.current = self._talk.waiting.pop(0)
                known = self._talk.record or self._talk.current.anybody
                if not known and not (yield from self._identify()):
                    yield from tell("I am sorry, I could not find you in our system.")
                    yield from self._talk.offer_callback(self._talk.current.label)
                    return
                yield from self._procedure(self._talk.current)
                self._talk.current = None
            heard = yield from self._talk.ask("Is there anything else I can help you with?")
            if self._talk.waiting:
                continue
            if NOTHING_MORE.search(phrase(heard.text)) or unclear == ATTEMPTS - 1:
                return
            unclear += 1
            if yes_or_no(heard.text) is None:
                yield from tell("Sorry, I did not understand that.")
            yield from self._ask_what_else()

    def _ask_what_else(self) -> Dialogue[None]:
        """Have a wish put in other words, or picked from a list."""
        for question in (_WHAT_ELSE, self._choice()):
            heard = yield from self._talk.ask(question)
            if self._talk.waiting or NOTHING_MORE.search(phrase(heard.text)):
                return

    def _procedure(self, problem: Problem) -> Dialogue[None]:
        steps = problem.solve(self._talk)
        if not isinstance(steps, Generator):
            raise TypeError(
                f"the procedure of {problem.name!r} is no dialogue but returned "
                f"{type(steps).__name__}; `yield from` what it says and asks"
            )
        return steps

    def _identify(self) -> Dialogue[bool]:
        """Find the caller at the desk, one way or another."""
        for number, way in enumerate(self._business.identifications):
            if number:
                yield from tell("Let us try another way.")
            if (yield from self._identify_by(way)):
                return True
        return False

    def _identify_by(self, way: Identification) -> Dialogue[bool]:
        for _ in range(ATTEMPTS):
            # Twice, for while one is asked for another may be taken back.
            for slot in (*way.slots, *way.slots):
                if slot.name not in self._talk.facts and not (yield from self._talk.fill(slot)):
                    return False
            found, missed = yield from self._look_up(way)
            if found:
                return True
            if missed and not (yield from self._ask_again(way, missed)):
                return False
        return False

    def _look_up(self, way: Identification) -> Dialogue[tuple[bool, list[Slot]]]:
        """Try what was heard; else the slots to ask for again."""
        again: list[Slot] = []
        first = way.slots[0]
        heard, *others = self._talk.facts[first.name]
        # Another reading of a code costs the caller nothing; more than two of them are guesses.
        for reading in (heard, *others[:2]):
            known = [*way.slots, *(slot for slot in way.doubts if slot.name in self._talk.facts)]
            arguments = {slot.name: self._talk.facts[slot.name][0] for slot in known}
            result = yield from call(way.tool, **(arguments | {first.name: reading}))
            if result.data.get("found"):
                doubtful = first.kind is SlotKind.CODE and reading != heard
                if doubtful and not (yield from self._talk.hears(first, reading)):
                    return False, []
                self._talk.record = result.data
                self._talk.asked.clear()
                self._talk.facts[first.name] = (reading,)
                return True, []
            if not again:
                asked = result.data.get("again", ())
                again = [slot for slot in (*way.slots, *way.doubts) if slot.name in asked]
        return False, again or list(way.slots)

    def _ask_again(self, way: Identification, missed: Sequence[Slot]) -> Dialogue[bool]:
        """Ask for what did not lead to the caller; False if it was asked for often enough.

        What of a name is in doubt is to be spelled, and a name that was missed twice.
        """
        self._names_missed += NAME in missed
        spelling = [slot for slot in way.doubts if slot in missed]
        if NAME in missed and self._names_missed == ATTEMPTS - 1:
            spelling = list(way.doubts)
        if spelling:
            for slot in spelling:
                self._talk.facts.pop(slot.name, None)
                if not (yield from self._talk.fill(slot)):
                    return False
            return True
        slots = [slot for slot in missed if self._talk.asked[slot.name] < ATTEMPTS]
        if not slots:
            return False
        read_back = " ".join(slot.read_back(self._talk.facts[slot.name][0]) for slot in slots)
        if slots[0].kind is SlotKind.NAME:
            read_back = f"anybody {read_back}"
        for slot in (*slots, *way.doubts):
            self._talk.facts.pop(slot.name, None)
        yield from self._talk.ask(
            f"I am sorry, I could not find {read_back}. Could you tell me {_once_more(slots)}?",
            slots,
        )
        return True

    def _farewell(self) -> Dialogue[None]:
        """Say goodbye, and stay on the line for whatever still comes.

        A goodbye that was cut off, or that is met by silence, was not heard and is said again.
        """
        goodbye = f"Thank you for calling {self._business.name}. Goodbye."
        for _ in range(ATTEMPTS):
            heard = yield from say(goodbye)
            while heard.text and not heard.cut_off and _takes_leave(heard.text):
                heard = yield from listen()
            self._talk.note(heard.text)
            with suppress(CallerLeaves):
                if not self._talk.waiting and not _takes_leave(heard.text) and heard.text:
                    yield from self._talk.ask("Sorry, what else can I do for you?")
                if self._talk.waiting:
                    yield from self._work()


def _once_more(slots: Sequence[Slot]) -> str:
    """What to ask for again: codes digit by digit, and nothing else that way."""
    codes = " and ".join(slot.noun for slot in slots if slot.kind is SlotKind.CODE)
    others = " and ".join(slot.noun for slot in slots if slot.kind is not SlotKind.CODE)
    asked = f"{others}, and {codes}" if others and codes else others or codes
    return f"{asked} again, digit by digit" if codes else f"{asked} again"


def _takes_leave(text: str) -> bool:
    """Whether what is said after our goodbye asks for nothing more."""
    words = phrase(text)
    few = NOTHING_MORE.search(words) or _FEW_WORDS.search(words)
    return is_goodbye(text) or bool(few)
