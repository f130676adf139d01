"""Whether money was moved only for callers who had told a second fact, and the right one."""

from collections.abc import Iterator

from duologue.labels.verdict.disclosure import was_said
from duologue.labels.verdict.evidence import Evidence, ToolUse
from duologue.labels.verdict.finding import Check, Finding
from shared.endings import Fault
from shared.language.as_heard import dates, digits_of
from shared.language.edits import edit_distance
from shared.spec import Role
from support_agent import PROVE, SlotKind, identifying_tools, load_business


def unproven(evidence: Evidence) -> Iterator[Finding]:
    """Money moved without a second fact that the desk has, or by one that does not fit."""
    support = evidence.spec.support
    if not support:
        return
    needing = load_business(support.business).needs_proof
    tools = identifying_tools(support.business)
    owner, why = "", ""
    proven: set[str] = set()
    for use in evidence.tools:
        if use.role is not Role.SUPPORT or not use.succeeded:
            continue
        if use.tool in tools:
            owner = str(use.output.get("customer") or "")
            asked = use.output.get("proofs") and owner not in proven
            why = "without a second fact" if asked else ""
        elif use.tool == PROVE:
            why = _wrong_with(evidence, use, owner)
            proven |= set() if why else {owner}
        elif use.tool in needing and why:
            yield Finding(
                check=Check.UNPROVEN,
                fault=Fault.SUPPORT,
                detail=f"{use.tool} {why}",
                turn=evidence.last_turn(Role.CUSTOMER, use.at_s),
            )


def _wrong_with(evidence: Evidence, use: ToolUse, owner: str) -> str:
    """Why a second fact that was accepted proves nothing; empty if it does."""
    fact, value = str(use.arguments.get("fact", "")), str(use.arguments.get("value", ""))
    support, sheet = evidence.spec.support, evidence.spec.customer
    assert support
    business = load_business(support.business)
    desk = business.open_desk(support.desk)
    known = {
        str(row.get(fact, row[desk.key(table)]))
        for table in desk.tables
        for row in desk.find(table)
        if row.get("name") == owner
    }
    distances = [edit_distance(digits_of(one), digits_of(value)) for one in known]
    if value and min(distances, default=0) > 1:
        return f"though {value!r} is not the {fact} of {owner!r}"
    texts = [turn.text for turn in evidence.said(Role.CUSTOMER) if turn.at_s < use.at_s]
    told = [*texts, *(one.value for one in sheet.facts.values())] if sheet else texts
    for slot in business.proofs:
        if slot.name != fact or not value:
            continue
        # Of who tells no date at all, nothing is proved by one.
        any_date = slot.kind is not SlotKind.DATE or any(dates(text) for text in told)
        # A digit of what was said may be misheard.
        right = any(was_said(slot, one, texts, sheet) for one in known or {value})
        if not (any_date and right):
            return f"though the caller did not say the {fact} of {owner!r}"
    return ""
