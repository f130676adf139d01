"""What an event says: one class each, whose fields are those of its lines."""

from typing import Any, ClassVar, Literal, TypeAlias

from shared.values import Frozen

EventSource: TypeAlias = Literal["customer", "support", "driver"]
"""Who says what happened."""

SIDES: tuple[EventSource, ...] = ("customer", "support")
DRIVER: EventSource = "driver"


class Payload(Frozen):
    """What happened; a class of its own for everything that can.

    A field that was not given is not written, and None that was given is written as null.
    """

    name: ClassVar[str]
    """What the event is called in logs, over the room and in events.jsonl, such as HEARD."""
    by: ClassVar[tuple[EventSource, ...]]
    """Who says so."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if name := vars(cls).get("name"):
            PAYLOADS[name] = cls

    def fields(self) -> dict[str, Any]:
        """The fields that were given, as JSON has them."""
        return self.model_dump(mode="json", exclude_unset=True)


PAYLOADS: dict[str, type[Payload]] = {}
"""Every event there is, by its name."""
