"""How customer and support agent take turns, by the field's own definitions.

One module per source: `tau_voice` and `eva` look at the support agent as the agent under test,
`floor` at both sides alike. Everything comes from the call folder: the speech of both channels,
the turns of transcript.json, and when tools were used.
"""

from collections.abc import Mapping, Sequence

from duologue.labels.activity import Mask
from duologue.labels.interaction.eva import Eva, eva
from duologue.labels.interaction.floor import Floor, floor
from duologue.labels.interaction.tau_voice import TauVoice, tau_voice
from duologue.labels.interaction.timeline import timeline
from duologue.labels.transcript.transcript import Transcript
from shared.spec import Role
from shared.values import Frozen

__all__ = ["Interaction", "interact"]


class Interaction(Frozen):
    """The turn-taking of one call, by the source of each definition."""

    tau_voice: TauVoice
    eva: Eva
    floor: Floor


def interact(
    call: Transcript, masks: Mapping[Role, Mask], tools: Sequence[float] = ()
) -> Interaction:
    """The turn-taking of a call.

    `masks` says per role which frames are speech (`activity.voiced`), `tools` when the support
    agent used its tools, in seconds of the recording.
    """
    line = timeline(call, masks)
    return Interaction(tau_voice=tau_voice(line), eva=eva(line, tools), floor=floor(call, masks))
