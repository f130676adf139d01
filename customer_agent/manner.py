"""How one caller puts things: wording, spelling, hesitations and slips, by its persona.

What is drawn by chance is drawn by the call's seed, in the order in which things are said, so that
the same conversation draws the same (`shared.side.dialogue`: it is replayed at each turn).
"""

import random
from collections.abc import Sequence

from shared.customer_sheet import Behaviour, Behaviours, Degree, Feeling, Mood, Persona, Spelling
from shared.language.as_heard import phrase
from shared.language.facts.spoken_codes import code_aloud, groups
from shared.language.pauses import PAUSE, PAUSE_S
from shared.language.spelling import letters_aloud
from shared.side.dialogue import Performed

LONG_ENOUGH = 6
"""Words of a sentence in which there is room for a hesitation."""
_FILLERS = ("Um,", "Uh,", "Well,")
_CLOSINGS = {
    Degree.LOW: ("No, that is all.", "No, that is it."),
    Degree.NORMAL: (
        "No, that is all. Thank you for your help.",
        "No, that is everything. Thank you.",
    ),
    Degree.HIGH: (
        "No, that is all. Thank you very much for your help.",
        "No, that is everything. You have been very kind, thank you.",
    ),
}
_AGREEMENTS = {
    Degree.LOW: ("Yes.", "Yes, do that."),
    Degree.NORMAL: ("Yes, please.", "Yes, please. That would be fine."),
    Degree.HIGH: ("Yes, please. That would be very kind.", "Yes, please. Thank you."),
}
_WAITS = {
    Degree.LOW: ("Again? Please be quick.", "All right, but I do not have much time."),
    Degree.NORMAL: ("Okay, thank you.", "All right."),
    Degree.HIGH: ("Of course, take your time.", "No problem, I will wait."),
}
_FEELINGS = tuple(Feeling)
_OUTBURSTS = {
    Feeling.ANNOYED: ("That is not good enough.", "I am not happy about this."),
    Feeling.ANGRY: ("This is not acceptable.", "I am really angry about this."),
}
_INSISTENCE = {Degree.LOW: 2, Degree.NORMAL: 1, Degree.HIGH: 0}


class Manner:
    """How a caller speaks.

    Args:
        persona: Who it is.
        mood: How it feels, and what changes that.
        behaviours: What it does that makes a call hard.
        seed: Of the call.
    """

    def __init__(self, persona: Persona, mood: Mood, behaviours: Behaviours, seed: int) -> None:
        self._persona, self._mood, self._behaviours = persona, mood, behaviours
        self.feeling = mood.start
        self._outburst = ""
        self._random = random.Random(f"{seed} manner")  # noqa: S311 - no secret
        self.insists = _INSISTENCE[persona.patience]
        """How often it insists on what was refused."""

    def hear(self, text: str) -> None:
        """Let the caller's mood get better or worse by what the agent says."""
        words, before = phrase(text), _FEELINGS.index(self.feeling)
        worse = any(phrase(sign) in words for sign in self._mood.worse_when)
        better = any(phrase(sign) in words for sign in self._mood.better_when)
        after = min(max(before + worse - better, 0), len(_FEELINGS) - 1)
        self.feeling = _FEELINGS[after]
        if after > before:
            self._outburst = self._random.choice(_OUTBURSTS[self.feeling])

    @property
    def _politeness(self) -> Degree:
        return self._persona.politeness if self.feeling is Feeling.CALM else Degree.LOW

    def closing(self) -> str:
        """What it says when it wants nothing more."""
        return self._random.choice(_CLOSINGS[self._politeness])

    def agreement(self) -> str:
        """Yes to an offer."""
        return self._random.choice(_AGREEMENTS[self._politeness])

    def waiting(self) -> str:
        """What it says to somebody who needs a moment."""
        return self._random.choice(_WAITS[self._persona.patience])

    def code(self, said: Sequence[str]) -> str:
        """A code character by character, by its groups."""
        return code_aloud(said, doubles=self._persona.spelling is Spelling.DOUBLES)

    def code_again(self, said: Sequence[str]) -> str:
        """A code that was not heard right: no digit is doubled, and a zero is no "oh"."""
        return code_aloud(said)

    def letters(self, word: str) -> str:
        """A word letter by letter."""
        spelling = self._persona.spelling
        nato, doubles = spelling is Spelling.NATO, spelling is Spelling.DOUBLES
        return letters_aloud(word, nato=nato, doubles=doubles)

    def fact(self, noun: str, aloud: str, *, alone: bool) -> str:
        """A fact that was asked for; `alone` if nothing else was."""
        if alone and self._persona.verbosity is Degree.LOW:
            return f"{aloud[:1].upper()}{aloud[1:]}."
        plural = noun.endswith("s") and not noun.endswith("ss")
        lead = f"My {noun} {'are' if plural else 'is'}"
        if self._persona.verbosity is Degree.HIGH and alone:
            lead = f"Yes, I have it here. {lead}"
        return f"{lead} {aloud}."

    def slip(self, said: Sequence[str]) -> tuple[str, tuple[Performed, ...]]:
        """A code as it is said, maybe with a digit wrong first."""
        aloud, value = self.code(said), "".join(said)
        if not (value.isdecimal() and self._draws(Behaviour.SELF_CORRECTION)):
            return aloud, ()
        place = self._random.randrange(len(value))
        digit = (int(value[place]) + self._random.randint(1, 9)) % 10
        wrong = f"{value[:place]}{digit}{value[place + 1 :]}"
        performed = Performed(Behaviour.SELF_CORRECTION, wrong)
        return f"{self.code(groups(wrong))}, no, sorry, {aloud}", (performed,)

    def asks_to_repeat(self) -> bool:
        """Whether it asks for what it has just heard once more."""
        return self._draws(Behaviour.ASK_TO_REPEAT)

    def spoken(self, text: str) -> tuple[str, tuple[Performed, ...]]:
        """A turn as it comes out, with what its speaker feels and stumbles over."""
        if self._outburst:
            text, self._outburst = f"{self._outburst} {text}", ""
        if self._random.random() < self._persona.disfluency:
            text = self._stumbling(text)
        words = text.split(" ")
        if len(words) < LONG_ENOUGH or not self._draws(Behaviour.HESITATION):
            return text, ()
        inside = [index for index, word in enumerate(words[1:-2], start=1) if word[-1:].isalnum()]
        if not inside:
            return text, ()
        place = self._random.choice(inside)
        words[place] += PAUSE * round(self._behaviours.hesitation.pause_s / PAUSE_S)
        return " ".join(words), (Performed(Behaviour.HESITATION),)

    def _stumbling(self, text: str) -> str:
        first, _, rest = text.partition(" ")
        if rest and first.isalpha() and self._random.random() < 0.5:
            return f"{first}, {first.lower() if first != 'I' else first} {rest}"
        lowered = text if first in {"I", "I'm"} else f"{text[:1].lower()}{text[1:]}"
        return f"{self._random.choice(_FILLERS)} {lowered}"

    def _draws(self, behaviour: Behaviour) -> bool:
        probability: float = getattr(self._behaviours, behaviour).probability
        return self._random.random() < probability
