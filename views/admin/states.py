"""What states and choices are called. Message ids; translated where they are shown."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from core.text import N_
from models.aml import AML_FLOW, AML_RULE_LABELS, AmlRule, AmlStatus
from models.approvals import APPROVAL_FLOW, ApprovalStatus
from models.autopay import RunOutcome
from models.bank_statements import BANK_LINE_FLOW, BankLineStatus, RuleTest
from models.billing import INVOICE_FLOW, PAYMENT_METHOD_LABELS, InvoiceStatus, PaymentMethod
from models.bills import (
    BASIS_LABELS,
    CYCLE_FLOW,
    EVERY_LABELS,
    PAYER_LABELS,
    PROBLEM_LABELS,
    Basis,
    CycleStatus,
    Every,
    Payer,
    Problem,
)
from models.bookings import BOOKING_FLOW, BookingStatus
from models.builder import IMPORT_FLOW, ImportStatus
from models.chart import AccountType, BookKind
from models.cheques import CHEQUE_FLOW, ChequeStatus
from models.disputes import DISPUTE_FLOW, DisputeStatus
from models.dunning import LateFeeKind
from models.estate import (
    OCCUPANCY_ROLE_LABELS,
    UNIT_FLOW,
    UNIT_TYPE_LABELS,
    OccupancyRole,
    UnitStatus,
    UnitType,
)
from models.events import SAGA_FLOW, SagaStatus, Severity
from models.holds import HOLD_FLOW, HoldStatus
from models.inspections import (
    CONDITION_LABELS,
    INSPECTION_FLOW,
    INSPECTION_KIND_LABELS,
    Condition,
    InspectionKind,
    InspectionStatus,
)
from models.leasing import (
    INCREASE_LABELS,
    LEASE_FLOW,
    LESSEE_ROLE_LABELS,
    PRORATION_LABELS,
    Increase,
    LeaseStatus,
    LesseeRole,
    Proration,
)
from models.onboarding import (
    APPLICANT_ROLE_LABELS,
    APPLICATION_FLOW,
    CHECK_FLOW,
    CHECK_KIND_LABELS,
    IDENTIFIER_LABELS,
    KYC_FLOW,
    ApplicantRole,
    ApplicationStatus,
    CheckKind,
    CheckStatus,
    IdentifierKind,
)
from models.organizations import KycStatus
from models.paper_styles import PaperKind
from models.payments import INTENT_FLOW, REFUND_FLOW, IntentStatus, RefundStatus, Topic
from models.people import PARTY_FLOW, PARTY_KIND_LABELS, PartyKind, PartyStatus
from models.periods import PERIOD_FLOW, PeriodStatus
from models.rents import (
    CHARGE_KIND_LABELS,
    EXTRA_KIND_LABELS,
    RENT_CAUSE_LABELS,
    ChargeKind,
    ExtraKind,
    RentCause,
)
from models.sales import APARTMENT_FLOW, APARTMENT_TYPE_LABELS, ApartmentStatus, ApartmentType
from models.scheduled_bills import DUE_FLOW, MODE_LABELS, DueStatus, Mode
from models.signing import (
    REQUEST_FLOW,
    SIGNER_FLOW,
    STEP_LABELS,
    RequestStatus,
    SignerStatus,
    StepKind,
)
from models.wallet_orders import (
    CHANNEL_LABELS,
    ORDER_FLOW,
    ORDER_LABELS,
    Channel,
    OrderKind,
    OrderStatus,
)
from models.wallets import (
    RECORD_TYPE_LABELS,
    TRANSACTION_MEANINGS,
    TRANSACTION_STATUS_LABELS,
    TRANSACTION_TYPE_LABELS,
    WALLET_FLOW,
    RecordType,
    TransactionStatus,
    TransactionType,
    WalletStatus,
)

FLOWS: Mapping[type[Enum], Any] = {
    ApartmentStatus: APARTMENT_FLOW,
    AmlStatus: AML_FLOW,
    ApplicationStatus: APPLICATION_FLOW,
    ApprovalStatus: APPROVAL_FLOW,
    BankLineStatus: BANK_LINE_FLOW,
    BookingStatus: BOOKING_FLOW,
    CheckStatus: CHECK_FLOW,
    ChequeStatus: CHEQUE_FLOW,
    CycleStatus: CYCLE_FLOW,
    DisputeStatus: DISPUTE_FLOW,
    DueStatus: DUE_FLOW,
    HoldStatus: HOLD_FLOW,
    ImportStatus: IMPORT_FLOW,
    IntentStatus: INTENT_FLOW,
    InvoiceStatus: INVOICE_FLOW,
    InspectionStatus: INSPECTION_FLOW,
    LeaseStatus: LEASE_FLOW,
    KycStatus: KYC_FLOW,
    OrderStatus: ORDER_FLOW,
    PartyStatus: PARTY_FLOW,
    PeriodStatus: PERIOD_FLOW,
    RefundStatus: REFUND_FLOW,
    RequestStatus: REQUEST_FLOW,
    SagaStatus: SAGA_FLOW,
    SignerStatus: SIGNER_FLOW,
    UnitStatus: UNIT_FLOW,
    WalletStatus: WALLET_FLOW,
}
MEANINGS: Mapping[type[Enum], Mapping[Any, str]] = {
    **{kind: flow.meanings for kind, flow in FLOWS.items()},
    TransactionStatus: TRANSACTION_MEANINGS,
    Severity: {
        Severity.info: "over",
        Severity.notice: "waiting",
        Severity.warning: "needs",
        Severity.critical: "stopped",
    },
}
CHOICES: Mapping[type[Enum], Mapping[Any, str]] = {
    **{kind: flow.labels for kind, flow in FLOWS.items()},
    ApartmentType: APARTMENT_TYPE_LABELS,
    AmlRule: AML_RULE_LABELS,
    ApplicantRole: APPLICANT_ROLE_LABELS,
    Basis: BASIS_LABELS,
    CheckKind: CHECK_KIND_LABELS,
    IdentifierKind: IDENTIFIER_LABELS,
    ChargeKind: CHARGE_KIND_LABELS,
    Condition: CONDITION_LABELS,
    InspectionKind: INSPECTION_KIND_LABELS,
    Every: EVERY_LABELS,
    ExtraKind: EXTRA_KIND_LABELS,
    Increase: INCREASE_LABELS,
    LesseeRole: LESSEE_ROLE_LABELS,
    Mode: MODE_LABELS,
    Payer: PAYER_LABELS,
    Problem: PROBLEM_LABELS,
    PartyKind: PARTY_KIND_LABELS,
    PaymentMethod: PAYMENT_METHOD_LABELS,
    Proration: PRORATION_LABELS,
    RentCause: RENT_CAUSE_LABELS,
    Topic: {
        Topic.payment: N_("Payment"),
        Topic.refund: N_("Refund"),
        Topic.dispute: N_("Dispute"),
    },
    Channel: CHANNEL_LABELS,
    OccupancyRole: OCCUPANCY_ROLE_LABELS,
    OrderKind: ORDER_LABELS,
    RecordType: RECORD_TYPE_LABELS,
    StepKind: STEP_LABELS,
    TransactionStatus: TRANSACTION_STATUS_LABELS,
    TransactionType: TRANSACTION_TYPE_LABELS,
    UnitType: UNIT_TYPE_LABELS,
    Severity: {
        Severity.info: N_("Ordinary"),
        Severity.notice: N_("Notable"),
        Severity.warning: N_("Warning"),
        Severity.critical: N_("Critical"),
    },
    LateFeeKind: {
        LateFeeKind.fixed: N_("A fixed amount, once"),
        LateFeeKind.percent: N_("A percentage of what is due, once"),
        LateFeeKind.daily: N_("A percentage of what is due for each day"),
        LateFeeKind.tiered: N_("A percentage that grows with the days"),
    },
    RunOutcome: {
        RunOutcome.paid: N_("Paid"),
        RunOutcome.short: N_("Too little in the wallet"),
        RunOutcome.refused: N_("Not made"),
        RunOutcome.begun: N_("Begun"),
    },
    RuleTest: {
        RuleTest.contains: N_("contains"),
        RuleTest.equals: N_("is"),
        RuleTest.like: N_("is like (* for anything)"),
    },
    PaperKind: {
        PaperKind.invoice: N_("Invoice"),
        PaperKind.credit_note: N_("Credit note"),
    },
    BookKind: {
        BookKind.own: N_("Our own"),
        BookKind.trust: N_("Money held for others"),
        BookKind.group: N_("A savings group's"),
    },
    AccountType: {
        AccountType.asset: N_("Asset"),
        AccountType.liability: N_("Liability"),
        AccountType.equity: N_("Equity"),
        AccountType.income: N_("Income"),
        AccountType.expense: N_("Expense"),
    },
}
