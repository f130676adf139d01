"""The customer's dialogue without a language model: a caller who knows its sheet and nothing else.

It answers what it heard. It brings up its goals one after the other, gives facts when asked,
agrees to offers it does not refuse, corrects what is read back wrong, asks again when ignored, and
hangs up, with its goals met or given up.
"""

import re

from customer_agent.facts import asked_for, is_request
from customer_agent.manner import Manner
from shared.customer_sheet import Behaviour, CustomerSheet, Goal
from shared.language.as_heard import codes, digits_of, is_goodbye, phrase, sentences
from shared.language.facts.typed import TypedFact, typed_fact
from shared.language.likeness import likeness
from shared.language.statements import Claim, is_stated
from shared.side.dialogue import Dialogue, PeerTurn, Performed, call, listen, say, tell

ATTEMPTS = 3
"""How often a goal is brought up, and how often in a row the caller bears not to understand."""

_ELSE = re.compile(r" (?:anything else|something else|what else|any other|further) ")
_OPEN_QUESTION = re.compile(
    r" (?:how (?:can|may) (?:i|we) (?:help|assist)|what can i do|how can we|what is (?:wrong|the"
    r" (?:problem|matter|issue))|what happened|which 1 is it|which 1|in a few words|calling about"
    r"|help you (?:with )?today|describe) "
)
_THERE = re.compile(r" (?:are you (?:still )?(?:there|here)|can you hear me) |^ hello $")
_AGAIN = re.compile(
    r" (?:repeat|(?:say|tell me) (?:that|it|this|so)? ?again|1 more time"
    r"|(?:not|no) (?:catch|hear|understand)|pardon) "
)
_OFFER = re.compile(
    r" (?:shall|should|would|do|may|can|could|is|are|did|have|has|will)"
    r" (?:i|we|you|it|that|this|the) "
)
_SHALL = re.compile(r"^ (?:shall|shell|she will) (?:i|we) ")
"""An offer as recognizers hear it, who then take it for no question."""
_HANDED_ON = (
    *("call you back", "calls you back", "put you through", "putting you through"),
    *("connect you", "transfer you", "transferring you", "call u back"),
)
_GREETING = re.compile(r"^(?:hi|hello|hey|good \w+)(?: there)?[\s,.!]+", re.IGNORECASE)
_WAIT = re.compile(
    r" (?:1 moment|hold on|a moment|let me (?:check|look|see)|please wait|bear with me) "
)
_ALIKE = 0.75


class _State:
    """A goal and how far it came."""

    def __init__(self, goal: Goal, insists: int) -> None:
        self.goal, self._insists = goal, insists
        self.answer = Claim(goal.met_when)
        self.raised = 0
        self.refused = 0

    @property
    def open(self) -> bool:
        """Whether there is still something to be had from bringing it up."""
        return not self.answer.stated and self.refused <= self._insists


class Caller:
    """A caller's side of one dialogue, by its sheet."""

    def __init__(self, sheet: CustomerSheet, *, opens: bool, seed: int = 0) -> None:
        self._manner = Manner(sheet.persona, sheet.mood, sheet.behaviours, seed)
        self._performed: list[Performed] = []
        """In the turn that is being put together."""
        self._facts = {"name": typed_fact("name", sheet.persona.name)}
        self._facts |= {key: typed_fact(key, fact.value) for key, fact in sheet.facts.items()}
        self._sayings = {key: fact.said for key, fact in sheet.facts.items() if fact.said}
        self._refuses = sheet.refuses
        self._goals = [_State(goal, self._manner.insists) for goal in sheet.goals]
        self._opens = opens
        self._given: set[str] = set()
        self._agent_left = False
        """The agent has said goodbye, and will not do so again."""
        self._handed_on = Claim(_HANDED_ON)
        """What is still open somebody else will see to, later or in another call."""
        self._lost = 0
        """Turns in a row that were not understood."""
        self._silences = 0
        self._closing = 0
        """How often it said that this was all."""

    def dialogue(self) -> Dialogue[None]:
        """The whole call."""
        if self._opens:
            yield from tell("Hello.")
            heard = yield from self._say(self._bring_up())
        else:
            heard = yield from listen()
        while True:
            self._manner.hear(heard.text)
            settled = self._settle(heard.text)
            if is_goodbye(heard.text) and not (yield from self._hold_back()):
                yield from self._hang_up("All right. Goodbye." if self._open() else "Goodbye.")
                return
            if self._may_ask_again(heard, settled=settled) and self._manner.asks_to_repeat():
                asking = Performed(Behaviour.ASK_TO_REPEAT)
                heard = yield from say("Sorry, could you say that again, please?", asking)
                continue
            answer = self._answer(heard, settled=settled)
            if not answer:
                yield from self._say_goodbye()
                return
            heard = yield from self._say(answer)

    def _may_ask_again(self, heard: PeerTurn, *, settled: bool) -> bool:
        """Whether what was heard is worth asking for once more."""
        return bool(heard.text) and not settled and any(state.raised for state in self._goals)

    def _say(self, text: str) -> Dialogue[PeerTurn]:
        spoken, stumbled = self._manner.spoken(text)
        performed = (*self._performed, *stumbled)
        self._performed.clear()
        return (yield from say(spoken, *performed))

    def _open(self) -> list[_State]:
        return [state for state in self._goals if state.open]

    def _hold_back(self) -> Dialogue[bool]:
        """Whether there is something left to ask, once, when the agent already says goodbye."""
        left = self._agent_left or self._handed_on.stated
        if left or not any(state.raised < ATTEMPTS - 1 for state in self._open()):
            return False
        self._agent_left = True
        yield from tell("Wait, please.")
        return True

    def _hang_up(self, lead: str) -> Dialogue[None]:
        yield from call("hang_up", lead=lead, goals_met=not self._open())

    def _say_goodbye(self) -> Dialogue[None]:
        """Be the first to say goodbye, and hang up whatever the agent answers."""
        goodbye = "I will try another time. Goodbye." if self._open() else "Thank you. Goodbye."
        if not self._agent_left:
            yield from say(goodbye)
            goodbye = ""
        yield from self._hang_up(goodbye)

    def _settle(self, text: str) -> bool:
        """Mark the goals that `text` meets, refuses or takes back; whether one of them closed."""
        settled = False
        self._handed_on.hear(text)
        for state in self._goals:
            if not state.raised:
                continue
            was_open = state.open
            state.answer.hear(text)
            if not was_open and state.open:  # it was met, and is taken back
                state.raised = min(state.raised, ATTEMPTS - 1)
            elif was_open and state.open:
                state.refused += is_stated(text, state.goal.refused_when)
            settled = settled or (was_open and not state.open)
        return settled

    def _answer(self, heard: PeerTurn, *, settled: bool) -> str:
        """The answer to what was heard; empty to say goodbye."""
        words = phrase(heard.text)
        if not heard.text:
            return self._still_there(heard)
        lost, self._lost = self._lost, 0
        if is_goodbye(heard.text) or _ELSE.search(words) or _OPEN_QUESTION.search(words):
            return self._next(thanks=settled)
        answer = (
            self._give(heard.text)
            or self._correction(heard.text)
            or self._say_again(heard)
            or self._agree(heard.text)
        )
        first = not any(state.raised for state in self._goals)
        if answer or settled or self._closing or first:
            return answer or self._next(thanks=settled)
        if _WAIT.search(words):
            return self._manner.waiting()
        self._lost = lost + 1
        return self._not_understood()

    def _still_there(self, heard: PeerTurn) -> str:
        """Ask into a silence, once."""
        self._silences += 1
        if self._silences > 1:
            return ""
        if not heard.said:
            return f"Hello? {self._bring_up()}"
        return f"Hello, are you still there? {_content(heard.said)}"

    def _not_understood(self) -> str:
        if self._lost > 2 * ATTEMPTS:
            return ""
        if self._lost % ATTEMPTS == 0:
            return self._next(thanks=False)
        return "Sorry, I did not understand that. Could you say it again?"

    def _next(self, *, thanks: bool) -> str:
        """Bring up what is still open, or say that this is all; empty to say goodbye."""
        lead = "Thank you. " if thanks else ""
        if any(state.raised < ATTEMPTS for state in self._open()):
            return f"{lead}{self._bring_up()}"
        self._closing += 1
        if self._open() or self._handed_on.stated or self._agent_left or self._closing > 2:
            return ""
        return self._manner.closing()

    def _bring_up(self) -> str:
        """The first goal that is open, in the caller's words."""
        state = next((one for one in self._open() if one.raised < ATTEMPTS), self._goals[0])
        state.raised += 1
        if state.raised > 1:
            say_again = _GREETING.sub("", state.goal.say)
            return f"I still need help with this. {say_again[:1].upper()}{say_again[1:]}"
        if state is self._goals[0]:
            return state.goal.say
        return f"There is something else. {state.goal.say}"

    def _give(self, text: str) -> str:
        """The facts that `text` asks for."""
        asked = [key for part in sentences(text) for key in asked_for(part, self._facts)]
        parts = []
        for key in dict.fromkeys(asked):
            noun = key.replace("_", " ")
            fact = self._facts.get(key)
            if fact is None:
                parts.append(f"I am sorry, I do not have the {noun}.")
                continue
            if key in self._sayings:
                parts.append(self._sayings[key])
                continue
            again = key in self._given and len(asked) == 1
            aloud = self._aloud(fact)
            told = self._manner.fact(noun, aloud, alone=len(asked) == 1)
            parts.append(f"It is {aloud}." if again else told)
            if key == "name" and " spell " in phrase(text):
                last = fact.written.rsplit(maxsplit=1)[-1]
                parts.append(f"{last} is spelled {self._manner.letters(last)}.")
            self._given.add(key)
        return " ".join(parts)

    def _aloud(self, fact: TypedFact) -> str:
        """A fact as this caller says it."""
        if not fact.groups:
            return fact.aloud
        aloud, performed = self._manner.slip(fact.groups)
        self._performed += performed
        return aloud

    def _say_again(self, heard: PeerTurn) -> str:
        """What was said last, to somebody who is not sure to have heard it."""
        words = phrase(heard.text)
        last = _content(heard.said)
        if _THERE.search(words):
            return f"Yes, I am here. {last or self._bring_up()}"
        return last if _AGAIN.search(words) else ""

    def _correction(self, text: str) -> str:
        """What to say to a code that was read back."""
        coded = {key: fact.groups for key, fact in self._facts.items() if fact.groups}
        known = {key: digits_of("".join(groups)) for key, groups in coded.items()}
        for code in codes(text, sorted({len(digits) for digits in known.values()})):
            if set(code.digits) & set(known.values()):
                continue
            for key, digits in known.items():
                if any(_nearly(reading, digits) for reading in code.digits):
                    aloud = self._manner.code(coded[key])
                    return f"No, my {key.replace('_', ' ')} is {aloud}."
        return ""

    def _agree(self, text: str) -> str:
        """Yes or no to a question that wants one."""
        questions = [
            part
            for part in sentences(text)
            if (_SHALL.search(phrase(part)) or (part.endswith("?") and _OFFER.search(phrase(part))))
            and not is_request(part)
        ]
        if not questions:
            return ""
        # An offer misheard is not agreed to.
        if any(likeness(part, offer) >= _ALIKE for part in questions for offer in self._refuses):
            return "No, thank you."
        return self._manner.agreement()


def _content(said: str) -> str:
    """What was said last, without what asks for attention."""
    kept = [
        part
        for part in sentences(said)
        if not _THERE.search(phrase(part))
        and not part.startswith(("Hello", "Yes, I am here", "Sorry", "Wait, please"))
    ]
    return " ".join(kept)


def _nearly(one: str, other: str) -> bool:
    """Whether two codes are of one length and differ in one or two digits."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) <= 2
