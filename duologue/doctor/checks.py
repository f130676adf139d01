"""What the doctor looks at in a room: each check says what it saw, or fails with it."""

import asyncio
from collections.abc import Collection
from typing import Any, NamedTuple

from livekit import rtc
from livekit.agents import stt

from duologue.doctor.probe import Probe
from duologue.doctor.sound import SOUND_DBFS, find_echo, sounding
from duologue.labels.wer import word_errors
from shared import engines
from shared.engines import pcm
from shared.engines.pcm import INPUT_RATE_HZ, OUTPUT_RATE_HZ, Samples
from shared.errors import DuologueError
from shared.events import Ended, Failed, Heard, PeerStateChanged, Ready, Said
from shared.language.as_heard import normalize
from shared.settings import Settings
from shared.spec import Engines, Role
from shared.worker.diagnosis import FIXED_REPLY

PHRASE = "Good morning, this is a test. Can you hear me on this line?"
ENGINES = Engines(stt="whisper/tiny.en", llm="rules", tts="hibari/heart", vad="silero")
"""The probe's own, which need no key and no network."""

PUBLISHED_TIMEOUT_S = 5.0
SUBSCRIBED_TIMEOUT_S = 5.0
LISTENING_TIMEOUT_S = 8.0
"""How long an agent may take to listen; the probe speaks then whether it does or not."""
SOUND_S = 1.0
"""How much of the probe's speech is waited for before the level of what came back is told."""
SOUND_TIMEOUT_S = 4.0
"""Until when an agent's track must sound, from when the probe began to speak."""
ECHO_LATE_S = (0.5, 2.0)
"""How much later than the phrase itself its echo is looked for, and then once more."""
VAD_TIMEOUT_S = 5.0
"""Until when the probe's speech must be noticed, from when it began."""
HEARD_TIMEOUT_S = 8.0
SAID_TIMEOUT_S = 15.0
QUIET_S = 0.5
"""Silence after which a reply has come in whole."""
QUIET_TIMEOUT_S = 3.0
TURN_TIMEOUT_S = 60.0

SAME_CORRELATION = 0.6
"""An echo through two codecs has 0.9 or more, other speech less than 0.4."""
SAME_WORDS = 0.34
"""The word error rate up to which two texts are taken to be the same utterance."""


class CheckFailed(DuologueError):
    """A check saw something else than it should; the message says what."""


class ProbeVoice(NamedTuple):
    """What the probe says, and how it understands an answer."""

    phrase: Samples
    """PHRASE at OUTPUT_RATE_HZ."""
    ears: stt.STT[Any]

    @property
    def phrase_s(self) -> float:
        """How long the phrase takes."""
        return len(self.phrase) / OUTPUT_RATE_HZ

    async def words(self, samples: Samples) -> str:
        """The words in `samples`, mono at INPUT_RATE_HZ, with any silence around them."""
        samples = sounding(samples, INPUT_RATE_HZ)
        if not len(samples):
            return ""
        frame = rtc.AudioFrame(pcm.to_pcm(samples), INPUT_RATE_HZ, 1, len(samples))
        heard = await self.ears.recognize([frame])
        return heard.alternatives[0].text if heard.alternatives else ""


async def load_voice(settings: Settings) -> ProbeVoice:
    """The probe's voice and ears, tried on each other.

    Raises:
        EngineUnavailable: The offline engines are not installed.
        CheckFailed: The probe does not understand itself.
    """
    await asyncio.to_thread(engines.preload, ENGINES, settings)
    models = engines.load(ENGINES, settings)
    spoken = await models.tts.synthesize(PHRASE).collect()
    voice = ProbeVoice(pcm.from_frames([spoken]), models.stt)
    heard = await voice.words(pcm.resample(voice.phrase, OUTPUT_RATE_HZ, INPUT_RATE_HZ))
    if not same_words(PHRASE, heard):
        raise CheckFailed(f"the probe does not understand itself: heard “{heard}”")
    return voice


def same_words(said: str, heard: str) -> bool:
    """Whether `heard` is `said`, as far as a recognizer gets it."""
    rate = word_errors(normalize(said), normalize(heard)).rate
    return rate is not None and rate <= SAME_WORDS


async def present(probe: Probe, role: Role, hold_s: float) -> str:
    """The agent stays for `hold_s` seconds from when it joined."""
    joined_s = probe.joined_s[role]
    rest_s = joined_s + hold_s - asyncio.get_running_loop().time()
    left_s = await probe.until(lambda: probe.left_s.get(role), rest_s)
    if left_s is not None:
        raise CheckFailed(f"left after {left_s - joined_s:.1f} s{_last_words(probe, role)}")
    if probe.agent(role) is None and not await probe.server_sees(role):
        raise CheckFailed(f"joined, and left at once{_last_words(probe, role)}")
    return f"stayed for {hold_s:g} s"


async def published(probe: Probe, role: Role) -> str:
    """The agent publishes a microphone track."""
    track = await probe.until(lambda: probe.microphone(role), PUBLISHED_TIMEOUT_S)
    if track is None:
        raise CheckFailed(
            f"no microphone track after {PUBLISHED_TIMEOUT_S:g} s{_last_words(probe, role)}"
        )
    return f"track {track.sid}"


async def subscribed(probe: Probe, role: Role) -> str:
    """The agent's track reaches the probe: its first frame, sound or not."""
    ear = await probe.until(lambda: probe.ears.get(role), SUBSCRIBED_TIMEOUT_S)
    if ear is None:
        raise CheckFailed(f"published, but not subscribed after {SUBSCRIBED_TIMEOUT_S:g} s")
    if await probe.until(lambda: ear.began_s, SUBSCRIBED_TIMEOUT_S) is None:
        raise CheckFailed(f"subscribed, but no packet came within {SUBSCRIBED_TIMEOUT_S:g} s")
    return "packets come"


async def listening(probe: Probe, roles: Collection[Role]) -> None:
    """Wait until all agents say that they listen, or leave; for a while at most."""

    def all_listen() -> bool | None:
        ready = (probe.reported(role, Ready) or role in probe.left_s for role in roles)
        return all(ready) or None

    await probe.until(all_listen, LISTENING_TIMEOUT_S)


async def sound(probe: Probe, role: Role) -> str:
    """The agent's track sounds while the probe speaks."""
    ear = probe.ears[role]

    def sounds() -> bool | None:
        return (ear.loudest_dbfs >= SOUND_DBFS and _since_spoke_s(probe) >= SOUND_S) or None

    if not await probe.until(sounds, _left_s(probe, SOUND_TIMEOUT_S)):
        raise CheckFailed(
            f"nothing louder than {ear.loudest_dbfs:.0f} dBFS within {SOUND_TIMEOUT_S:g} s"
        )
    return f"loudest at {ear.loudest_dbfs:.0f} dBFS"


async def echo(probe: Probe, role: Role, voice: ProbeVoice) -> str:
    """What the agent sends is what the probe said."""
    ear = probe.ears[role]
    sent = pcm.resample(voice.phrase, OUTPUT_RATE_HZ, INPUT_RATE_HZ)
    for late_s in ECHO_LATE_S:
        await asyncio.sleep(_left_s(probe, voice.phrase_s + late_s))
        found = await asyncio.to_thread(find_echo, sent, ear.samples, INPUT_RATE_HZ)
        if found.correlation >= SAME_CORRELATION:
            assert ear.began_s is not None
            delay_s = found.delay_s + ear.began_s - probe.spoke_s
            return f"correlation {found.correlation:.2f}, {delay_s:.2f} s later"
    raise CheckFailed(f"what came back is not what was said: correlation {found.correlation:.2f}")


async def vad(probe: Probe, role: Role) -> str:
    """The worker notices that the probe speaks."""

    def noticed() -> bool | None:
        states = probe.reported(role, PeerStateChanged)
        return any(state.new == "speaking" for state in states) or None

    if not await probe.until(noticed, _left_s(probe, VAD_TIMEOUT_S)):
        raise CheckFailed(
            f"the worker noticed no speech within {VAD_TIMEOUT_S:g} s{_last_words(probe, role)}"
        )
    return f"speech noticed {_since_spoke_s(probe):.2f} s after it began"


async def recognized(probe: Probe, role: Role, voice: ProbeVoice) -> str:
    """The worker hears the words of the phrase."""

    def heard() -> str:
        return " ".join(each.text for each in probe.reported(role, Heard))

    timeout_s = _left_s(probe, voice.phrase_s + HEARD_TIMEOUT_S)
    if not await probe.until(lambda: same_words(PHRASE, heard()) or None, timeout_s):
        raise CheckFailed(
            f"said “{PHRASE}”, the worker heard “{heard()}”{_last_words(probe, role)}"
        )
    return f"heard “{heard()}”"


async def replied(probe: Probe, role: Role, voice: ProbeVoice) -> str:
    """The worker says that it has spoken the fixed line."""

    def said() -> str | None:
        texts = [each.text for each in probe.reported(role, Said)]
        return next((text for text in texts if same_words(FIXED_REPLY, text)), None)

    text = await probe.until(said, _left_s(probe, voice.phrase_s + SAID_TIMEOUT_S))
    if text is None:
        raise CheckFailed(f"no fixed reply within {SAID_TIMEOUT_S:g} s{_last_words(probe, role)}")
    return f"said “{text}”"


async def spoken(probe: Probe, role: Role, voice: ProbeVoice) -> str:
    """The fixed line reaches the probe's ears as speech."""
    ear = await probe.until(lambda: probe.ears.get(role), SUBSCRIBED_TIMEOUT_S)
    if ear is None:
        raise CheckFailed("the reply came over no track")
    # What the worker has sent is still on its way for a while.
    await probe.until(lambda: ear.quiet_s() >= QUIET_S or None, QUIET_TIMEOUT_S)
    words = await voice.words(ear.samples)
    if not same_words(FIXED_REPLY, words):
        raise CheckFailed(
            f"heard “{words}” at {ear.loudest_dbfs:.0f} dBFS instead of “{FIXED_REPLY}”"
        )
    return f"{ear.loudest_dbfs:.0f} dBFS, heard “{words}”"


async def turn(probe: Probe) -> str:
    """Each of the two agents hears something that the other said."""

    def heard_by(role: Role) -> str | None:
        said = [each.text for each in probe.reported(role.peer, Said)]
        heard = [each.text for each in probe.reported(role, Heard)]
        return next((text for text in heard if any(same_words(one, text) for one in said)), None)

    def all_heard() -> list[str] | None:
        heard = [f"{role} heard “{text}”" for role in Role if (text := heard_by(role))]
        return heard if len(heard) == len(Role) else None

    heard = await probe.until(all_heard, TURN_TIMEOUT_S)
    if heard is None:
        deaf = [role for role in Role if heard_by(role) is None]
        words = "".join(_last_words(probe, role) for role in deaf)
        raise CheckFailed(
            f"{' and '.join(deaf)} heard nothing that was said within {TURN_TIMEOUT_S:g} s{words}"
        )
    return "; ".join(heard)


def _since_spoke_s(probe: Probe) -> float:
    return asyncio.get_running_loop().time() - probe.spoke_s


def _left_s(probe: Probe, timeout_s: float) -> float:
    """What is left of `timeout_s` seconds since the probe began to speak."""
    return max(0.0, timeout_s - _since_spoke_s(probe))


def _last_words(probe: Probe, role: Role) -> str:
    """What the worker of `role` said of its own failing, if it did."""
    for failed in probe.reported(role, Failed):
        return f"; it says: {failed.error}"
    for ended in probe.reported(role, Ended):
        return f"; it says: {ended.error or ended.reason}"
    return ""
