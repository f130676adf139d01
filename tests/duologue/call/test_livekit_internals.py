"""That the LiveKit which is installed has what a call uses of it, though it does not promise to.

What fails here on a new version names what has moved; CONTRIBUTING.md says what to do.
"""

import inspect
from typing import Any

import pytest
from livekit.agents import (
    APIConnectionError,
    APIConnectOptions,
    LanguageCode,
    stt,
    tts,
    worker,
)
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer
from livekit.rtc import AudioFrame

from duologue.call.livekit_internals import (
    NAME_VARIABLE,
    REGISTERED,
    ask_recognizer_within,
    ask_synthesizer_within,
)
from tests.answers import Answers

AT_ONCE = APIConnectOptions(max_retry=1, retry_interval=0.0)


class Beep(tts.TTS[Any]):
    """A synthesizer that is asked once for the whole text, and fails the first time."""

    def __init__(self) -> None:
        capabilities = tts.TTSCapabilities(streaming=False)
        super().__init__(capabilities=capabilities, sample_rate=24_000, num_channels=1)
        self.failed = False

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = AT_ONCE
    ) -> tts.ChunkedStream:
        return _Beep(tts=self, input_text=text, conn_options=conn_options)


class _Beep(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, Beep)
        if not self._tts.failed:
            self._tts.failed = True
            raise APIConnectionError
        output_emitter.initialize(
            request_id="beep", sample_rate=24_000, num_channels=1, mime_type="audio/pcm"
        )
        output_emitter.push(bytes(48_000))


async def test_each_request_of_a_synthesizer_is_surrounded_and_its_audio_is_taken() -> None:
    answers = Answers()
    stream = Beep().synthesize("Beep.")
    ask_synthesizer_within(answers.asking, stream)
    spoken_s = sum([audio.frame.duration async for audio in stream])
    assert spoken_s == pytest.approx(1.0)
    assert (answers.begun, answers.ended) == (2, 2)  # the pause between them is not surrounded
    assert answers.taken == ["initialize", "push"]


class Deaf(stt.STT[Any]):
    """A recognizer of whole utterances that fails the first time."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self.failed = False

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,  # noqa: ARG002 - it is deaf
        *,
        language: NotGivenOr[str] = NOT_GIVEN,  # noqa: ARG002 - same
        conn_options: APIConnectOptions,  # noqa: ARG002 - same
    ) -> stt.SpeechEvent:
        if not self.failed:
            self.failed = True
            raise APIConnectionError
        heard = stt.SpeechData(language=LanguageCode("en"), text="Hello.")
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[heard])


async def test_each_request_of_a_recognizer_is_surrounded() -> None:
    answers, recognizer = Answers(), Deaf()
    ask_recognizer_within(answers.asking, recognizer)
    silence = AudioFrame(bytes(32_000), 16_000, 1, 16_000)
    event = await recognizer.recognize(silence, conn_options=AT_ONCE)
    assert event.alternatives[0].text == "Hello."
    assert (answers.begun, answers.ended) == (2, 2)


@pytest.mark.parametrize("word", [REGISTERED, NAME_VARIABLE])
def test_a_worker_knows_the_word(word: str) -> None:
    # What they do is tested with somebody else's worker on a real server.
    assert f'"{word}"' in inspect.getsource(worker), f"LiveKit's worker no longer says {word}"
