"""A conversation with a caller, and what procedures do in it: ask, confirm, choose, learn, do.

Whatever is asked, the caller may ask back, name facts unasked, raise another problem, or leave.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from shared.language.as_heard import (
    is_assent,
    is_goodbye,
    phrase,
    sentences,
    takes_back,
    yes_or_no,
)
from shared.side.dialogue import Dialogue, PeerTurn, call, listen, say, tell
from support_agent.identity import PROVE
from support_agent.reception import CALLBACK, PUT_THROUGH
from support_agent.slots import Slot, SlotKind, is_unknown, read_slots

ATTEMPTS = 3
"""How often anything is asked: once, and again at most twice."""

NOTHING_MORE = re.compile(
    r"^ (?:no|nope|nah) | (?:that is (?:all|it|everything)|nothing (?:else|more)|all set) "
    r"|^ (?:thank you|thanks)(?: \w+){0,4} $"
)
"""What a caller says who needs nothing else."""
_REPEAT = re.compile(
    r" (?:repeat (?:that|it|this|the question|your question|yourself)|say (?:that|it|this) again"
    r"|pardon|come again|did not (?:catch|hear|understand)|what did you say|what was that"
    r"|1 more time|once more) | repeat(?: please)? $|^ (?:what|sorry|excuse me|huh) $"
)
_WAIT = re.compile(
    r" (?:hold on|(?:1|a) (?:moment|minute|2 th)|let me (?:check|look|find|see|get)) "
)
_THERE = re.compile(r" (?:are you (?:still )?there|can you hear me|anybody there) |^ hello $")


_LEAD = 4
"""Words that may stand around what we named: "It is about a bill, please"."""
_RATHER = re.compile(
    r" (?:no wait|wait no|but no|no actually|no i mean|scratch that|changed my mind"
    r"|on 2 th thoughts?|never mind that|or (?:oh |wait )?no|no (?:let us|rather)|or rather"
    r"|(?:thinking|think) about it|better still|hang on no) "
)
"""What stands between a wish and the one that takes its place."""
_NEARLY_PUT = 1
"""Words that may be missing at the end of a question that is clear all the same."""
_WANTS_IT_NOT = re.compile(r" not (?:want|need|like) (?:it|them|that|this|1|the|to) ")
_CLEAR = re.compile(r" (?:yes|yeah|yep|no|nope) ")


class CallerLeaves(Exception):
    """The caller said goodbye, or is put through to somebody else."""


Procedure: TypeAlias = "Callable[[Talk], Dialogue[None]]"
"""Works off a problem; the caller is identified by then, unless `Problem.anybody` may ask."""


class Problem(NamedTuple):
    """Something callers call about."""

    name: str
    label: str
    """As the agent names it among what it can help with: "a late order"."""
    signs: tuple[str, ...]
    """Regular expressions, one of which is found in what a caller says who has this problem.

    They are matched against normalized words with a space before and after each: "Where's my
    order?" is " where is my order " (`shared.language.as_heard.phrase`).
    """
    solve: Procedure
    anybody: bool = False
    """Whether it concerns no data of the caller's, so that anybody may ask."""


class Talk:
    """A conversation as far as it went: what is known of the caller, and what is to be done.

    Args:
        problems: What callers may call about.
        slots: All that they may be asked for.
        identity: Of these, what identifies a caller.
        proofs: Of these, second facts.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        slots: Sequence[Slot],
        identity: Sequence[Slot],
        proofs: Sequence[Slot] = (),
    ) -> None:
        self.record: dict[str, Any] | None = None
        """What the look-up returned that identified the caller; None before that."""
        self.facts: dict[str, tuple[str, ...]] = {}
        """What the caller said, by slot; several readings if it was not clear."""
        self.asked: Counter[str] = Counter()
        """How often the caller was asked for a fact since it was found last, by slot."""
        self.waiting: list[Problem] = []
        """What the caller raised and is not worked off yet, in order."""
        self.current: Problem | None = None
        """What is worked off now."""
        self._problems, self._slots, self._identity = problems, slots, identity
        self._proofs = proofs
        self._raised: Counter[str] = Counter()
        self._last_code: Slot | None = None
        """The code that the caller told last."""
        self._words: dict[str, str] = {}
        """What the caller said when raising a problem, by its name."""

    def known(self, name: str) -> Any:
        """What the look-up that identified the caller told under this name.

        `IdentifiedCaller.found(..., order=order)` is known as `talk.known("order")`.
        """
        assert self.record, "this problem is for anybody, and nobody is identified"
        return self.record[name]

    def ask(self, question: str, asked: Sequence[Slot] = ()) -> Dialogue[PeerTurn]:
        """Ask, deal with a caller who asks back or breaks in, and note all that the answer says.

        Raises:
            CallerLeaves: The caller says goodbye.
        """
        self.asked.update(slot.name for slot in asked)
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
        self.note(heard.text, () if heard.cut_off else asked)
        if is_goodbye(heard.text) and not self.waiting:
            raise CallerLeaves
        return heard

    def confirm(self, question: str) -> Dialogue[bool]:
        """Whether the caller agrees; an answer that stays unclear is a no."""
        asking = question
        for _ in range(ATTEMPTS):
            heard = yield from self.ask(asking)
            # Nobody agrees to a question that was not put, nor by a yes that is taken back.
            early = heard.unsaid > _NEARLY_PUT
            agreed = None if early or _is_doubtful(heard.text) else yes_or_no(heard.text)
            if agreed is not None:
                return agreed
            if early:
                asking = question
                continue
            # "Yes or no" is heard as "yes or number"; with articles it is heard right.
            asking = f"Sorry, is that a yes, or a no? {question}"
        return False

    def choose(self, question: str, options: Mapping[str, tuple[str, ...]]) -> Dialogue[str | None]:
        """Which of `options` the caller wants; None if none of them, or if it stays unclear.

        Args:
            question: Names them; not asked if the caller named one when raising the problem.
            options: By what is returned, the words that name it.
        """
        raised = self._words.get(self.current.name, "") if self.current else ""
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
            if slot.name not in self.facts and not (yield from self.fill(slot)):
                return None
            value = self.facts[slot.name][0]
            if (yield from self.hears(slot, value)):
                return value
        return None

    def hears(self, slot: Slot, value: str) -> Dialogue[bool]:
        """Whether a fact is right as it was heard, which is read back to the caller.

        If it is not, it is no longer known, or known as the caller has corrected it.
        """
        heard = self.facts.pop(slot.name)
        agreed = yield from self.confirm(f"That is {slot.read_back(value)}. Is that right?")
        # A no may come with what is right; what is heard twice is so, whatever came with it.
        if agreed or value in self.facts.get(slot.name, ()):
            self.facts[slot.name] = heard
            return True
        return False

    def go_on_with(self, name: str) -> None:
        """Work off the problem `name` next, as if the caller had raised it."""
        problem = {one.name: one for one in self._problems}.get(name)
        if problem is None:
            raise ValueError(f"there is no problem {name!r} to go on with")
        if problem not in self.waiting:
            self.waiting.insert(0, problem)

    def do(self, tool: str, *done: str, **arguments: Any) -> Dialogue[bool]:
        """Use a tool that changes something, and say that it is `done`, or why it cannot be.

        If it needs a second fact of the caller first, that is asked for.
        """
        result = yield from call(tool, **arguments)
        if facts := result.data.get("ask_for_one_of"):
            if not (yield from self._prove(facts)):
                yield from tell("I am sorry, then I cannot do that on the phone.")
                yield from self.offer_callback(self.current.label if self.current else tool)
                return False
            result = yield from call(tool, **arguments)
        if result.failed:
            yield from tell(f"I am sorry. {result.data['text']}")
        else:
            yield from tell(*done)
        return not result.failed

    def _prove(self, facts: Sequence[str]) -> Dialogue[bool]:
        """Whether the caller rightly tells the first of these second facts that it knows."""
        fitting = [slot for slot in self._proofs if slot.name in facts]
        fitting.sort(key=lambda slot: slot.name not in self.facts)
        if not any(slot.name in self.facts for slot in fitting):
            yield from tell("I need one more thing to be sure that it is you.")
        for slot in fitting:
            while slot.name in self.facts or (yield from self.fill(slot)):
                heard = self.facts.pop(slot.name)
                for reading in heard[:2]:
                    if (yield from call(PROVE, fact=slot.name, value=reading)).data.get("found"):
                        self.facts[slot.name] = (reading,)
                        return True
                if self.asked[slot.name] < ATTEMPTS:
                    yield from tell(f"I am sorry, {slot.aloud(heard[0])} is not what I have here.")
            if self.asked[slot.name] >= ATTEMPTS:
                return False
        return False

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

    def note(self, text: str, asked: Sequence[Slot] = ()) -> None:
        """Take up the facts and the problems in what was heard."""
        problems = list(self._problems_in(text))
        if problems:  # "Just cancel it" is nobody's name
            asked = [slot for slot in asked if slot.kind is not SlotKind.NAME]
        if not self.record and takes_back(text):
            asked = self._without_last_code(asked)
        facts = read_slots(text, self._slots, asked)
        for slot in self._slots:
            if slot.kind is SlotKind.CODE and slot.name in facts:
                self._last_code = slot
        if self.record and problems and self._is_of_another(facts):
            self.record = None
        # What somebody was identified by stays as it is; what else is asked for is a proof.
        fixed = self._identity if self.record else ()
        proven = {slot.name for slot in fixed if slot not in asked}
        self.facts |= {name: said for name, said in facts.items() if name not in proven}
        closing = NOTHING_MORE.search(phrase(text))
        for problem in problems:
            known = problem is self.current or problem in self.waiting
            solved = self._raised[problem.name] > 0
            if known or (solved and (closing or self._raised[problem.name] >= ATTEMPTS)):
                continue
            self._raised[problem.name] += 1
            self._words[problem.name] = text
            self.waiting.append(problem)

    def _without_last_code(self, asked: Sequence[Slot]) -> Sequence[Slot]:
        """Forget the code that is taken back, which what comes now may replace; what is asked."""
        code = self._last_code
        if code is None or any(slot.kind is SlotKind.CODE for slot in asked):
            return asked
        self.facts.pop(code.name, None)
        return (*asked, code)

    def _broke_in(self, heard: PeerTurn) -> bool:
        """Whether the caller spoke before the question was put, and said nothing to act on."""
        return heard.cut_off and not (
            is_goodbye(heard.text)
            or read_slots(heard.text, self._slots)
            or any(self._problems_in(heard.text))
        )

    def _problems_in(self, text: str) -> Iterator[Problem]:
        """The problems spoken of, in the order in which they are; a change of mind counts."""
        wishes = [f" {part.strip()} " for part in _RATHER.split(phrase(text))]
        last = next((found for wish in reversed(wishes) if (found := self._places(wish))), {})
        yield from sorted(last, key=last.__getitem__)

    def _places(self, words: str) -> dict[Problem, int]:
        """Where each problem is spoken of, by one of its signs or as we name it ourselves."""
        places: dict[Problem, int] = {}
        for problem in self._problems:
            named = phrase(problem.label)
            brief = len(words.split()) < len(named.split()) + _LEAD
            signs = (*problem.signs, re.escape(named)) if brief else problem.signs
            found = [match.start() for sign in signs if (match := re.search(sign, words))]
            if found:
                places[problem] = min(found)
        return places

    def _is_of_another(self, facts: dict[str, tuple[str, ...]]) -> bool:
        """Whether a code in `facts` is not the one the caller was identified by."""
        codes = [slot.name for slot in self._identity if slot.kind is SlotKind.CODE]
        return any(
            name in facts and not set(facts[name]) & set(self.facts.get(name, ())) for name in codes
        )

    def fill(self, slot: Slot) -> Dialogue[bool]:
        """Ask for one fact; False if the caller does not have it or cannot make it understood."""
        spell = slot.kind is SlotKind.SPELLING
        question = f"Could you {'spell' if spell else 'tell me'} {slot.noun}, please?"
        while self.asked[slot.name] < ATTEMPTS:
            heard = yield from self.ask(question, (slot,))
            if slot.name in self.facts:
                return True
            if is_unknown(heard.text):
                return False
            if not heard.cut_off:
                slowly = " slowly, digit by digit" if slot.kind is SlotKind.CODE else " again"
                ask = "spell" if spell else "tell me"
                question = f"Sorry, I did not catch that. Could you {ask} {slot.noun}{slowly}?"
        return False


def _named(text: str, options: Mapping[str, tuple[str, ...]]) -> str | None:
    """The one of `options` that is named in `text`."""
    words = phrase(text)
    named = [
        option for option, names in options.items() if any(phrase(name) in words for name in names)
    ]
    return named[0] if len(named) == 1 else None


def _is_doubtful(text: str) -> bool:
    """Whether an answer is neither a yes nor a no for sure: "I do not want it" may be either."""
    words = phrase(text)
    unclear = _WANTS_IT_NOT.search(words) and not _CLEAR.search(words)
    return bool(_RATHER.search(words) or unclear)


def _answer_back(heard: PeerTurn, question: str) -> str:
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
