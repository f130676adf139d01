"""Scenarios: who calls about what, as a file of them says it (`scenario_file`)."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from duologue.scenarios.consistency import contradictions
from duologue.scenarios.persona import NamedPersona, deal_persona
from duologue.scenarios.sayable import ToSay, unsayable
from duologue.scenarios.story import caller_name, opening
from shared.customer_sheet import Behaviours, Clip, CustomerSheet, Fact, Goal, Mood, Persona
from shared.engines import at_pace, check_names, same_provider, silence_after
from shared.engines.clips import read_clip
from shared.engines.turn_settings import AFTER_SERVICE_S
from shared.errors import SpecError, UsageError, wrong_field
from shared.limits import Limits
from shared.spec import (
    NO_LATENCY,
    RULES,
    AgentUnderTest,
    CallSpec,
    EngineChoice,
    Engines,
    Expectation,
    Latency,
    Peer,
    Role,
    SupportSheet,
)
from shared.values import Row, Text
from support_agent import Flaw

NO_OPTIONS: Mapping[Role, EngineChoice] = MappingProxyType({})


class UserData(BaseModel):
    """What a scenario puts where the call takes place.

    Without a business it is data of another agent's, of which nothing is known here.

    Example:
        >>> order = {"number": "47219", "status": "shipped"}
        >>> UserData(business="shop", desk={"orders": (order,)}).business
        'shop'
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    business: str | None = None
    """A name, or the path of a folder; in a file, seen from where the file is."""
    desk: dict[str, tuple[Row, ...]] = Field(default_factory=dict)


class Scenario(BaseModel):
    """One scenario. `label` to `userdata` are LiveKit's keys, the others ours.

    Example:
        A field that is wrong raises pydantic's ValidationError, a ValueError. What contradicts
        itself is found by `check`, and by the call that is made of it.

        >>> scenario = Scenario(
        ...     label="a-person-please",
        ...     persona=Persona(name="Ana Lima"),
        ...     goals=(Goal(say="I want to talk to a person.", met_when=("put you through",)),),
        ...     userdata=UserData(business="internet"),
        ... )
        >>> scenario.check()
        >>> scenario.opener.value
        'support'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Text
    instructions: Annotated[str, Field(max_length=20_000)] = ""
    agent_expectations: str = ""
    tags: dict[str, Annotated[str, Field(coerce_numbers_to_str=True)]] = Field(default_factory=dict)
    userdata: UserData = UserData()
    language: Literal["en"] = "en"
    persona: NamedPersona | None = None
    facts: dict[str, Fact] = Field(default_factory=dict)
    goals: Annotated[tuple[Goal, ...], Field(min_length=1, max_length=10)] = ()
    refuses: tuple[Text, ...] = ()
    mood: Mood = Mood()
    behaviours: Behaviours = Behaviours()
    expected: Expectation = Expectation()
    opener: Role = Role.SUPPORT
    limits: Limits = Limits()
    engines: dict[Role, EngineChoice] = Field(default_factory=dict)

    def with_business(self, business: str) -> Self:
        """The same scenario at a business: its name, or the absolute path of its folder."""
        userdata = self.userdata.model_copy(update={"business": business})
        return self.model_copy(update={"userdata": userdata})

    def with_clips_from(self, folder: Path) -> Self:
        """The same scenario, whose recorded files are in `folder`."""
        if not any(goal.clip for goal in self.goals):
            return self
        goals = tuple(
            goal.model_copy(update={"clip": Clip(file=(folder / goal.clip.file).resolve())})
            if goal.clip
            else goal
            for goal in self.goals
        )
        return self.model_copy(update={"goals": goals})

    def with_persona(self, persona: Persona) -> Self:
        """The same scenario, played by somebody else.

        The full name of the scenario's own persona makes way for the new one's wherever it
        stands, be it alone or in a sentence: on the desk, in facts, goals and expectations.
        """
        if not self.persona:
            return self.model_copy(update={"persona": persona})
        name = re.compile(rf"(?<!\w){re.escape(self.persona.name)}(?!\w)", re.IGNORECASE)
        told = self.model_dump(exclude={"label", "persona"}, exclude_unset=True)
        renamed = _renamed(told, name, persona.name)
        played = self.model_validate({**renamed, "label": self.label, "persona": persona})
        # What is said in a recorded file stays as it is.
        pairs = zip(self.goals, played.goals, strict=True)
        goals = tuple(own if own.clip else new for own, new in pairs)
        return played.model_copy(update={"goals": goals} if goals else {})

    def flaws(self) -> Iterator[Flaw]:
        """What in it can never come true, each with the keys that lead to it."""
        data = self.userdata
        if data.business:
            for key in data.model_extra or ():
                yield Flaw(("userdata", key), "is not known beside a business")
        silence = self.behaviours.silence
        if silence.probability and silence.length_s >= self.limits.dead_air_s:
            problem = f"the line is dead after {self.limits.dead_air_s:g} s (limits.dead_air_s)"
            yield Flaw(("behaviours", "silence", "length_s"), problem)
        for index, goal in enumerate(self.goals):
            if goal.press and data.business:
                problem = "our own agents have no menu; keys are for an agent of your own"
                yield Flaw(("goals", index, "press"), problem)
            if goal.clip and (problem := _unplayable(goal.clip)):
                yield Flaw(("goals", index, "say", "audio"), problem)
        yield from contradictions(data.business, data.desk, self.facts, self.expected)
        yield from unsayable(self._said(), self._voices())

    def _said(self) -> Iterator[ToSay]:
        """What either side says that stands in the scenario."""
        if self.persona:
            yield ToSay(Role.CUSTOMER, ("persona",), self.persona.name)
        for name, fact in self.facts.items():
            yield ToSay(Role.CUSTOMER, ("facts", name), fact.said or fact.value)
        for index, goal in enumerate(self.goals):
            if not goal.clip:
                yield ToSay(Role.CUSTOMER, ("goals", index, "say"), goal.say)
        for table, rows in self.userdata.desk.items():
            for index, row in enumerate(rows):
                for column, value in row.items():
                    if isinstance(value, str) and value.strip():
                        place = ("userdata", "desk", table, index, column)
                        yield ToSay(Role.SUPPORT, place, value)

    def _voices(self) -> dict[Role, str]:
        """The voices that the scenario names."""
        own = {Role.CUSTOMER: self.persona.voice} if self.persona else {}
        named = {role: choice.tts for role, choice in self.engines.items()}
        return {role: voice for role, voice in {**own, **named}.items() if voice}

    def check(self) -> None:
        """See that all of it can come true; scenarios that are read from files are checked.

        Raises:
            SpecError: It cannot; the message names the field.
        """
        for flaw in self.flaws():
            field = ".".join(str(key) for key in flaw.place)
            raise SpecError(f"the scenario {self.label!r}: {field}: {flaw.problem}")

    def to_spec(
        self,
        *,
        call_id: str,
        seed: int,
        engines: Mapping[Role, Engines],
        options: Mapping[Role, EngineChoice] = NO_OPTIONS,
        recorder: str | None = None,
        latency: Latency = NO_LATENCY,
        under_test: AgentUnderTest | None = None,
    ) -> CallSpec:
        """The call of this scenario, with both roles as peers of each other.

        Args:
            call_id: Its name.
            seed: Of whatever is drawn by chance.
            engines: What the roles use where neither the scenario nor `options` name something
                else. The customer's voice makes way for the persona's if both are of one
                provider, and speaks at the persona's speed if it can.
            options: What the command line names.
            recorder: The identity that events are sent to.
            latency: How long engines are made to take.
            under_test: Somebody else's agent, which takes the support side then; so the scenario
                needs no business.

        Raises:
            SpecError: `call_id` is not one, or the scenario lacks what a call needs.
            EngineUnavailable: An engine is not known.
            UsageError: A recorded file cannot be played.
        """
        if self.persona is None:
            return self.with_persona(self._dealt(seed)).to_spec(
                call_id=call_id,
                seed=seed,
                engines=engines,
                options=options,
                recorder=recorder,
                latency=latency,
                under_test=under_test,
            )
        ours = [role for role in engines if role is Role.CUSTOMER or not under_test]
        chosen = {role: self._chosen(role, engines[role], options) for role in ours}
        caller = chosen.get(Role.CUSTOMER)
        if under_test is None and not self.userdata.business:
            raise SpecError(
                f"the scenario {self.label!r} cannot be called, for it has no userdata.business; "
                "name your agent with --support-agent, or a --business of ours"
            )
        goals = self._goals(by_rules=caller is None or caller.llm == RULES)
        try:
            return CallSpec(
                call_id=call_id,
                scenario=self.label,
                seed=seed,
                opener=self.opener,
                limits=self.limits,
                latency=latency,
                engines=chosen,
                peers={} if under_test else {role: Peer(identity=role.peer) for role in Role},
                silences_s=_silences_s(chosen, under_test),
                recorder=recorder,
                customer=CustomerSheet(
                    persona=self.persona,
                    facts=self.facts,
                    goals=goals,
                    refuses=self.refuses,
                    mood=self.mood,
                    behaviours=self.behaviours,
                    instructions=self.instructions,
                ),
                **self._support(under_test, engines),
                expected=self.expected,
                agent_expectations=self.agent_expectations,
            )
        except ValidationError as error:
            wrong = wrong_field(error)
            raise SpecError(f"{wrong.field}: {wrong.problem}") from None

    def _dealt(self, seed: int) -> Persona:
        """Who calls, by the seed: of a scenario that tells of its caller itself, only the voice."""
        dealt = deal_persona(seed)
        if not self.instructions:
            return dealt
        name = caller_name(self.instructions) or dealt.name
        return Persona(name=name, voice=dealt.voice, speed=dealt.speed)

    def _goals(self, *, by_rules: bool) -> tuple[Goal, ...]:
        """What the caller wants; rules that are told no goals say what instructions open with.

        Raises:
            SpecError: It is not known.
            UsageError: A recorded file cannot be played.
        """
        if self.goals or (self.instructions and not by_rules):
            return tuple(
                goal.model_copy(update={"clip": read_clip(goal.clip).clip}) if goal.clip else goal
                for goal in self.goals
            )
        if first := opening(self.instructions):
            return (Goal(say=first),)
        told = (
            "its instructions have no opening line in quotes, and a customer without a language "
            "model cannot follow them; add goals, or name a model (CUSTOMER_LLM)"
            if self.instructions
            else "it has neither goals nor instructions; add them (docs/scenarios.md)"
        )
        raise SpecError(f"the scenario {self.label!r} cannot be called, for {told}")

    def _chosen(
        self, role: Role, engines: Engines, options: Mapping[Role, EngineChoice]
    ) -> Engines:
        """The engines of a role: command line, then this scenario, then the environment's."""
        named = [choices[role] for choices in (self.engines, options) if role in choices]
        persona = self.persona if role is Role.CUSTOMER else None
        if persona and persona.voice and same_provider(persona.voice, engines.tts):
            engines = engines.with_choice(EngineChoice(tts=persona.voice))
        for choice in named:
            engines = engines.with_choice(choice)
        if persona:
            paced = at_pace(engines.tts, persona.speed)
            engines = engines.with_choice(EngineChoice(tts=paced))
        check_names(engines)
        return engines

    def _support(
        self, under_test: AgentUnderTest | None, engines: Mapping[Role, Engines]
    ) -> dict[str, Any]:
        """Who is on the support side, and what it is told."""
        data = self.userdata
        if under_test is None:
            assert data.business
            return {"support": SupportSheet(business=data.business, desk=data.desk)}
        metadata = json.dumps(data.model_extra) if data.model_extra else ""
        told: dict[str, object] = {"metadata": metadata}
        if under_test.file:
            told["speech"] = engines[Role.SUPPORT].model_copy(update={"llm": RULES})
        return {"under_test": under_test.model_copy(update=told)}


def _silences_s(
    engines: Mapping[Role, Engines], under_test: AgentUnderTest | None
) -> dict[Role, float]:
    """For who hears a voice that may pause for long between sentences: what ends its turns."""
    silences_s = {role.peer: silence_after(each) for role, each in engines.items()}
    if under_test:  # its voice is not known
        silences_s[Role.CUSTOMER] = AFTER_SERVICE_S
    return {role: silence_s for role, silence_s in silences_s.items() if silence_s}


def _renamed(data: Any, old: re.Pattern[str], new: str) -> Any:
    """`data` with another name in each of its texts."""
    if isinstance(data, str):
        return old.sub(lambda _: new, data)
    if isinstance(data, list | tuple):
        return [_renamed(item, old, new) for item in data]
    if isinstance(data, dict):
        return {key: _renamed(value, old, new) for key, value in data.items()}
    return data


def played_by(persona: Persona | None, scenarios: Iterable[Scenario]) -> tuple[Scenario, ...]:
    """The scenarios as `persona` plays them; unchanged if there is none."""
    return tuple(one.with_persona(persona) if persona else one for one in scenarios)


def _unplayable(clip: Clip) -> str:
    try:
        read_clip(clip)
    except UsageError as error:
        return str(error)
    return ""
