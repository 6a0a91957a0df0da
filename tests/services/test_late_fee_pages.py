"""Late fees: those that were charged hold up no later ones."""

from decimal import Decimal

import pytest

from core.work import Work
from models.dunning import LateFeeKind
from services import late_fees
from tests.services.test_dunning import issued, rule

pytestmark = pytest.mark.req("S3.45")


@pytest.mark.parametrize("kind", [LateFeeKind.fixed, LateFeeKind.percent, LateFeeKind.tiered])
def test_invoices_that_bear_their_fee_hold_up_no_later_one(
    work: Work, monkeypatch: pytest.MonkeyPatch, kind: LateFeeKind
) -> None:
    monkeypatch.setattr(late_fees, "MOST", 2)
    given = {"amount": Decimal(10), "percent": Decimal(5), "tiers": "1 days: 2 %\n90 days: 4 %"}
    rule(work, kind, **given)
    late = [issued(work, due_in=-20 + number) for number in range(5)]
    charged = []
    while fees := late_fees.foresee(work, 2):
        charged += [each.invoice_id for each in fees if late_fees.charge(work, each.invoice_id)]

    assert charged == [each.id for each in late]
