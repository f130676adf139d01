"""The variables that the settings are made of, with those of the providers that come with us."""

from collections.abc import Iterator

from shared.engines import registry
from shared.settings import ProviderSettings, Settings, variable_of


def _defaults() -> Iterator[tuple[str, object]]:
    settings = Settings(_env_file=None)
    for name in Settings.model_fields:
        yield name.upper(), getattr(settings, name)
    for provider in filter(None, map(registry.find, registry.BUNDLED)):
        if provider.base_url:
            for field in ProviderSettings.model_fields:
                default = provider.base_url if field == "base_url" else None
                yield variable_of(provider.name, field), default


DEFAULTS = {name: "" if value is None else str(value) for name, value in _defaults()}
"""What each is where nobody says otherwise; empty for nothing."""
