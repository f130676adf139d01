"""The call specification: what a call is about, who takes part, and what each side may know.

It is built by the driver from a scenario, travels as the metadata of two dispatches, and is
validated again by each worker. `CallSpec.for_role` removes what a role may not know.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from shared.customer_sheet import CustomerSheet
from shared.errors import SpecError, wrong_field
from shared.limits import Limits
from shared.values import Frozen, Row, Text

CALL_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"

RULES = "rules"
"""The dialogue engine that is no language model."""

CallId = Annotated[str, StringConstraints(pattern=CALL_ID_PATTERN)]


class Role(StrEnum):
    """What a worker is. Also its agent name and the identity its participant takes.

    Example:
        >>> Role.CUSTOMER.value, Role.CUSTOMER.peer is Role.SUPPORT
        ('customer', True)
    """

    CUSTOMER = "customer"
    SUPPORT = "support"

    @property
    def peer(self) -> "Role":
        """The other one."""
        return Role.SUPPORT if self is Role.CUSTOMER else Role.CUSTOMER


class PeerKind(StrEnum):
    """The participant kind a peer joins with."""

    AGENT = "agent"
    STANDARD = "standard"
    SIMULATOR = "simulator"
    """A standard participant that is a simulated user of LiveKit's, and may write all it says."""


class Mode(StrEnum):
    """What a worker does in the room. All but TALK are for `duologue doctor`."""

    TALK = "talk"
    ECHO = "echo"
    """Plays back the audio it receives."""
    REPLY = "reply"
    """Answers every turn with one fixed line, without a language model."""


class EngineChoice(Frozen):
    """Some of the engines of one role; of what is None nothing is said.

    Example:
        >>> EngineChoice(tts="piper/joe").stt is None
        True
    """

    stt: str | None = None
    llm: str | None = None
    tts: str | None = None
    vad: str | None = None


class Engines(Frozen):
    """The engines of one role, each as `provider/model-or-voice` (docs/engines.md).

    Several, with commas between them: each is for when those before it fail.
    """

    stt: str
    llm: str
    tts: str
    vad: str

    def with_choice(self, choice: EngineChoice) -> Self:
        """The same ones but for those that `choice` names."""
        return self.model_copy(update=choice.model_dump(exclude_none=True))


class Delay(Frozen):
    """How long one kind of work is made to take: log-normally distributed, or fixed."""

    median_s: float = Field(default=0.0, ge=0, le=30)
    spread: float = Field(default=0.0, ge=0, le=2)
    """The standard deviation of the logarithm; 0 makes every delay the median."""


class Latency(Frozen):
    """How long engines are made to take, whatever they take themselves.

    Local engines take it on any transport, on top of their own work; services on the virtual
    clock alone, instead of what they really took.
    """

    recognition: Delay = Delay()
    """From the silence in which a turn is transcribed to its words."""
    language: Delay = Delay()
    """From what was heard to the reply's first word."""
    synthesis: Delay = Delay()
    """From the reply's first word to its first sound."""


NO_LATENCY = Latency()


class Peer(Frozen):
    """The only participant a role links to in a call of ours."""

    identity: str
    kind: PeerKind = PeerKind.AGENT
    patience_s: float = Field(default=30.0, ge=0)
    """How long it may take to link and to listen, and then, of somebody's agent, to its first
    word."""


class SupportSheet(Frozen):
    """All that the support agent knows before the call."""

    business: str
    """The business whose tools, policy and stock of rows it works with: its name, or the absolute
    path of its folder, which elsewhere means a business of that folder's name."""
    desk: dict[str, tuple[Row, ...]] = Field(default_factory=dict)
    """Rows put into the desk before the call, by table, on top of the business's own."""


class AgentUnderTest(Frozen):
    """Somebody else's agent on the support side, of which nothing but this is known."""

    name: Text
    """The agent name that its worker is registered under."""
    metadata: str = ""
    """What it is dispatched with: the scenario's `userdata` as JSON, if there is any."""
    file: Path | None = None
    """Its file, if it is run without a server; None for a worker that is dispatched."""
    python: Path | None = None
    """The Python of its environment; None for this one."""
    follow_clock: bool = False
    """Whether `datetime.now` follows the call's clock in it."""
    speech: Engines | None = None
    """What hears and speaks for its file in virtual time, in which its own engines cannot."""


class Expectation(Frozen):
    """What must be true after the call; no role ever sees it.

    Example:
        >>> Expectation(desk={"charges": ({"id": "P-2", "refunded": 1},)}, said=("refunded",)).tools
        ()
    """

    desk: dict[str, tuple[Row, ...]] = Field(default_factory=dict)
    """By table, the rows that changed or were added, each with the columns that matter."""
    said: tuple[Text, ...] = ()
    """What the support agent must have said, each as a phrase."""
    never_said: tuple[Text, ...] = ()
    """What it must not say, each as a phrase."""
    tools: tuple[Text, ...] = ()
    """Tools that it must use with success, in this order; others may come in between."""
    never_done: tuple[Text, ...] = ()
    """Tools that it must not use with success."""


DESK_ONLY = frozenset({"desk"})
"""Of an expectation, what is not seen of an agent under test, whatever it tells."""
UNSEEN = DESK_ONLY | {"tools", "never_done"}
"""What is not seen of one that tells nothing."""


class CallSpec(Frozen):
    """One call."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    call_id: CallId
    scenario: Text
    seed: int = Field(default=0, ge=0, lt=2**63)
    mode: Mode = Mode.TALK
    opener: Role = Role.SUPPORT
    limits: Limits = Limits()
    latency: Latency = NO_LATENCY
    engines: dict[Role, Engines]
    peers: dict[Role, Peer]
    """Whom each role links to."""
    silences_s: dict[Role, float] = Field(default_factory=dict)
    """For who hears a voice that pauses longer than local ones: the silence that ends a turn."""
    recorder: str | None = None
    """The identity that events are sent to; None when nobody records."""
    customer: CustomerSheet | None = None
    support: SupportSheet | None = None
    under_test: AgentUnderTest | None = None
    """Who takes the support side, if that is not our own agent."""
    expected: Expectation | None = None
    agent_expectations: str = ""
    """What is expected of the agent in words, for a model to judge by; no role sees it either."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _rules_need_goals(self) -> Self:
        engines = self.engines.get(Role.CUSTOMER)
        if self.customer and not self.customer.goals and engines and engines.llm == RULES:
            raise ValueError("a customer without a language model needs goals")
        return self

    @property
    def opener_is_known(self) -> bool:
        """Whether `opener` is sure to speak first; somebody else's agent may wait instead."""
        return self.under_test is None

    def for_role(self, role: Role) -> Self:
        """The same call as `role` may know it: without the other's sheet and the verdict's rules.

        Which engines the other side uses, or is dispatched with, is not its business either.
        """
        return self.model_copy(
            update={
                "expected": None,
                "agent_expectations": "",
                role.peer.value: None,
                "engines": {role: self.engines[role]},
                "peers": {role: self.peers[role]},
                "silences_s": {one: s for one, s in self.silences_s.items() if one is role},
                "under_test": self.under_test and AgentUnderTest(name=self.under_test.name),
            }
        )

    def to_metadata(self, role: Role) -> str:
        """The metadata string of `role`'s dispatch."""
        return self.for_role(role).model_dump_json(by_alias=True, exclude_none=True)

    @classmethod
    def is_meant_by(cls, metadata: str) -> bool:
        """Whether a dispatch's metadata is a CallSpec, right or wrong; else it is another make's.

        Others have a `call_id` of their own, beside fields that are none of ours.
        """
        try:
            fields = from_json(metadata)
        except ValueError:
            return False
        if not isinstance(fields, dict) or "call_id" not in fields:
            return False
        return "schema" in fields or fields.keys() <= cls.model_fields.keys()

    @classmethod
    def from_metadata(cls, metadata: str, role: Role) -> Self:
        """The specification in a dispatch's metadata.

        Raises:
            SpecError: It is not a CallSpec, or lacks what `role` needs.
        """
        try:
            spec = cls.model_validate_json(metadata)
        except ValidationError as error:
            wrong = wrong_field(error)
            field = wrong.field or "metadata"
            raise SpecError(f"not a CallSpec: {field}: {wrong.problem}") from None
        if spec.mode is Mode.TALK and getattr(spec, role.value) is None:
            raise SpecError(f"not a CallSpec for {role.value}: {role.value}: its sheet is missing")
        for part in ("engines", "peers"):
            if role not in getattr(spec, part):
                raise SpecError(f"not a CallSpec for {role.value}: {part}.{role.value}: missing")
        return spec
