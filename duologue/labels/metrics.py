"""metrics.json: what can be counted in a call, each with its definition in docs/metrics.md."""

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from pydantic import ConfigDict, Field, JsonValue, field_validator

from duologue.folder import event_log
from duologue.folder.channels import SILENT_DBFS
from duologue.folder.folder import read_call, read_json, write_json
from duologue.labels import cost
from duologue.labels.activity import (
    FRAME_S,
    Loudness,
    Mask,
    heard_loudness_of,
    loudness_of,
    voiced,
)
from duologue.labels.entities import names_in
from duologue.labels.interaction import Interaction, interact
from duologue.labels.interaction.timeline import without_backchannels
from duologue.labels.interaction.values import Rate, Spread
from duologue.labels.recognition import Recognition, recognize
from duologue.labels.reply_gap import reply_gap_s
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import NoWords, Transcript, Turn, TurnFlaw
from duologue.labels.verdict import Finding, Verdict, gather, judge
from shared.endings import Fault
from shared.events import RecordingEnded, ToolCalled
from shared.spec import Role
from shared.values import Frozen

K = TypeVar("K", bound=str)
V = TypeVar("V")

FILE = "metrics.json"

PAUSE_S = 0.15
"""How long a speaker must have been silent for the moment to be a pause, not part of a word."""


class Wer(Frozen):
    """How one side's speech was heard by the other."""

    rate: float | None
    errors: int
    words: int
    """Words said, by `shared.language.as_heard.normalize`: a number counts by its digits."""
    substitutions: int
    insertions: int
    deletions: int


class WordTimes(Frozen):
    """How many words have times, and why others have none."""

    words: int
    """Words of turns whose words have times."""
    unplaced: int
    """Of them, those without: nobody knows how they are pronounced, or they were cut off."""
    turns_without: dict[NoWords, int]
    """Turns without words, by reason; only reasons that there are."""
    apart_s: Spread
    """Per turn that both have timed, how far the synthesizer's words are from the alignment's."""


class Level(Frozen):
    """How loud one channel is, in dBFS; None where there is no speech."""

    speech_rms_dbfs: float | None
    """RMS over its voiced frames."""
    peak_dbfs: float | None


class OtherMetric(Frozen):
    """What a metric of another package says of the call."""

    value: JsonValue = None
    description: str = ""
    """What it is, and in what unit: the first line of the metric's docstring."""
    failed: str | None = None
    """Why there is no value."""


def _complete(given: dict[K, V], wanted: Iterable[K]) -> dict[K, V]:
    """What is `given`, if it has all that is wanted of it; whoever reads it counts on that."""
    if missing := [str(each) for each in wanted if each not in given]:
        raise ValueError(f"has no {missing[0]}")
    return given


class Metrics(Frozen):
    """The measurements of one call; per role, they are about that role's speech."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    duration_s: float
    task_success: bool
    """The verdict, as `duologue.labels.verdict.Verdict` has it; so are the next three."""
    valid: bool
    fault: Fault | None
    findings: tuple[Finding, ...]
    checked: tuple[str, ...] = ()
    """What the scenario expects that could be checked, such as `expected.tools` and `goals`."""
    unchecked: tuple[str, ...] = ()
    """What it expects that could not be seen of somebody else's agent, or was not judged."""
    turns: dict[Role, int]
    speech_s: dict[Role, float]
    reply_gap_s: dict[str, Spread]
    """By direction: `customer_to_support` is how the support agent replies. Negative where speech
    overlaps."""
    interruptions: dict[Role, int]
    """Turns of that role that were cut short."""
    turn_cut_off: int
    """Turns into whose pause the other side replied, although they were to go on."""
    interaction: Interaction
    wer: dict[Role, Wer]
    # Empty in folders that were labelled before there were words with times.
    entity_errors: dict[Role, dict[str, Rate]] = Field(default_factory=dict)
    """How often names, numbers, codes, dates and money were misheard: `all`, and by kind."""
    word_times: dict[Role, WordTimes] = Field(default_factory=dict)
    levels: dict[Role, Level]
    flawed_turns: int
    """Turns whose events and audio do not agree."""
    lost: dict[Role, int]
    """Turns that its worker says it spoke, and that are not in the audio."""
    inserted_s: dict[Role, float]
    cut_s: dict[Role, float]
    concealed_s: dict[Role, float]
    usage: dict[Role, tuple[cost.Billed, ...]] = Field(default_factory=dict)
    """What each side's engines were used for; a side that did not say so is not there."""
    cost_usd: float | None = None
    """None unless all of it is known."""
    others: dict[str, OtherMetric] = Field(default_factory=dict, exclude_if=operator.not_)
    """By name, what metrics of other installed packages say; absent if there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def passed(self) -> bool:
        """Whether the call counts, and the task was done in it."""
        return self.valid and self.task_success

    @field_validator("turns", "speech_s", "interruptions", "wer", "levels")
    @classmethod
    def _of_both(cls, by_role: dict[Role, V]) -> dict[Role, V]:
        return _complete(by_role, Role)

    @field_validator("reply_gap_s")
    @classmethod
    def _in_both_directions(cls, gaps: dict[str, Spread]) -> dict[str, Spread]:
        return _complete(gaps, [f"{role}_to_{role.peer}" for role in Role])


def write(folder: Path) -> None:
    """Make metrics.json of a call folder from its audio, transcript, events and call.json."""
    call = transcript.read(folder)
    spec = read_call(folder).spec
    recorded = event_log.read(folder, RecordingEnded)[-1].payload
    used = event_log.read(folder, ToolCalled)
    usage = cost.read(folder)
    measured = measure(
        loudness_of(folder),
        heard_loudness_of(folder),
        call,
        recognize(call, names_in(spec)),
        judge(gather(folder, spec, call)),
        recorded=recorded,
        tools=[entry.t for entry in used if entry.role == Role.SUPPORT],
    ).model_copy(update={"usage": usage, "cost_usd": cost.total_usd(usage)})
    write_json(folder / FILE, measured)


def read(folder: Path) -> Metrics:
    """The metrics of a call folder."""
    return read_json(folder, FILE, Metrics)


def measure(
    channels: Mapping[Role, Loudness],
    listened: Mapping[Role, Loudness],
    call: Transcript,
    recognition: Recognition,
    verdict: Verdict,
    *,
    recorded: RecordingEnded,
    tools: Sequence[float] = (),
) -> Metrics:
    """The metrics of a call.

    `listened` is the sound that is listened to, `channels` the speech in it; they are the same
    unless the audio was changed on purpose. `recorded` has what the recorder counted, `tools` when
    the support agent used its tools, in seconds of the recording.
    """
    masks = {role: voiced(channel.rms) for role, channel in channels.items()}
    return Metrics.model_validate(
        {
            "duration_s": recorded.duration_s,
            "task_success": verdict.task_success,
            "valid": verdict.valid,
            "fault": verdict.fault,
            "findings": verdict.findings,
            "checked": verdict.checked,
            "unchecked": verdict.unchecked,
            "turns": {role: sum(turn.role is role for turn in call.turns) for role in Role},
            "speech_s": {role: round(float(masks[role].sum()) * FRAME_S, 2) for role in Role},
            "reply_gap_s": reply_gap_s(call.turns, masks),
            "interruptions": {
                role: sum(turn.role is role and turn.interrupted for turn in call.turns)
                for role in Role
            },
            "turn_cut_off": turns_cut_off(call.turns, masks),
            "interaction": interact(call, masks, tools),
            "wer": {role: _wer(recognition, role) for role in Role},
            "entity_errors": {role: recognition.entity_errors(role) for role in Role},
            "word_times": {role: _word_times(call, role) for role in Role},
            "levels": {role: _level(listened[role], masks[role]) for role in Role},
            "flawed_turns": sum(turn.flaw is not None for turn in call.turns),
            "lost": {
                role: sum(
                    turn.role is role and turn.flaw is TurnFlaw.NO_AUDIO for turn in call.turns
                )
                for role in Role
            },
            "inserted_s": recorded.inserted_s,
            "cut_s": recorded.cut_s,
            "concealed_s": recorded.concealed_s,
        }
    )


def turns_cut_off(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> int:
    """How many turns the other side replied into, mistaking a pause in them for their end.

    The reply begins while the speaker has been silent for 0.15 s, and the speaker goes on after
    it, or was interrupted by it. A reply that begins while the speaker is audible is a barge-in.
    """
    # Who gives a backchannel into a pause has not taken it for the end, and waits for no reply.
    turns = without_backchannels(turns, masks)
    cut_off = 0
    for reply in turns:
        others = [t for t in turns if t.role is reply.role.peer and t.start < reply.start]
        if not others:
            continue
        turn = others[-1]
        first = not any(t.role is reply.role and turn.start < t.start < reply.start for t in turns)
        unfinished = turn.end > reply.start or turn.interrupted
        begin = round(reply.start / FRAME_S)
        silent = not masks[turn.role][max(0, begin - round(PAUSE_S / FRAME_S)) : begin].any()
        cut_off += first and unfinished and silent
    return cut_off


def _wer(recognition: Recognition, role: Role) -> Wer:
    found = recognition.word_errors(role)
    rate = None if found.rate is None else round(found.rate, 4)
    return Wer(rate=rate, errors=found.errors, **found._asdict())


def _word_times(call: Transcript, role: Role) -> WordTimes:
    turns = [turn for turn in call.turns if turn.role is role]
    words = [word for turn in turns for word in turn.words]
    return WordTimes(
        words=len(words),
        unplaced=sum(word.start is None for word in words),
        turns_without=dict(Counter(turn.no_words for turn in turns if turn.no_words)),
        apart_s=Spread.of([t.words_apart_s for t in turns if t.words_apart_s is not None]),
    )


def _level(channel: Loudness, mask: Mask) -> Level:
    if not mask.any():
        return Level(speech_rms_dbfs=None, peak_dbfs=None)
    power = float(np.mean(10 ** (channel.rms[mask] / 10)))
    peak = max(SILENT_DBFS, float(channel.peak.max()))
    return Level(speech_rms_dbfs=round(10 * float(np.log10(power)), 1), peak_dbfs=round(peak, 1))
