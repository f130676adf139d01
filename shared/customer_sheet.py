"""The caller: who it is, what it knows and wants, and how it behaves."""

import operator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from shared.values import Frozen, Text


class Degree(StrEnum):
    """How much of a trait somebody has."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Spelling(StrEnum):
    """How somebody says names and numbers character by character."""

    PLAIN = "plain"
    """Digit by digit, letter by letter: "four four zero", "P A T E L"."""
    DOUBLES = "doubles"
    """ "double four oh"."""
    NATO = "nato"
    """Letters as Papa, Alpha, Tango."""


class Persona(Frozen):
    """Who the caller is, apart from what the call is about.

    Example:
        >>> Persona(name="Ana Lima", age=41, speed=1.1).patience.value
        'normal'
    """

    name: Text
    age: int | None = Field(default=None, ge=16, le=110)
    voice: str | None = None
    """An engine that speaks, as `hibari/emma`; None takes the role's configured voice."""
    speed: float = Field(default=1.0, ge=0.8, le=1.25)
    """Of speech, relative to the voice's own."""
    politeness: Degree = Degree.NORMAL
    patience: Degree = Degree.NORMAL
    """How often it insists on what is refused, and how it takes waiting."""
    verbosity: Degree = Degree.NORMAL
    spelling: Spelling = Spelling.PLAIN
    disfluency: float = Field(default=0.0, ge=0, le=1)
    """Share of its turns with an "um", or a word begun twice."""
    about: str = Field(default="", max_length=2000)
    """For a language model: what else there is to know of this person."""


class BargeIn(Frozen):
    """Speaking while the agent speaks, and taking the turn."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Of each turn of the agent that is long enough."""
    after_s: float = Field(default=1.5, ge=0.3, le=20)
    """Into the agent's turn."""
    say: Text = "Sorry, could you say that again, please?"


class Backchannel(Frozen):
    """A sound that says "I listen", and takes no turn."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Of each turn of the agent that is long enough."""
    after_s: float = Field(default=2.5, ge=0.3, le=20)
    """Into the agent's turn, at the earliest: it comes when the agent goes on after a pause."""


class Hesitation(Frozen):
    """A silence inside a turn, longer than pauses usually are."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Of each of the caller's turns that is long enough."""
    pause_s: float = Field(default=0.6, ge=0.3, le=3)


class Silence(Frozen):
    """Saying nothing for long, before an answer."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Of each of the caller's answers."""
    length_s: float = Field(default=4.0, ge=1, le=60)


class Sometimes(Frozen):
    """Something the caller does or not, whenever it could."""

    probability: float = Field(default=0.0, ge=0, le=1)


class HangUp(Frozen):
    """Leaving in the middle of the call."""

    probability: float = Field(default=0.0, ge=0, le=1)
    after_turns: int = Field(default=6, ge=1, le=100)
    """Of the caller."""


class Behaviours(Frozen):
    """What the caller does that makes a call hard; each is off unless it is given a probability.

    Whether it does is drawn by the call's seed; each time it does is in the journal (BEHAVIOUR).

    Example:
        >>> Behaviours.model_validate({"barge_in": {"probability": 0.3}}).barge_in.after_s
        1.5
    """

    barge_in: BargeIn = BargeIn()
    backchannel: Backchannel = Backchannel()
    hesitation: Hesitation = Hesitation()
    silence: Silence = Silence()
    ask_to_repeat: Sometimes = Sometimes()
    """At an answer that was understood well enough."""
    self_correction: Sometimes = Sometimes()
    """A digit said wrong first, at a code it gives."""
    hang_up: HangUp = HangUp()


class Behaviour(StrEnum):
    """The names of `Behaviours`, as labels."""

    BARGE_IN = "barge_in"
    BACKCHANNEL = "backchannel"
    HESITATION = "hesitation"
    SILENCE = "silence"
    ASK_TO_REPEAT = "ask_to_repeat"
    SELF_CORRECTION = "self_correction"
    HANG_UP = "hang_up"


class Fact(Frozen):
    """Something the caller knows; in a file its value alone will do.

    Example:
        >>> Fact(value="47219", said="It says 47219 on the letter.").value
        '47219'
    """

    value: Text
    """As written."""
    said: Text | None = None
    """The sentence in which the caller says it, if not "My ... is ..."."""

    @model_validator(mode="before")
    @classmethod
    def _from_value(cls, data: object) -> object:
        return {"value": data} if isinstance(data, str) else data


class Clip(Frozen):
    """A recorded file that is played as it is, instead of a synthesized voice."""

    file: Path
    """In a scenario's file, seen from where that is."""
    sha256: str = ""
    """Of the file; empty until it is read for a call."""
    length_s: float = 0.0


Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,64}$")]
"""Keys of a telephone, one after the other."""


class Goal(Frozen):
    """One thing the caller wants from the call.

    Example:
        >>> Goal(say="I would like my money back.", met_when=("refunded",)).refused_when
        ()
        >>> Goal.model_validate({"say": {"audio": "back.wav", "text": "Money back."}}).say
        'Money back.'
        >>> Goal.model_validate({"press": "1"}).say
        'Press 1.'
    """

    say: Text
    """How the caller brings it up; or a recorded file and the words in it, `{audio, text}`."""
    clip: Clip | None = Field(default=None, exclude_if=operator.not_)
    """The recorded file, of which `say` has the words."""
    press: Keys | None = Field(default=None, exclude_if=operator.not_)
    """Keys that are pressed instead of saying anything; `say` tells of them then."""
    met_when: tuple[Text, ...] = ()
    """Words one of which is in the answer that settles it, such as "refunded". With none, whatever
    is stated settles it, and whether that was the right answer is not checked."""
    refused_when: tuple[Text, ...] = ()
    """Words by which the agent refuses it; the caller insists, and then accepts that."""

    @model_validator(mode="before")
    @classmethod
    def _from_short(cls, data: object) -> object:
        if isinstance(data, dict) and "press" in data and "say" not in data:
            return {**data, "say": f"Press {data['press']}."}
        if not isinstance(data, dict) or not isinstance(say := data.get("say"), dict):
            return data
        if "clip" in data or say.keys() != {"audio", "text"}:
            raise ValueError("say is a sentence, or a recorded file: {audio: file.wav, text: ...}")
        return {**data, "say": say["text"], "clip": {"file": say["audio"]}}


class Feeling(StrEnum):
    """How a caller feels about the call."""

    CALM = "calm"
    ANNOYED = "annoyed"
    ANGRY = "angry"


class Mood(Frozen):
    """How the caller feels, and what changes that: a step at a time, each way.

    Example:
        >>> Mood(worse_when=("hold the line",), better_when=("I am sorry",)).start.value
        'calm'
    """

    start: Feeling = Feeling.CALM
    worse_when: tuple[Text, ...] = ()
    """Phrases of the agent's that annoy the caller."""
    better_when: tuple[Text, ...] = ()
    """Phrases of the agent's that calm it."""


class CustomerSheet(Frozen):
    """All that the customer knows."""

    persona: Persona
    facts: dict[str, Fact] = Field(default_factory=dict)
    """By name (`order_number`, `postcode`, ...); the caller says them when asked."""
    goals: Annotated[tuple[Goal, ...], Field(max_length=10)] = ()
    """In the order in which the caller brings them up; only a language model can do without."""
    refuses: tuple[Text, ...] = ()
    """Offers the caller says no to, by words in them."""
    mood: Mood = Mood()
    behaviours: Behaviours = Behaviours()
    instructions: str = ""
    """For a language model: LiveKit's `instructions` of a scenario."""
