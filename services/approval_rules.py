"""Who approves: rules from an amount on, with versions, which administrators change in the browser.

What is under way is judged by the rules that it began with, so a rule is ended and another begun in
its place. Where they are applied: services/approvals.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.db import refusing
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.approvals import ApprovalRule
from services.events import Fact, emit

GOVERNED: Mapping[str, str] = {
    "booking.approve": N_("Approving a booking"),
    "invoice.write_off": N_("Writing off an invoice"),
    "lease.approve_override": N_("A lease outside its guideline"),
    "ledger_period.reopen": N_("Opening a closed period again"),
}
"""The moves that rules are for, and what they are called."""


class RuleInForce(Refused):
    """There is a rule for that amount."""

    code = "rule_in_force"
    says = N_("There is a rule from this amount on. Change that one.")


class FirstRuleStays(Refused):
    """Something has to hold for every amount."""

    code = "first_rule_stays"
    says = N_("The rule for every amount cannot be taken away. Change it instead.")


@dataclass(frozen=True)
class ApprovalRuleChanged(Fact, type="approval_rule.changed", table="approval_rule"):
    """Who approves is different for what begins from now on, with `version`."""

    rule_id: UUID
    governs: str
    version: int


def add(work: Work, rule: ApprovalRule) -> ApprovalRule:
    """Say who approves from an amount on, for what begins from now on.

    Raises:
        BadInput: the amount has no currency, or more decimals than it.
        RuleInForce: there is a rule from that amount on.

    """
    if rule.governs not in GOVERNED:
        raise BadInput(N_("Choose one of those that are offered."), field="governs")
    rule.above = Decimal(rule.above or 0)
    if rule.above and not rule.currency:
        raise BadInput(N_("An amount has a currency. Choose it."), field="currency")
    rule.currency = rule.currency if rule.above else None
    if rule.currency:
        rule.above = exact(rule.above, rule.currency)
    rule.since_version = _next_version(work, rule.governs)
    return _begin(work, rule)


def change(  # noqa: PLR0913  # what a rule consists of
    work: Work,
    rule_id: UUID,
    roles: Sequence[str],
    needed: int,
    *,
    separate: bool,
    remind_hours: int,
    lapse_hours: int,
) -> ApprovalRule:
    """End a rule and begin another in its place, for what begins from now on."""
    old = locked(work, ApprovalRule, rule_id)
    _check_in_force(old)
    version = _next_version(work, old.governs)
    old.until_version = version
    work.session.flush()
    return _begin(
        work,
        ApprovalRule(
            organization_id=old.organization_id,
            governs=old.governs,
            above=old.above,
            currency=old.currency,
            roles=sorted(roles),
            needed=needed,
            separate=separate,
            remind_hours=remind_hours,
            lapse_hours=lapse_hours,
            since_version=version,
        ),
    )


def end(work: Work, rule_id: UUID) -> ApprovalRule:
    """End a rule that was for larger amounts: the next smaller one counts from now on.

    Raises:
        FirstRuleStays: it is the one for every amount.

    """
    rule = locked(work, ApprovalRule, rule_id)
    _check_in_force(rule)
    if rule.above == 0:
        raise FirstRuleStays
    rule.until_version = _next_version(work, rule.governs)
    emit(work, ApprovalRuleChanged(rule.id, rule.governs, rule.until_version))
    return rule


def _begin(work: Work, rule: ApprovalRule) -> ApprovalRule:
    with refusing(work.session, {"uq_approval_rule_in_force": RuleInForce(field="above")}):
        work.session.add(rule)
        work.session.flush()
    emit(work, ApprovalRuleChanged(rule.id, rule.governs, rule.since_version))
    return rule


def _check_in_force(rule: ApprovalRule) -> None:
    if rule.until_version is not None:
        raise Refused(N_("This rule was replaced. Change the one in force."))


def _next_version(work: Work, governs: str) -> int:
    """Count on; whoever changes rules of one flow waits here for whoever else does."""
    flow = governs.partition(".")[0]
    rows = work.session.scalars(
        select(ApprovalRule)
        .where(func.split_part(ApprovalRule.governs, ".", 1) == flow)
        .order_by(ApprovalRule.id)
        .with_for_update()
    )
    return 1 + max((max(each.since_version, each.until_version or 0) for each in rows), default=0)
