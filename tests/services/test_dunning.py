"""Reminders of what is due, and fees on what is late."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import broken_constraint
from core.errors import BadInput
from core.work import Work
from models.billing import Invoice, PaymentMethod
from models.chart import LATE_FEES, RECEIVABLE, SALES_REVENUE
from models.dunning import LateFee, LateFeeKind, LateFeeRule, Reminder, ReminderStep
from models.events import Event
from services import billing, late_fees, ledger, payments, reminders
from services.billing import Line
from services.payments import Part
from tests import make
from workers import dunning

pytestmark = pytest.mark.req("S3.45", "S1.51")


def issued(
    work: Work, total: str = "1000", due_in: int = 0, unit_id: UUID | None = None
) -> Invoice:
    """An invoice that is due some days from today."""
    line = Line("Dues", Decimal(total), SALES_REVENUE)
    row = billing.draft(work, make.party(work).id, "KES", "Dues", [line], unit_id=unit_id)
    return billing.issue(work, row.id, ledger.business_date(work) + timedelta(days=due_in))


def step(work: Work, days: int) -> ReminderStep:
    row = ReminderStep(organization_id=work.scope.home(), days=days, name=f"Step {days}", note="")
    work.session.add(row)
    work.session.flush()
    return row


def rule(work: Work, kind: LateFeeKind, **given: object) -> LateFeeRule:
    row = LateFeeRule(
        **{"name": "Late", "currency": "KES", "kind": kind, "active": True} | given,
        organization_id=work.scope.home(),
    )
    late_fees.check(work, row)
    work.session.add(row)
    work.session.flush()
    return row


def later(work: Work, days: int) -> Work:
    return work.at(work.now + timedelta(days=days))


def send(work: Work) -> list[int]:
    """Send what is due; gives the days of the steps."""
    due = reminders.due(work)
    assert all(reminders.remind(work, *pair) for pair in due)
    return [work.session.get_one(ReminderStep, step_id).days for _, step_id in due]


def test_each_step_of_the_ladder_is_sent_once(work: Work) -> None:
    for days in (-3, 1, 7):
        step(work, days)
    issued(work, due_in=5)

    told = [send(later(work, day)) for day in range(14)]

    assert {day: days for day, days in enumerate(told) if days} == {2: [-3], 6: [1], 12: [7]}


def test_after_an_outage_only_the_last_step_is_sent(work: Work) -> None:
    for days in (-3, 1, 7):
        step(work, days)
    issued(work, due_in=5)

    assert send(later(work, 30)) == [7]
    assert send(later(work, 31)) == []


def test_whoever_has_paid_is_not_reminded(work: Work) -> None:
    reached = step(work, 1)
    invoice = issued(work)
    payments.record(work, [Part(invoice.id)], PaymentMethod.cash)

    assert reminders.due(later(work, 5)) == []
    assert not reminders.remind(later(work, 5), invoice.id, reached.id)
    assert work.session.scalar(select(func.count()).select_from(Reminder)) == 0


def test_the_clock_reminds_and_charges_and_does_no_harm_twice(session: Session, work: Work) -> None:
    step(work, 1)
    rule(work, LateFeeKind.fixed, amount=Decimal(50))
    issued(work, due_in=-10)
    work.session.commit()
    for _ in range(2):
        dunning.remind()
        dunning.charge()

    types = work.session.scalars(
        select(Event.type).where(Event.type.in_(("invoice.reminded", "late_fee.charged")))
    ).all()
    assert sorted(types) == ["invoice.reminded", "late_fee.charged"]


@pytest.mark.parametrize(
    ("kind", "given", "days", "fee"),
    [
        (LateFeeKind.fixed, {"amount": Decimal(50)}, 1, "50"),
        (LateFeeKind.fixed, {"amount": Decimal(50), "grace_days": 5}, 5, None),
        (LateFeeKind.fixed, {"amount": Decimal(50), "grace_days": 5}, 6, "50"),
        (LateFeeKind.percent, {"percent": Decimal("2.5")}, 3, "25"),
        (LateFeeKind.percent, {"percent": Decimal("0.333")}, 3, "3.33"),
        (LateFeeKind.daily, {"percent": Decimal("0.1")}, 10, "10"),
        (LateFeeKind.daily, {"percent": Decimal(1), "cap_percent": Decimal(5)}, 90, "50"),
        (LateFeeKind.tiered, {"tiers": "5 days: 1 %\n30 days: 4 %"}, 4, None),
        (LateFeeKind.tiered, {"tiers": "5 days: 1 %\n30 days: 4 %"}, 5, "10"),
        (LateFeeKind.tiered, {"tiers": "5 days: 1 %\n30 days: 4 %"}, 40, "40"),
    ],
)
def test_a_fee_is_reckoned_by_its_rule(
    work: Work, kind: LateFeeKind, given: dict[str, object], days: int, fee: str | None
) -> None:
    rule(work, kind, **given)
    invoice = issued(work)

    charged = late_fees.charge(later(work, days), invoice.id)

    assert (charged.amount if charged else None) == (Decimal(fee) if fee else None)


def test_a_fee_is_an_invoice_of_its_own_and_in_the_ledger(work: Work) -> None:
    rule(work, LateFeeKind.fixed, amount=Decimal(50))
    invoice = issued(work)
    charged = late_fees.charge(later(work, 3), invoice.id)
    assert charged

    asked = work.session.get_one(Invoice, charged.fee_invoice_id)
    assert (asked.total, asked.party_id) == (Decimal(50), invoice.party_id)
    assert ledger.balance(work, LATE_FEES, "KES") == -50
    assert ledger.balance(work, RECEIVABLE, "KES", invoice.party_id) == 1050


def test_no_fee_is_charged_on_a_fee(work: Work) -> None:
    rule(work, LateFeeKind.fixed, amount=Decimal(50))
    invoice = issued(work)
    charged = late_fees.charge(later(work, 3), invoice.id)
    assert charged

    assert late_fees.charge(later(work, 300), charged.fee_invoice_id) is None
    assert late_fees.foresee(later(work, 300)) == []
    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        work.session.execute(
            text(
                "INSERT INTO late_fee (id, organization_id, invoice_id, fee_invoice_id, rule_id,"
                " charged_on, days, amount, currency) SELECT gen_random_uuid(), organization_id,"
                " fee_invoice_id, invoice_id, rule_id, charged_on, 1, 1, 'KES' FROM late_fee"
            )
        )
    assert broken_constraint(breach.value) == "late_fee_on_no_fee"


def test_a_daily_fee_goes_on_and_stops_at_the_cap(work: Work) -> None:
    rule(work, LateFeeKind.daily, percent=Decimal(1), every_days=10, cap_percent=Decimal(25))
    invoice = issued(work)

    fees = [late_fees.charge(later(work, day), invoice.id) for day in range(60)]

    assert [each.days for each in fees if each] == [1, 11, 21, 31]
    assert [int(each.amount) for each in fees if each] == [10, 100, 100, 40]


def test_what_was_paid_bears_no_fee(work: Work) -> None:
    rule(work, LateFeeKind.percent, percent=Decimal(10))
    invoice = issued(work)
    payments.record(work, [Part(invoice.id, Decimal(900))], PaymentMethod.cash)

    charged = late_fees.charge(later(work, 3), invoice.id)

    assert charged
    assert charged.amount == 10


def test_what_would_be_charged_is_foreseen_and_nothing_is(work: Work) -> None:
    rule(work, LateFeeKind.fixed, amount=Decimal(50))
    issued(work)
    issued(work, due_in=60)

    seen = late_fees.foresee(later(work, 3))

    assert [each.amount for each in seen] == [50]
    assert work.session.scalar(select(func.count()).select_from(LateFee)) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"kind": LateFeeKind.fixed},
        {"kind": LateFeeKind.fixed, "amount": Decimal("0.001")},
        {"kind": LateFeeKind.percent},
        {"kind": LateFeeKind.daily, "percent": Decimal(0)},
        {"kind": LateFeeKind.tiered, "tiers": ""},
        {"kind": LateFeeKind.tiered, "tiers": "10 days 2 %"},
        {"kind": LateFeeKind.tiered, "tiers": "10 days: 2 %\n5 days: 3 %"},
        {"kind": LateFeeKind.tiered, "tiers": "10 days: 3 %\n15 days: 2 %"},
        {"kind": LateFeeKind.fixed, "amount": Decimal(5), "currency": "XXX"},
    ],
    ids=str,
)
def test_a_rule_that_charges_nothing_is_refused(work: Work, given: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        rule(work, **given)  # type: ignore[arg-type]


def test_one_rule_a_currency_is_in_use(work: Work) -> None:
    first = rule(work, LateFeeKind.fixed, amount=Decimal(50))
    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        rule(work, LateFeeKind.fixed, amount=Decimal(60))
    assert broken_constraint(breach.value) == "uq_late_fee_rule_active"
    first.active = False
    work.session.flush()
    rule(work, LateFeeKind.fixed, amount=Decimal(60))


def test_nobody_is_charged_where_there_is_no_rule(work: Work, home: UUID) -> None:
    invoice = issued(work)

    assert late_fees.foresee(later(work, 30)) == []
    assert late_fees.charge(later(work, 30), invoice.id) is None


@pytest.mark.req("S1.46")
def test_an_estate_has_a_rule_of_its_own_and_all_others_the_general_one(work: Work) -> None:
    place = make.estate(work)
    general = rule(work, LateFeeKind.fixed, amount=Decimal(50))
    own = rule(work, LateFeeKind.fixed, amount=Decimal(80), estate_id=place.id)
    units = (make.unit(work, place).id, make.unit(work).id, None)
    here, there, nowhere = (issued(work, due_in=-10, unit_id=each) for each in units)

    foreseen = {each.invoice_id: each.rule_id for each in late_fees.foresee(work)}
    charged = [late_fees.charge(work, each.id) for each in (here, there, nowhere)]

    assert foreseen == {here.id: own.id, there.id: general.id, nowhere.id: general.id}
    assert [each and each.amount for each in charged] == [80, 50, 50]


@pytest.mark.req("S1.46")
def test_an_estate_has_one_rule_for_a_currency(work: Work) -> None:
    place = make.estate(work)
    rule(work, LateFeeKind.fixed, amount=Decimal(50), estate_id=place.id)

    with pytest.raises(IntegrityError, match="uq_late_fee_rule_active"):
        rule(work, LateFeeKind.fixed, amount=Decimal(60), estate_id=place.id)
    work.session.rollback()
