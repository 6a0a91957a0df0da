"""Flows: every state and every move of every table, the ones that are there and all others."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

import models
from core.flow import Flow, IllegalMove
from models.aml import AML_FLOW
from models.approvals import APPROVAL_FLOW
from models.bank_statements import BANK_LINE_FLOW
from models.billing import INVOICE_FLOW
from models.bills import CYCLE_FLOW
from models.bookings import BOOKING_FLOW
from models.builder import IMPORT_FLOW
from models.cheques import CHEQUE_FLOW
from models.disputes import DISPUTE_FLOW
from models.estate import UNIT_FLOW
from models.events import SAGA_FLOW
from models.holds import HOLD_FLOW
from models.inspections import INSPECTION_FLOW
from models.leasing import LEASE_FLOW
from models.onboarding import APPLICATION_FLOW, CHECK_FLOW, KYC_FLOW
from models.payments import INTENT_FLOW, REFUND_FLOW
from models.people import PARTY_FLOW
from models.periods import PERIOD_FLOW
from models.sales import APARTMENT_FLOW
from models.scheduled_bills import DUE_FLOW
from models.signing import REQUEST_FLOW, SIGNER_FLOW
from models.wallet_orders import ORDER_FLOW
from models.wallets import WALLET_FLOW
from views.admin import states

assert models.__all__
FLOWS: dict[str, Flow[Any]] = {
    "aml": AML_FLOW,
    "application": APPLICATION_FLOW,
    "check": CHECK_FLOW,
    "kyc": KYC_FLOW,
    "approval": APPROVAL_FLOW,
    "bank line": BANK_LINE_FLOW,
    "cheque": CHEQUE_FLOW,
    "invoice": INVOICE_FLOW,
    "booking": BOOKING_FLOW,
    "cycle": CYCLE_FLOW,
    "import": IMPORT_FLOW,
    "saga": SAGA_FLOW,
    "payment": INTENT_FLOW,
    "refund": REFUND_FLOW,
    "apartment": APARTMENT_FLOW,
    "dispute": DISPUTE_FLOW,
    "due": DUE_FLOW,
    "hold": HOLD_FLOW,
    "inspection": INSPECTION_FLOW,
    "lease": LEASE_FLOW,
    "order": ORDER_FLOW,
    "party": PARTY_FLOW,
    "signature": REQUEST_FLOW,
    "signer": SIGNER_FLOW,
    "wallet": WALLET_FLOW,
    "period": PERIOD_FLOW,
    "unit": UNIT_FLOW,
}
CASES = [
    pytest.param(flow, status, move, id=f"{name}-{status}-{move}")
    for name, flow in FLOWS.items()
    for status in type(flow.start)
    for move in flow.moves
]


@dataclass
class Thing:
    status: Any


@pytest.mark.req("S3.14", "S3.19", "S3.40")
@pytest.mark.parametrize(("flow", "status", "move"), CASES)
def test_a_move_is_made_from_where_it_starts_and_refused_elsewhere(
    flow: Flow[Any], status: StrEnum, move: str
) -> None:
    sources, target = flow.moves[move]
    thing = Thing(status)
    if status in sources:
        assert flow.allows(status, move)
        flow.move(thing, move)
        assert thing.status == target
    else:
        assert not flow.allows(status, move)
        with pytest.raises(IllegalMove) as refused:
            flow.move(thing, move)
        assert thing.status == status
        assert refused.value.values["status"] == flow.labels[status]


def test_every_flow_is_known_to_the_screens_and_tried_here() -> None:
    assert set(map(id, states.FLOWS.values())) <= set(map(id, FLOWS.values()))


def test_a_table_with_a_state_that_nothing_leads_to_is_refused_at_import() -> None:
    class Lamp(StrEnum):
        off = "off"
        on = "on"

    words = dict.fromkeys(Lamp, "x")
    with pytest.raises(AssertionError, match="unreachable"):
        Flow(start=Lamp.off, moves={}, labels=words, meanings=words)
    with pytest.raises(AssertionError, match="without words"):
        Flow(
            start=Lamp.off,
            moves={"light": ({Lamp.off}, Lamp.on)},
            labels={Lamp.off: "x"},
            meanings=words,
        )
