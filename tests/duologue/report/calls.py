"""A call folder with everything in it that a report shows, made without making a call."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from duologue.folder.channels import CHANNELS, RATE_HZ
from duologue.folder.folder import AUDIO, CALL, CallFolder, CallRecord, TransportName, write_json
from duologue.labels import metrics, recognition, timeline
from duologue.labels.activity import loudness_of
from duologue.labels.entities import EntityKind
from duologue.labels.metrics import Metrics
from duologue.labels.recognition import Entity, Pair, Recognition, Stretch
from duologue.labels.timeline import Mark, MarkKind, Marks
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import NoWords, Transcript, Turn, Word, WordSource
from duologue.labels.verdict import Check, Finding, Verdict
from duologue.report import call as report
from shared.customer_sheet import Behaviour, CustomerSheet, Goal, Persona
from shared.endings import Fault, Outcome
from shared.events import RecordingEnded
from shared.language.edits import Op
from shared.spec import Role
from tests.duologue.folder.test_folder import call

LENGTH_S = 9.0
C, S = Role.CUSTOMER, Role.SUPPORT
TONES_HZ = {C: 300.0, S: 500.0}
HOSTILE = "<script>document.title='owned'</script><img src=//example.com/x onerror=alert(1)>"


def turn(role: Role, start: float, end: float, said: str, *, words: bool = True) -> Turn:
    """A turn whose words take the same time each."""
    texts = said.split()
    edges = np.linspace(start, end, len(texts) + 1).round(3).tolist()
    timed = [Word(text=t, start=a, end=b) for t, a, b in zip(texts, edges, edges[1:], strict=False)]
    return Turn(
        role=role,
        start=start,
        end=end,
        intended=said,
        said=said,
        heard=said,
        interrupted=False,
        words=tuple(timed) if words else (),
        words_from=WordSource.ALIGNMENT if words else None,
        no_words=None if words else NoWords.NO_ALIGNER,
    )


TURNS = (
    turn(S, 0.5, 2.0, "How can I help?"),
    turn(C, 2.5, 4.0, "My name is Patel.").model_copy(update={"heard": "My name is Pital."}),
    turn(S, 3.6, 5.5, "One moment, please, while").model_copy(
        update={"interrupted": True, "intended": "One moment, please, while I look."}
    ),
    turn(C, 6.5, 7.5, "Fine.").model_copy(update={"behaviour": Behaviour.BARGE_IN}),
    turn(S, 8.0, 8.6, "Goodbye.").model_copy(update={"heard": None}),
)
MARKS = (
    Mark(kind=MarkKind.GAP, role=C, start=2.0, end=2.5),
    Mark(kind=MarkKind.OVERLAP, role=S, start=3.6, end=4.0),
    Mark(kind=MarkKind.BEHAVIOUR, role=C, start=5.5, end=6.5, name="silence", detail={}),
    Mark(
        kind=MarkKind.DESK,
        role=S,
        start=5.6,
        end=5.6,
        name="orders",
        detail={"changes": {"orders": [{"number": "47219"}]}},
    ),
    Mark(
        kind=MarkKind.TOOL,
        role=S,
        start=5.6,
        end=5.6,
        name="find_order",
        detail={
            "arguments": {"name": "Pital", "urgent": True},
            "output": '{"found": false}',
            "is_error": True,
        },
    ),
    Mark(kind=MarkKind.BEHAVIOUR, role=C, start=6.5, end=7.5, name="barge_in", detail={}),
)


def same(number: int, *words: str) -> list[Pair]:
    return [
        Pair(op=Op.EQUAL, said=word, heard=word, turn=number, word=place)
        for place, word in enumerate(words)
    ]


RECOGNITION = Recognition(
    stretches=(
        Stretch(role=S, turns=(0,), pairs=tuple(same(0, "how", "can", "i", "help"))),
        Stretch(
            role=C,
            turns=(1,),
            pairs=(
                *same(1, "my", "name", "is"),
                Pair(op=Op.SUBSTITUTE, said="patel", heard="pital", turn=1, word=3),
            ),
        ),
    ),
    entities=(
        Entity(
            kind=EntityKind.NAME,
            role=C,
            turn=1,
            words=(3,),
            said="patel",
            heard="pital",
            correct=False,
        ),
    ),
)


MISHEARD = "order number misheard twice: 70800 for 700800"
"""What led to the finding of a call."""


def add_call(
    out: Path,
    *,
    turns: Sequence[Turn] = TURNS,
    marks: Sequence[Mark] = MARKS,
    heard: Recognition = RECOGNITION,
    persona: str = "Yash Patel",
    finding: str = "nothing was refunded",
) -> Path:
    """A complete call folder in `out`, its report included; it is returned."""
    described = description(persona)
    with CallFolder.create(out, described.call_id) as made:
        folder = made.path
        write_json(folder / CALL, described)
        _record(folder / AUDIO, turns)
        said = Transcript(turns=tuple(turns))
        write_json(folder / transcript.FILE, said)
        write_json(folder / timeline.FILE, Marks(marks=tuple(marks)))
        write_json(folder / recognition.FILE, heard)
        write_json(folder / metrics.FILE, _measured(folder, said, heard, finding))
        report.write(folder)
        return made.commit(described)


def description(persona: str) -> CallRecord:
    """Its call.json."""
    caller = CustomerSheet(
        persona=Persona(name=persona), goals=(Goal(say="I want a refund.", met_when=("refunded",)),)
    )
    made = call()
    return made.model_copy(
        update={
            "transport": TransportName.DIRECT,
            "outcome": Outcome.COMPLETED,
            "duration_s": LENGTH_S,
            "spec": made.spec.model_copy(update={"customer": caller}),
            "engines": {role: {"tts": {"engine": "hibari/heart"}} for role in Role},
        }
    )


def _record(path: Path, turns: Sequence[Turn]) -> None:
    """A tone for each turn, at half of full scale."""
    samples = np.zeros((round(LENGTH_S * RATE_HZ), 2))
    for each in turns:
        first, last = (round(at * RATE_HZ) for at in (each.start, each.end))
        tone = np.sin(2 * np.pi * TONES_HZ[each.role] * np.arange(last - first) / RATE_HZ)
        samples[first:last, CHANNELS.index(each.role)] = 0.5 * tone
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")


def _measured(folder: Path, said: Transcript, heard: Recognition, finding: str) -> Metrics:
    failed = Finding(
        check=Check.DESK,
        fault=Fault.SUPPORT,
        detail=finding,
        turn=min(1, len(said.turns) - 1),
        root=MISHEARD,
    )
    verdict = Verdict(task_success=False, valid=True, fault=Fault.SUPPORT, findings=(failed,))
    none = dict.fromkeys(Role, 0.0)
    recorded = RecordingEnded(duration_s=LENGTH_S, inserted_s=none, cut_s=none, concealed_s=none)
    return metrics.measure(
        loudness_of(folder), loudness_of(folder), said, heard, verdict, recorded=recorded
    )
