"""Everything that comes from the environment, read once.

Precedence: command line > environment > `.env` in the working directory > the defaults here. Of a
role's engines, a scenario's come between command line and environment, and those of a profile are
the defaults (docs/engines.md).
Nothing else in this project reads the environment.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from shared.errors import UsageError, wrong_field
from shared.masking import credentials_of, set_secrets
from shared.spec import EngineChoice, Engines, Role
from shared.values import Frozen


class Profile(StrEnum):
    """Which engines a role has where nothing names one."""

    LOCAL = "local"
    """No keys, no network."""
    CLOUD = "cloud"
    """Services, another stack for each role."""


_OPENAI_LLM = "openai/gpt-4.1-mini"
PROFILES = {
    Profile.LOCAL: {
        Role.CUSTOMER: Engines(
            stt="whisper/tiny.en", llm="rules", tts="hibari/heart-low", vad="silero"
        ),
        Role.SUPPORT: Engines(stt="whisper/tiny.en", llm="rules", tts="hibari/heart", vad="silero"),
    },
    Profile.CLOUD: {
        Role.CUSTOMER: Engines(
            stt="openai/gpt-4o-mini-transcribe", llm=_OPENAI_LLM, tts="openai/alloy", vad="silero"
        ),
        Role.SUPPORT: Engines(
            stt="deepgram/nova-3",
            llm=_OPENAI_LLM,
            tts="cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02",
            vad="silero",
        ),
    },
}

WORKER_PORTS = {Role.CUSTOMER: 8082, Role.SUPPORT: 8081}


def inherited_environment(*, without: Collection[str] = ()) -> dict[str, str]:
    """This process's environment for a program it starts, less the names in `without`."""
    return {name: value for name, value in os.environ.items() if name not in without}


@contextmanager
def safe_path() -> Iterator[None]:
    """Keep modules of the current folder from the processes that multiprocessing starts meanwhile.

    What we start ourselves is given `-P`; multiprocessing takes no options.
    """
    name = "PYTHONSAFEPATH"
    former = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if former is None:
            del os.environ[name]
        else:
            os.environ[name] = former


class ProviderSettings(Frozen):
    """What the environment says of one provider of engines, whoever brings it."""

    api_key: SecretStr | None = None
    base_url: str | None = None
    """Where it answers, if not at its own address."""
    requests_per_minute: int | None = Field(None, ge=1)
    """What one process may ask of it; a connection that stays open is one request."""
    max_cost_usd: float | None = Field(None, ge=0)
    """What the calls of a batch may cost there, those that are finished included."""


def variable_of(provider: str, field: str) -> str:
    """The variable of a field of ProviderSettings: "ACME_API_KEY" for "acme" and "api_key"."""
    return f"{provider}_{field}".replace("-", "_").upper()


_SECRET = ("_api_key", "_access_key", "_secret", "_token", "_password")
"""How variables are called whose values nobody is to read; `.env` may have any."""


class _Environment(EnvSettingsSource):
    """The environment, with what may be said of a provider, whichever providers there are."""

    def __call__(self) -> dict[str, Any]:
        endings = tuple(f"_{field}" for field in ProviderSettings.model_fields)
        found = {name: value for name, value in self.env_vars.items() if name.endswith(endings)}
        return found | super().__call__()


class Settings(BaseSettings):
    """The environment, frozen. Every variable is named in `.env.example`.

    Which providers there are is not known here. So what is said of one is kept as it is, and read
    when somebody asks for it (`provider`).
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="allow", env_file=".env", env_ignore_empty=True
    )
    __pydantic_extra__: dict[str, SecretStr] = Field(init=False)

    livekit_url: str | None = None
    livekit_api_key: str | None = None
    livekit_api_secret: SecretStr | None = None
    livekit_inference_api_key: str | None = None
    """For what somebody's agent asks of LiveKit Inference; without, `livekit_api_key`."""
    livekit_inference_api_secret: SecretStr | None = None

    duologue_cache: Path = Field(default_factory=lambda: Path.home() / ".cache" / "duologue")
    """Where livekit-server and the state of `duologue up` are kept."""
    duologue_log: Literal["console", "json"] = "json"
    """How workers print their events: for people, or one JSON object a line."""

    customer_port: int = Field(WORKER_PORTS[Role.CUSTOMER], ge=0, le=65535)
    """The worker's health port; 0 takes a free one, which only this machine reaches."""
    support_port: int = Field(WORKER_PORTS[Role.SUPPORT], ge=0, le=65535)
    duologue_health_host: str = "127.0.0.1"
    """The address that the health port and the next are at; 0.0.0.0 for all of IPv4."""
    duologue_ready_port: int = Field(0, ge=0, le=65535)
    """Where the worker answers 200 while it is registered, and 503 otherwise; 0: nowhere."""
    duologue_worker_calls: int = Field(4, ge=1, le=1000)
    """Calls a worker takes at a time; a full worker is passed over."""

    duologue_profile: Profile = Profile.LOCAL
    customer_stt: str | None = None
    customer_llm: str | None = None
    customer_tts: str | None = None
    customer_vad: str | None = None
    support_stt: str | None = None
    support_llm: str | None = None
    support_tts: str | None = None
    support_vad: str | None = None

    duologue_service_timeout_s: float = Field(5.0, gt=0, le=3600)
    """How long a service may say nothing."""
    duologue_service_retries: int = Field(2, ge=0, le=100)
    """How often a service that failed is asked again, where that makes sense."""
    duologue_reply_timeout_s: float = Field(30.0, gt=0, le=3600)
    """How long one reply of a language model may take, to its last word, in real seconds."""
    duologue_reply_characters: int = Field(4000, ge=1, le=1_000_000)
    """How long one reply of a language model may be: 4,000 are spoken in four minutes."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, the first one first; called by pydantic."""
        del env_settings, file_secret_settings
        return init_settings, _Environment(settings_cls), dotenv_settings

    def cache_folder(self, name: str = "") -> Path:
        """A folder of the cache, which is made if it is not there.

        Raises:
            UsageError: It cannot be made.
        """
        folder = self.duologue_cache / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(
                f"{folder} cannot be written ({error.strerror}); set DUOLOGUE_CACHE to another "
                "folder"
            ) from None
        return folder

    def provider(self, name: str) -> ProviderSettings:
        """What is said of the provider `name`.

        Raises:
            UsageError: A variable is wrong; the message names it, and not its value.
        """
        given = {}
        for field in ProviderSettings.model_fields:
            value = (self.model_extra or {}).get(variable_of(name, field).lower())
            if value is not None:
                given[field] = value.get_secret_value()
        try:
            return ProviderSettings.model_validate(given)
        except ValidationError as error:
            wrong = wrong_field(error)
            raise _wrong(variable_of(name, wrong.field), wrong.problem) from None

    @property
    def secrets(self) -> set[str]:
        """All that nobody is to read: keys of whichever provider, passwords within addresses."""
        given = {name: value.get_secret_value() for name, value in (self.model_extra or {}).items()}
        urls = [value for name, value in given.items() if name.endswith("_base_url")]
        return {
            *(value for name, value in given.items() if name.endswith(_SECRET)),
            *(credentials_of(url) for url in (*urls, self.livekit_url or "")),
            *(
                secret.get_secret_value()
                for secret in (self.livekit_api_secret, self.livekit_inference_api_secret)
                if secret
            ),
        }

    def inference_keys(self) -> dict[str, str]:
        """By variable, what signs requests to LiveKit Inference, as far as it is known.

        A server of our own has another key, which is in `LIVEKIT_API_KEY` of an agent called there.
        """
        own = {
            "LIVEKIT_INFERENCE_API_KEY": self.livekit_inference_api_key or self.livekit_api_key,
            "LIVEKIT_INFERENCE_API_SECRET": self.livekit_inference_api_secret
            or self.livekit_api_secret,
        }
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in own.items()
            if value
        }

    def port(self, role: Role) -> int:
        """The health port of `role`'s worker."""
        return self.customer_port if role is Role.CUSTOMER else self.support_port

    def engines(self, role: Role) -> Engines:
        """The engines `role` uses unless its call says otherwise."""
        named = EngineChoice(
            **{kind: getattr(self, f"{role}_{kind}") for kind in Engines.model_fields}
        )
        return PROFILES[self.duologue_profile][role].with_choice(named)

    def with_profile(self, profile: Profile | None) -> Self:
        """The same settings with another profile, if one is given."""
        return self.model_copy(update={"duologue_profile": profile}) if profile else self


def read_settings() -> Settings:
    """The settings that the environment makes; its secrets are masked from now on.

    Raises:
        UsageError: A variable is wrong, or `.env` cannot be read; the message names the variable,
            and not its value.
    """
    if Path(".env").is_fifo():  # which is read until somebody has written to it
        raise UsageError(".env cannot be read: it is a pipe, not a file")
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = wrong_field(error)
        raise _wrong("_".join(map(str, wrong.location)).upper(), wrong.problem) from None
    except UnicodeDecodeError:
        raise UsageError(".env cannot be read: it is not UTF-8") from None
    except OSError as error:
        raise UsageError(f".env cannot be read: {error.strerror}") from None
    set_secrets(settings.secrets)
    return settings


def _wrong(variable: str, problem: str) -> UsageError:
    return UsageError(f"environment variable {variable}: {problem}")
