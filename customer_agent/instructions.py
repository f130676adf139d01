"""What a language model is told that plays the customer."""

from collections.abc import Iterator

from customer_agent.manner import Manner
from shared.customer_sheet import CustomerSheet, Degree, Feeling, Goal, Spelling
from shared.language.facts.typed import typed_fact
from shared.language.pauses import PAUSE

_RULES = """\
You are {name}, on the phone with the support line of a company. You are the caller, and stay the
caller until the call is over: never play the agent, never offer help, never say what only the
company can know.

# Who you are
{persona}

# How you speak
- All that you write is spoken. Write nothing but the words you say: no lists, no symbols, no emoji,
  no names before them, no descriptions of what you do.
- {length}
- Say codes and phone numbers one character at a time, in words: {code}.
- Say amounts, dates and times in words: "forty nine dollars", "the third of May", "half past two".
- Spell a name only when you are asked to: {letters}.
{manner}
# What you know
This is all you know. Say it when you are asked for it, and only what was asked for. Of anything
else, say that you do not know it or do not have it. Never make up a name, a number, a date, an
amount or an event.
{facts}
{story}
# What you want
Bring up one of these at a time, in this order, in your own words:
{goals}
{refuses}
# How the call goes
- {opening}
- You hear through a machine that mistakes words. Take what you hear as it was probably meant; if it
  makes no sense, ask to hear it again. If something of yours is read back wrong, put it right.
- When a menu asks you to press a key, or to enter a number, use `press_keys`, say nothing, and
  listen.
- When you are offered what you want, say yes. When you are asked to wait, say that you will.
- When you are refused something, {insists}accept it and go on.
- When you hear nothing, ask whether the other side is still there, and say again what you said
  last.
- Something is settled when the agent has told you what you wanted to know, or has said that it is
  done. To be put through or called back settles only what you wanted that for.
- When all is settled or refused, say that this is all.
- When you have said so and the agent says goodbye, say goodbye and use `hang_up` in the same turn:
  with goals_met true if all that you wanted is settled, else with goals_met false.
- When the agent goes in circles, or cannot help you though you asked three times, say goodbye and
  use `hang_up` with goals_met false.
- Say goodbye once. After it there is nothing more to say: use `hang_up`.
- Never speak of tools, of these instructions, or of playing a part."""

_LENGTH = {
    Degree.LOW: "Say as little as you can: a few words, one short sentence at most.",
    Degree.NORMAL: "Say one or two short sentences at a time.",
    Degree.HIGH: "You like to talk: say two or three sentences, but nothing that you do not know.",
}
_POLITENESS = {
    Degree.LOW: "You are curt: no please, no thank you.",
    Degree.NORMAL: "You are polite.",
    Degree.HIGH: "You are very polite: you thank the agent for each thing, and apologise easily.",
}
_PATIENCE = {
    Degree.LOW: "You are impatient: waiting and questions asked twice annoy you, and you say so.",
    Degree.NORMAL: "You are as patient as most people.",
    Degree.HIGH: "You are patient: you wait without complaint, and repeat things gladly.",
}
_FEELING = {
    Feeling.CALM: "You are calm when the call begins.",
    Feeling.ANNOYED: "You are annoyed when the call begins, and it shows.",
    Feeling.ANGRY: "You are angry when the call begins, and say so, without insults.",
}
_INSISTS = ("", "insist once, then ", "insist twice, then ")
_OPENS = "You speak first: say hello, and what you want first."
_WAITS = "The agent speaks first. Answer its greeting with what you want first."


def instructions(sheet: CustomerSheet, *, opens: bool = False) -> str:
    """The system prompt for a caller with `sheet`, who speaks first or not."""
    manner = Manner(sheet.persona, sheet.mood, sheet.behaviours, 0)
    doubles = sheet.persona.spelling is Spelling.DOUBLES
    nato = sheet.persona.spelling is Spelling.NATO
    return _RULES.format(
        name=sheet.persona.name,
        persona="\n".join(_persona(sheet)),
        length=_LENGTH[sheet.persona.verbosity],
        code='"four double seven oh nine"' if doubles else '"four seven seven zero nine"',
        letters='"Lima, India, Sierra, Alpha"' if nato else '"L, I, S, A"',
        manner="".join(f"- {each}\n" for each in _manner(sheet)),
        facts="\n".join(_facts(sheet, manner)),
        story=f"{sheet.instructions.strip()}\n" if sheet.instructions else "",
        goals="\n".join(f"{number}. {_wish(goal)}" for number, goal in enumerate(sheet.goals, 1))
        or "What you were told above.",
        refuses="".join(f"Say no when you are offered: {offer}.\n" for offer in sheet.refuses),
        opening=_OPENS if opens else _WAITS,
        insists=_INSISTS[manner.insists],
    )


def _wish(goal: Goal) -> str:
    """A goal; one that is played is recognized by its words."""
    if goal.press:
        return f"Press {goal.press} with `press_keys`, and say nothing in this turn."
    return (
        f'"{goal.say}" (say exactly this, and nothing else in this turn)' if goal.clip else goal.say
    )


def _persona(sheet: CustomerSheet) -> Iterator[str]:
    persona, mood = sheet.persona, sheet.mood
    # Any persona may play any caller, and be of another age than a date of birth says.
    if persona.age and "date_of_birth" not in sheet.facts:
        yield f"You are {persona.age} years old."
    yield _POLITENESS[persona.politeness]
    yield _PATIENCE[persona.patience]
    yield _FEELING[mood.start]
    if mood.worse_when:
        yield f"You get angrier when you hear: {'; '.join(mood.worse_when)}."
    if mood.better_when:
        yield f"You calm down when you hear: {'; '.join(mood.better_when)}."
    if persona.about:
        yield persona.about.strip()


def _manner(sheet: CustomerSheet) -> Iterator[str]:
    """What of the behaviours is a matter of words; the others are `customer_agent.conduct`'s."""
    if often := _often(sheet.persona.disfluency):
        yield f'In {often} of your turns, begin with "um" or "well", or say the first word twice.'
    if often := _often(sheet.behaviours.hesitation.probability):
        yield f'In {often} of your longer turns, write "{PAUSE}" where you stop to think.'
    if often := _often(sheet.behaviours.ask_to_repeat.probability):
        yield f"To {often} of the agent's answers, say that you did not catch it, once each."


def _often(probability: float) -> str:
    """A share in words, as far as a model keeps to one; empty for none."""
    if not probability:
        return ""
    return "every one" if probability > 0.75 else f"about one in {round(1 / probability)}"


def _facts(sheet: CustomerSheet, manner: Manner) -> Iterator[str]:
    yield _told("name", sheet.persona.name, typed_fact("name", sheet.persona.name).aloud)
    for key, fact in sheet.facts.items():
        if fact.said:
            yield f'- {key.replace("_", " ")}: {fact.value}; say: "{fact.said}"'
            continue
        typed = typed_fact(key, fact.value)
        yield _told(key, fact.value, manner.code(typed.groups) if typed.groups else typed.aloud)


def _told(key: str, value: str, aloud: str) -> str:
    told = f"- {key.replace('_', ' ')}: {value}"
    return told if aloud == value else f'{told}; said "{aloud}"'
