"""The customer's dialogue without a language model: a caller who knows its sheet and nothing else.

It answers what it heard. It brings up its goals one after the other, gives facts when asked,
agrees to offers it does not refuse, corrects what is read back wrong, asks again when ignored, and
hangs up, with its goals met or given up.
"""

import re
from collections import Counter
from collections.abc import Sequence

from customer_agent.choices import (
    chosen,
    fact_asked_for,
    is_unanswerable,
    options,
    topic,
    wants_preference,
)
from customer_agent.facts import asked_for, noun_of
from customer_agent.keypad import is_keyed_in, key_for, keyed_in, menu
from customer_agent.manner import Manner
from customer_agent.questions import (
    asks_again,
    asks_who_is_there,
    is_offer,
    question_in,
    wants_topic,
    yes_or_no_questions,
)
from customer_agent.read_back import misread
from shared.customer_sheet import Behaviour, CustomerSheet, Goal
from shared.language.as_heard import MONTHS, digits_of, is_goodbye, phrase, sentences
from shared.language.facts.spoken_names import name_aloud, spelled_parts
from shared.language.facts.typed import TypedFact, typed_fact
from shared.language.likeness import likeness
from shared.language.statements import AnyAnswer, Claim, is_given, is_stated
from shared.side.dialogue import Dialogue, PeerTurn, Performed, call, listen, say, tell

ATTEMPTS = 3
"""How often a goal is brought up, and how often in a row the caller bears not to understand."""

_HANDED_ON = (
    *("call you back", "calls you back", "put you through", "putting you through"),
    *("connect you", "transfer you", "transferring you", "call u back"),
)
_CALLED_BACK = ("call you back", "calls you back", "call u back", "a call back", "callback")
_MOVED = re.compile(
    r"(?<= )(move|change|shift|reschedule|postpone) (?:your|the) (?:\w+ ){1,3}on (?:\w+ )*?"
    r"(?=to |$)"
)
"""What is to be moved, whose day is not offered: "move your check up on Friday to Monday"."""
_GREETING = re.compile(r"^(?:hi|hello|hey|good \w+)(?: there)?[\s,.!]+", re.IGNORECASE)
_WAIT = re.compile(
    r" (?:1 moment|hold on|a moment|let me (?:check|look|see)|please wait|bear with me) "
)
_SPELL_IT = re.compile(
    r" (?:how (?:do|is|are|would)|can|could|please)(?: \w+){0,4} spell(?:ed|t)? "
)
TIRED = 4
"""Of the same question so often, the caller has enough."""
_ALIKE = 0.75
_EXACT = re.compile(rf" (?:\w+day|\d|{MONTHS}|morning|afternoon|evening) ")
"""What is one of several alike, so that nearly the same is another one."""


class _State:
    """A goal and how far it came."""

    def __init__(self, goal: Goal, insists: int) -> None:
        self.goal, self._insists = goal, insists
        self.answer = Claim(goal.met_when) if goal.met_when else AnyAnswer()
        self.raised = 0
        self.refused = 0
        self.keyed = False
        """A key was pressed for it, so that it may be settled before it is brought up."""
        self.handed_on = False
        """Somebody else will see to it, later or in another call."""

    @property
    def open(self) -> bool:
        """Whether there is still something to be had from bringing it up."""
        return not self.answer.stated and self.refused <= self._insists

    @property
    def askable(self) -> bool:
        """Whether it is to be brought up, once more or for the first time."""
        return self.open and not self.handed_on and self.raised < ATTEMPTS


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
        self._keys = ""
        """What is pressed, instead of saying what is put together."""
        self._pressed: Counter[str] = Counter()
        """How often each menu was answered."""
        self._played = [goal.say for goal in sheet.goals if goal.clip]
        self._opens = opens
        self._given: set[str] = set()
        self._agent_left = False
        """The agent has said goodbye, and will not do so again."""
        self._asked: Counter[str] = Counter()
        """How often each question was put."""
        self._wants_again = False
        """It has asked for what it hears next to be said again."""
        self._lost = 0
        """Turns in a row that were not understood."""
        self._silences = 0
        self._closing = 0
        """How often it said that this was all."""

    def dialogue(self) -> Dialogue[None]:
        """The whole call."""
        if self._opens:
            if not self._plays_next():
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
                asking, self._wants_again = Performed(Behaviour.ASK_TO_REPEAT), True
                heard = yield from say("Sorry, could you say that again, please?", asking)
                continue
            if self._is_tired_of(heard.text):
                yield from self._say_goodbye("You have asked me that four times now.")
                return
            answer = self._keyed(heard.text) or self._answer(heard, settled=settled)
            if not answer:
                yield from self._say_goodbye()
                return
            heard = yield from self._say(answer)

    def _may_ask_again(self, heard: PeerTurn, *, settled: bool) -> bool:
        """Whether what was heard is worth asking for once more."""
        return bool(heard.text) and not settled and any(state.raised for state in self._goals)

    def _is_tired_of(self, text: str) -> bool:
        """Whether the question in `text` was put, and answered, too often."""
        again, self._wants_again = self._wants_again, False
        question = question_in(text)
        if again or not question or wants_topic(text) or asks_who_is_there(text):
            return False
        # A fact is the same, in whatever words it is asked for.
        wanted = [key for part in sentences(text) for key in self._asked_by(part)]
        if " spell " in phrase(text):  # of a first or a last name
            wanted = []
        questions = {question, *(key for key in wanted if key in self._facts)}
        self._asked.update(questions)
        return any(self._asked[each] >= TIRED for each in questions)

    def _say(self, text: str) -> Dialogue[PeerTurn]:
        # A recorded file is a turn of its own, and goes without what would stand before it.
        if self._keys:
            keys, self._keys = self._keys, ""
            self._performed.clear()
            yield from call("press_keys", keys=keys)
            return (yield from listen())
        if played := next((words for words in self._played if text.endswith(words)), ""):
            self._performed.clear()
            return (yield from say(played))
        spoken, stumbled = self._manner.spoken(text)
        performed = (*self._performed, *stumbled)
        self._performed.clear()
        return (yield from say(spoken, *performed))

    def _open(self) -> list[_State]:
        return [state for state in self._goals if state.open]

    def _hold_back(self) -> Dialogue[bool]:
        """Whether there is something left to ask, once, when the agent already says goodbye."""
        handed_on = any(state.handed_on for state in self._goals)
        if self._agent_left or handed_on or not self._worth_asking():
            return False
        self._agent_left = True
        if not self._plays_next():
            yield from tell("Wait, please.")
        return True

    def _worth_asking(self) -> bool:
        return any(state.askable and state.raised < ATTEMPTS - 1 for state in self._goals)

    def _hang_up(self, lead: str) -> Dialogue[None]:
        yield from call("hang_up", lead=lead, goals_met=not self._open())

    def _say_goodbye(self, lead: str = "") -> Dialogue[None]:
        """Be the first to say goodbye, and hang up whatever the agent answers."""
        goodbye = "I will try another time. Goodbye." if self._open() else "Thank you. Goodbye."
        goodbye = f"{lead} {goodbye}".strip()
        if not self._agent_left:
            yield from say(goodbye)
            goodbye = ""
        yield from self._hang_up(goodbye)

    def _settle(self, text: str) -> bool:
        """Mark the goals that `text` meets, refuses or takes back; whether one of them closed."""
        settled = False
        handed_on = is_stated(text, _HANDED_ON)
        for state in self._goals:
            if not (state.raised or state.keyed):
                continue
            was_open, state.handed_on = state.open, state.handed_on or handed_on
            state.answer.hear(text)
            if not was_open and state.open:  # it was met, and is taken back
                state.raised = min(state.raised, ATTEMPTS - 1)
            elif was_open and state.open:
                state.refused += is_given(text, state.goal.refused_when)
            settled = settled or (was_open and not state.open)
        return settled

    def _answer(self, heard: PeerTurn, *, settled: bool) -> str:
        """The answer to what was heard; empty to say goodbye."""
        if not heard.text:
            return self._still_there(heard)
        lost, self._lost = self._lost, 0
        if is_goodbye(heard.text):
            return self._next(thanks=settled)
        if wants_topic(heard.text):
            return self._choose(heard.text) or self._next(thanks=settled)
        first = not any(state.raised for state in self._goals)
        answer = self._tell(heard)
        if not answer and (answer := self._agree(heard.text)) and first:
            answer = f"{answer} {self._bring_up()}"  # a greeting may be a question
        if answer or settled or self._closing or first:
            return answer or self._next(thanks=settled)
        if _WAIT.search(phrase(heard.text)):
            return self._manner.waiting()
        self._lost, self._wants_again = lost + 1, True
        return self._not_understood(heard.text)

    def _keyed(self, text: str) -> str:
        """What a menu is answered with; empty if there is none, or it was answered too often."""
        state = next((one for one in self._goals if one.askable), None)
        if state and state.goal.press and menu(text):
            return self._bring_up()
        keys = key_for(text, " ".join((state.goal.say, *state.goal.met_when))) if state else ""
        if not keys:
            parts = [part for part in sentences(text) if is_keyed_in(part)]
            asked = [key for part in parts for key in self._asked_by(part)]
            known = [self._facts[key].written for key in asked if key in self._facts]
            keys = next(filter(None, (keyed_in(code, text) for code in known)), "")
        self._pressed[keys] += 1
        self._keys = keys if self._pressed[keys] <= ATTEMPTS else ""
        if state and self._keys and state.goal.met_when:
            state.keyed = True
        return self._keys

    def _tell(self, heard: PeerTurn) -> str:
        """What the agent wants to know or to hear again; empty if that is nothing."""
        return (
            self._give(heard.text)
            or self._correction(heard.text)
            or self._say_again(heard)
            or self._choose(heard.text)
        )

    def _still_there(self, heard: PeerTurn) -> str:
        """Ask into a silence, once."""
        self._silences += 1
        if self._silences > 1:
            return ""
        if not heard.said:
            return f"Hello? {self._bring_up()}"
        return f"Hello, are you still there? {_content(heard.said)}"

    def _not_understood(self, text: str) -> str:
        if is_unanswerable(text):
            return "I am sorry, I do not know."
        if self._lost > 2 * ATTEMPTS:
            return ""
        if self._lost % ATTEMPTS == 0:
            return self._next(thanks=False)
        return "Sorry, I did not understand that. Could you say it again?"

    def _next(self, *, thanks: bool) -> str:
        """Bring up what is still open, or say that this is all; empty to say goodbye."""
        lead = "Thank you. " if thanks else ""
        if any(state.askable for state in self._goals):
            return f"{lead}{self._bring_up()}"
        self._closing += 1
        if self._open() or self._agent_left or self._closing > 2:
            return ""
        return self._manner.closing()

    def _next_goal(self) -> _State:
        """The first goal that is open."""
        return next((one for one in self._goals if one.askable), self._goals[0])

    def _plays_next(self) -> bool:
        """Whether what is brought up next is a recorded file, or keys."""
        goal = self._next_goal().goal
        return bool(goal.clip or goal.press)

    def _bring_up(self) -> str:
        """The first goal that is open, in the caller's words."""
        state = self._next_goal()
        state.raised += 1
        if state.goal.press:
            self._keys = state.goal.press
            return state.goal.say
        if state.raised > 1 and not state.goal.clip:
            say_again = _GREETING.sub("", state.goal.say)
            return f"I still need help with this. {say_again[:1].upper()}{say_again[1:]}"
        if state is self._goals[0] or state.goal.clip:
            return state.goal.say
        return f"There is something else. {state.goal.say}"

    def _give(self, text: str) -> str:
        """The facts that `text` asks for."""
        parts = [part for part in sentences(text) if not is_offer(part)]
        asked = [key for part in parts for key in self._asked_by(part)]
        if not asked and any(map(_SPELL_IT.search, map(phrase, parts))):
            asked = ["name"]
        told = []
        for key in dict.fromkeys(asked):
            noun = noun_of(key)
            fact = self._facts.get(key)
            if fact is None:
                told.append(f"I am sorry, I do not have the {noun}.")
                continue
            if key == "name" and (spelling := self._spelling(text)):
                told.append(spelling)
                continue
            slowly = bool(fact.groups) and (
                key in self._given or " digit by digit " in phrase(text)
            )
            if key in self._sayings and not slowly:
                told.append(self._sayings[key])
                self._given.add(key)
                continue
            if not fact.known:
                told.append(f"I am sorry, I do not know the {noun}.")
                continue
            again = key in self._given and len(asked) == 1
            aloud = self._manner.code_again(fact.groups) if slowly else self._aloud(fact)
            one = self._manner.fact(noun, aloud, alone=len(asked) == 1)
            told.append(f"It is {aloud}." if again else one)
            self._given.add(key)
        return " ".join(told)

    def _asked_by(self, sentence: str) -> list[str]:
        """The facts that a sentence asks for, by their names or by what they tell."""
        named = asked_for(sentence, self._facts)
        if named or not (key := fact_asked_for(sentence, self._facts)):
            return named
        return [key]

    def _choose(self, text: str) -> str:
        """The answer to who names several things to choose from; empty if nobody does."""
        choices = options(text)
        if len(choices) < 2:
            return ""
        known = [
            fact.aloud for key, fact in self._facts.items() if key != "name" and not fact.groups
        ]
        known += [*self._sayings.values(), *(one.goal.say for one in self._goals if one.open)]
        pick = self._topic(choices) if wants_topic(text) else ""
        pick = pick or chosen(choices, known)
        if not pick and not wants_topic(text) and wants_preference(text):
            if self._asked[question_in(text)] <= 1:
                return "I have no preference."
            pick = choices[-1].strip()
        return f"{_as_in(text, pick)}, please." if pick else ""

    def _topic(self, choices: Sequence[str]) -> str:
        """The one of what the agent can help with that is what the caller has brought up."""
        state = next((one for one in self._goals if one.askable and one.raised), None)
        if state is None:
            return ""
        picked = topic(choices, " ".join((state.goal.say, *state.goal.met_when)))
        state.raised += bool(picked)
        return picked

    def _spelling(self, text: str) -> str:
        """The name letter by letter, as far as `text` asks for that; else empty."""
        asked = text.lower()
        if not re.search(r"\b(?:spell|spelled|spelt)\b", asked):
            return ""
        full = self._facts["name"].aloud
        first, *_, last = spelled_parts(self._facts["name"].written) * 2
        names = [first] if re.search(r"\b(?:first|given) name", asked) else [last]
        if re.search(r"\b(?:(?:full|whole|and (?:last|family)) name|and surname)\b", asked):
            names = [first, last]
        parted = re.search(r"\b(?:(?:first|last|given|family) name|surname)\b", asked)
        lead = "" if parted else f"My name is {full}. "
        return lead + " ".join(
            f"{name_aloud(name)} is spelled {self._manner.letters(name)}." for name in names
        )

    def _aloud(self, fact: TypedFact) -> str:
        """A fact as this caller says it."""
        if not fact.groups:
            return fact.aloud
        aloud, performed = self._manner.slip(fact.groups)
        self._performed += performed
        return aloud

    def _say_again(self, heard: PeerTurn) -> str:
        """What was said last, to somebody who is not sure to have heard it."""
        last = _content(heard.said)
        if asks_who_is_there(heard.text):
            return f"Yes, I am here. {last or self._bring_up()}"
        return last if asks_again(heard.text) else ""

    def _correction(self, text: str) -> str:
        """What to say to a code that was read back."""
        coded = {key: fact.groups for key, fact in self._facts.items() if fact.groups}
        known = {key: digits_of("".join(said)) for key, said in coded.items()}
        key = misread(text, known)
        if key is None:
            return ""
        return f"No, my {noun_of(key)} is {self._manner.code_again(coded[key])}."

    def _agree(self, text: str) -> str:
        """Yes or no to a question that wants one."""
        questions = yes_or_no_questions(text)
        if not questions:
            return ""
        # An offer misheard is not agreed to.
        if any(_is_of(part, offer) for part in questions for offer in self._refuses):
            return "No, thank you."
        if any(words in part for part in map(phrase, questions) for words in _CALLED_BACK) and (
            self._needs_no_call()
        ):
            return "No, thank you."
        if " right " in phrase(questions[-1]) or " correct " in phrase(questions[-1]):
            return "Yes, that is right."
        return self._manner.agreement() if any(map(is_offer, questions)) else "Yes."

    def _needs_no_call(self) -> bool:
        """Whether all that was brought up is answered, and no later call was hoped for."""
        raised = [state for state in self._goals if state.raised]
        answered = all(state.answer.stated or state.refused for state in raised)
        hoped = any(" call" in phrase(words) for state in raised for words in state.goal.met_when)
        return bool(raised) and answered and not hoped


def _content(said: str) -> str:
    """What was said last, without what asks for attention."""
    kept = [
        part
        for part in sentences(said)
        if not asks_who_is_there(part)
        and not part.startswith(("Hello", "Yes, I am here", "Sorry", "Wait, please"))
    ]
    return " ".join(kept)


def _as_in(text: str, words: str) -> str:
    """Words as they stand in a text, to begin a sentence with."""
    found = re.search(r"\W+".join(map(re.escape, words.split())), text, re.IGNORECASE)
    aloud = typed_fact("choice", found[0] if found else words).aloud
    return f"{aloud[:1].upper()}{aloud[1:]}"


def _is_of(question: str, offer: str) -> bool:
    """Whether a question is of an offer; misheard it may be, but for its days and numbers."""
    words = phrase(offer)
    asked = phrase(question)
    if _EXACT.search(words):
        asked = _MOVED.sub(r"\1 ", asked)
    if words in asked or _EXACT.search(words):
        return words in asked
    return likeness(question, offer) >= _ALIKE
