"""The support agent: its desk, businesses, dialogue rules and worker.

Whoever writes a business needs nothing else; docs/your-own-business.md shows how.
"""

from shared.native_libraries import ONE_THREAD, is_run, set_defaults

if is_run(__name__):
    set_defaults(ONE_THREAD)

# isort: split
from livekit.agents import ToolError, function_tool

from shared.language.as_heard import digits_of
from shared.language.to_say import (
    date_aloud,
    digits_aloud,
    full_date_aloud,
    money_aloud,
    time_aloud,
)
from shared.side.dialogue import Dialogue, PeerTurn, Result, call, listen, say, tell
from shared.values import Row
from support_agent.agent import (
    bare_spec,
    check_desk,
    create_party,
    identifying_tools,
    public_tables,
)
from support_agent.business import Business, Identification, read_text
from support_agent.desk import Desk, Rows
from support_agent.expectations import Flaw, find_flaws
from support_agent.identity import (
    PROVE,
    IdentifiedCaller,
    SaidName,
    find_named,
    is_named,
    named,
    not_found,
    one_digit_apart,
    result,
    unclear,
)
from support_agent.registry import (
    business_folder,
    business_name,
    known_businesses,
    load_business,
    overshadowed_businesses,
    resolve_business,
)
from support_agent.rules import dialogue
from support_agent.slots import DATE_OF_BIRTH, NAME, SPELLED_NAME, Slot, SlotKind
from support_agent.stock import made_up_code, one_digit_off, read_stock, sound_alike, unlike
from support_agent.talk import ATTEMPTS, Problem, Procedure, Talk

__all__ = [
    "ATTEMPTS",
    "DATE_OF_BIRTH",
    "NAME",
    "PROVE",
    "SPELLED_NAME",
    "Business",
    "Desk",
    "Dialogue",
    "Flaw",
    "Identification",
    "IdentifiedCaller",
    "PeerTurn",
    "Problem",
    "Procedure",
    "Result",
    "Row",
    "Rows",
    "SaidName",
    "Slot",
    "SlotKind",
    "Talk",
    "ToolError",
    "bare_spec",
    "business_folder",
    "business_name",
    "call",
    "check_desk",
    "create_party",
    "date_aloud",
    "dialogue",
    "digits_aloud",
    "digits_of",
    "find_flaws",
    "find_named",
    "full_date_aloud",
    "function_tool",
    "identifying_tools",
    "is_named",
    "known_businesses",
    "listen",
    "load_business",
    "made_up_code",
    "money_aloud",
    "named",
    "not_found",
    "one_digit_apart",
    "one_digit_off",
    "overshadowed_businesses",
    "public_tables",
    "read_stock",
    "read_text",
    "resolve_business",
    "result",
    "say",
    "sound_alike",
    "tell",
    "time_aloud",
    "unclear",
    "unlike",
]
