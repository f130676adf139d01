"""Everything that comes from the environment, read once.

Precedence: command line > environment > `.env` in the working directory > the defaults here.
Nothing else in this project reads or changes `os.environ`. Every package imports this module first,
since NumPy and onnxruntime read what it sets when they are imported.
"""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import UsageError
from shared.spec import Engines, Role

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    # More threads only take the cores from the other side and from other calls: each utterance that
    # is recognized leaves one of BLAS spinning for 0.1 s.
    os.environ.setdefault(_name, "1")
# Else onnxruntime (from 1.32 on) tells its maker over the network what it runs and where, and keeps
# a number by which it knows this user.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

WORKER_PORTS = {Role.CUSTOMER: 8082, Role.SUPPORT: 8081}


def inherited_environment(*, without: Collection[str] = ()) -> dict[str, str]:
    """This process's environment for a program it starts, less the names in `without`."""
    return {name: value for name, value in os.environ.items() if name not in without}


class Settings(BaseSettings):
    """The environment, frozen. Every variable is named in `.env.example`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_file=".env", env_ignore_empty=True
    )

    livekit_url: str | None = None
    livekit_api_key: str | None = None
    livekit_api_secret: SecretStr | None = None

    duologue_cache: Path = Field(default_factory=lambda: Path.home() / ".cache" / "duologue")
    """Where livekit-server and the state of `duologue up` are kept."""
    duologue_log: Literal["console", "json"] = "json"
    """How workers print their events: for people, or one JSON object a line."""

    customer_port: int = Field(WORKER_PORTS[Role.CUSTOMER], ge=0, le=65535)
    """The worker's health port; 0 takes a free one."""
    support_port: int = Field(WORKER_PORTS[Role.SUPPORT], ge=0, le=65535)
    duologue_ready_port: int = Field(0, ge=0, le=65535)
    """Where the worker answers 200 while it is registered, and 503 otherwise; 0: nowhere."""
    duologue_worker_calls: int = Field(4, ge=1)
    """Calls a worker takes at a time; a full worker is passed over."""

    customer_stt: str = "whisper/tiny.en"
    customer_llm: str = "rules"
    customer_tts: str = "hibari/heart-low"
    customer_vad: str = "silero"
    support_stt: str = "whisper/tiny.en"
    support_llm: str = "rules"
    support_tts: str = "hibari/heart"
    support_vad: str = "silero"

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    deepgram_api_key: SecretStr | None = None
    cartesia_api_key: SecretStr | None = None

    def port(self, role: Role) -> int:
        """The health port of `role`'s worker."""
        return self.customer_port if role is Role.CUSTOMER else self.support_port

    def engines(self, role: Role) -> Engines:
        """The engines `role` uses unless its call says otherwise."""
        if role is Role.CUSTOMER:
            return Engines(
                stt=self.customer_stt,
                llm=self.customer_llm,
                tts=self.customer_tts,
                vad=self.customer_vad,
            )
        return Engines(
            stt=self.support_stt, llm=self.support_llm, tts=self.support_tts, vad=self.support_vad
        )


def read_settings() -> Settings:
    """The settings that the environment makes.

    Raises:
        UsageError: A variable is wrong; the message names it, and not its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise UsageError(f"environment variable {name}: {first['msg']}") from None
