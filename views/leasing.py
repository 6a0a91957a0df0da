"""Admin screens: leases, from the draft to their end, and the guidelines that they stay within."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _

from core.text import N_
from core.work import Work
from models.billing import Invoice
from models.estate import Unit
from models.inspections import Inspection
from models.leasing import Guideline, Lease, LeaseParty, LeaseStatus
from models.people import Party
from models.rents import LeaseCharge, LeaseExtra, LeaseRent
from services import guidelines, lease_ends, lease_papers, lease_signing, leasing, rent_changes
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Board, Group, Preset, Related, Screen
from views.admin.waiting import Waiting, facts
from views.papers import lease_document

MENU = N_("Leasing")
REASON = Input("reason", N_("Reason"), Kind.long, length=400)
WHY = Input("reason", N_("Reason"), Kind.long, required=False, length=400)
LAST = Input("until", N_("Last day"), Kind.day)
UNTIL = Input("until", N_("Last day"), Kind.day, required=False)
NOTE = Input("note", N_("Note"), Kind.long, required=False, length=400)

INCREASE = "increase increase_percent increase_months increase_index increase_steps"
BOUNDS = (
    *("unit_type", "unit", "min_rent", "max_rent", "min_deposit", "max_deposit"),
    *("min_months", "max_months"),
)


def make_document(work: Work, row_id: UUID) -> object:
    """Make its document as it is now, by the organization's text."""
    return lease_document(work, row_id)


def sign_electronically(work: Work, row_id: UUID, until: date, ordered: bool) -> object:  # noqa: FBT001  # as forms give it
    """Have its document signed by all who stand in it, and by whoever asks for the landlord."""
    if lease_papers.newest(work, row_id) is None:
        lease_document(work, row_id)
    return lease_signing.ask(work, row_id, until, ordered=ordered)


def record_signed_on_paper(work: Work, row_id: UUID, signed_on: date) -> Lease:
    """Note that all have signed it by hand."""
    return leasing.record_signed_on_paper(work, row_id, signed_on)


def give_notice(work: Work, row_id: UUID, until: date, reason: str) -> Lease:
    """Note that it ends on a day."""
    return lease_ends.give_notice(work, row_id, until, reason)


def withdraw_notice(work: Work, row_id: UUID, until: date | None) -> Lease:
    """Let it go on."""
    return lease_ends.withdraw_notice(work, row_id, until)


def terminate(work: Work, row_id: UUID, until: date, reason: str) -> Lease:
    """End it before its time."""
    return lease_ends.terminate(work, row_id, until, reason)


def renew(work: Work, row_id: UUID, until: date | None, rent: Decimal) -> Lease:
    """Draft the lease that follows."""
    return lease_ends.renew(work, row_id, until, rent)


def change_rent(work: Work, row_id: UUID, since: date, amount: Decimal, reason: str) -> object:
    """Agree on another rent from a day on."""
    return rent_changes.change(work, row_id, since, amount, reason)


def _unsigned(_at_hand: Any) -> Any:
    row = facts(
        Lease.id,
        Lease.number,
        Lease.created_at,
        who=Party.name,
        about=Unit.number,
        amount=Lease.rent,
        currency=Lease.currency,
    )
    return (
        row.join(Party, Party.id == Lease.party_id)
        .join(Unit, Unit.id == Lease.unit_id)
        .where(Lease.status == LeaseStatus.pending_signature, Lease.signed_on.is_(None))
        .order_by(Lease.created_at)
    )


def _preview(row: Lease) -> list[dict[str, str]]:
    return [{"label": _("Preview as PDF"), "url": url_for("PapersView.lease", pk=row.id)}]


LEASE = Screen(
    Lease,
    title=N_("Leases"),
    one=N_("Lease"),
    sentence=N_("Who rents which unit, from when, and for how much."),
    menu=MENU,
    icon="contract",
    columns="number status unit unit.estate party since until rent",
    more="deposit due_day signed_on notice_on created_at",
    form="unit party since until rent deposit due_day due_days proration increase"
    " increase_percent increase_months increase_index increase_steps notice_days override_reason"
    " note",
    search="number note",
    filters="status unit unit.estate party since until rent",
    add=leasing.draft,
    before_save=leasing.revise,
    acts=(
        Act(
            leasing.approve_override,
            N_("Agree to leave the guideline"),
            move="approve_override",
            governs=leasing.OVERRIDE,
            bulk=False,
            inputs=(NOTE,),
            unless=lambda row: "" if row.override_reason else N_("It stays within its guideline."),
            done=N_("It can be sent for signature as soon as all who are asked have agreed."),
        ),
        Act(
            leasing.send_for_signature,
            N_("Send for signature"),
            move="send_for_signature",
            icon="send",
            bulk=False,
            confirm=N_("The unit is kept for it, and its terms stay as they are."),
            done=N_("The unit is kept until it is signed. Then it becomes active by itself."),
        ),
        Act(
            make_document,
            N_("Make the document"),
            move="cancel",
            icon="file-text",
            bulk=False,
            right=("lease", "send_for_signature"),
            done=N_("The lease is written, and stands among its files."),
        ),
        Act(
            sign_electronically,
            N_("Have it signed"),
            move="activate",
            icon="signature",
            bulk=False,
            right=("lease", "send_for_signature"),
            inputs=(
                Input("until", N_("Sign until"), Kind.day),
                Input(
                    "ordered",
                    N_("One after the other"),
                    Kind.yesno,
                    required=False,
                    hint=N_(
                        "The newest PDF among its files is signed; without one it is made. You sign"
                        " for the landlord."
                    ),
                ),
            ),
            done=N_("They are asked to sign it. It becomes active when all have."),
        ),
        Act(
            record_signed_on_paper,
            N_("Signed on paper"),
            move="activate",
            icon="pencil",
            bulk=False,
            inputs=(
                Input(
                    "signed_on",
                    N_("Signed on"),
                    Kind.day,
                    hint=N_("Add the signed paper to its files."),
                ),
            ),
            done=N_("The tenant gets the unit, and is asked for the first money."),
        ),
        Act(
            leasing.cancel,
            N_("Cancel"),
            move="cancel",
            icon="x",
            tone="danger",
            inputs=(REASON,),
            done=N_("The unit is free again."),
        ),
        Act(
            change_rent,
            N_("Change the rent"),
            move="end",
            icon="trending-up",
            bulk=False,
            money=True,
            inputs=(
                Input("since", N_("From"), Kind.day),
                Input("amount", N_("Rent"), Kind.money),
                WHY,
            ),
            done=N_("Periods that begin from that day on cost that."),
        ),
        Act(
            give_notice,
            N_("Give notice"),
            move="give_notice",
            icon="logout",
            bulk=False,
            inputs=(LAST, WHY),
            done=N_("It ends on that day. Tenants and owners are told."),
        ),
        Act(
            withdraw_notice,
            N_("Withdraw the notice"),
            move="withdraw_notice",
            icon="arrow-back-up",
            bulk=False,
            inputs=(UNTIL,),
            done=N_("It goes on."),
        ),
        Act(
            renew,
            N_("Renew"),
            move="end",
            icon="refresh",
            bulk=False,
            inputs=(UNTIL, Input("rent", N_("Rent"), Kind.money, start=lambda row: row.rent)),
            done=N_("The lease that follows is drafted. Look at it, and send it for signature."),
        ),
        Act(
            terminate,
            N_("Terminate"),
            move="terminate",
            icon="x",
            tone="danger",
            bulk=False,
            money=True,
            inputs=(LAST, REASON),
            confirm=N_("It ends before its time; rent for later days is credited."),
            done=N_("It ends on that day. Tenants and owners are told."),
        ),
    ),
    groups=(
        Group(N_("Lease"), "unit unit.estate party since until signed_on renews"),
        Group(N_("Rent"), "rent deposit due_day due_days proration"),
        Group(
            N_("Increase"),
            "increase increase_percent increase_months increase_index increase_steps",
        ),
        Group(N_("End"), "notice_days notice_on reason"),
        Group(N_("Guideline"), "override_reason hold_until"),
        Group(N_("Note"), "note"),
    ),
    form_groups=(
        Group(N_("Lease"), "unit party since until"),
        Group(N_("Rent"), "rent deposit due_day due_days proration"),
        Group(
            N_("Increase"),
            "increase increase_percent increase_months increase_index increase_steps",
        ),
        Group(N_("End"), "notice_days"),
        Group(N_("Guideline"), "override_reason"),
        Group(N_("Note"), "note"),
    ),
    figures="rent deposit since until",
    related=(
        Related(LeaseParty, "lease_id", N_("Who signs"), "party role", order="-role"),
        Related(LeaseRent, "lease_id", N_("Rents"), "since amount cause reason", order="since"),
        Related(
            LeaseExtra,
            "lease_id",
            N_("With the rent"),
            "title kind amount since until",
            order="since",
            add=True,
        ),
        Related(
            LeaseCharge,
            "lease_id",
            N_("Charged"),
            "period_on period_until kind amount invoice void",
            order="-period_on",
        ),
        Related(
            Inspection,
            "lease_id",
            N_("Inspections"),
            "number kind status inspected_on inspector",
            order="-inspected_on",
            add=True,
        ),
        Related(
            Invoice,
            "lease_id",
            N_("Invoices"),
            "number status subject due_on total due_amount",
            order="-id",
        ),
    ),
    presets=(
        Preset(N_("Active"), "status=active"),
        Preset(N_("Wait for signatures"), "status=pending_signature"),
        Preset(N_("Under notice"), "status=notice"),
    ),
    waiting=(
        Waiting(
            "send_for_signature",
            N_("Lease %(name)s waits for signatures"),
            "writing",
            _unsigned,
            "waiting",
        ),
    ),
    board=Board(note="party", amount="rent", hidden=frozenset({"ended", "cancelled"})),
    labels={"party": N_("Tenant")},
    hints={
        "until": N_("Without a last day it goes on until notice is given."),
        "rent": N_("For a month."),
        "deposit": N_("Held for the tenant, apart from your own money."),
        "due_day": N_("On which rent is asked for; the 31st is the last day of any month."),
        "due_days": N_("Days in which it is paid."),
        "increase_steps": N_("A step a line, like 2027-01-01: 28,000."),
        "override_reason": N_("Where it leaves the guideline, why. A second person agrees."),
    },
    inputs={
        "until": {"required": False},
        "deposit": {"required": False},
        "due_day": {"value": "1"},
        "due_days": {"value": "5"},
        "proration": {"value": "actual_days"},
        "increase": {"value": "none"},
        "increase_percent": {"value": "0", "required": False},
        "increase_months": {"value": "12", "required": False},
        "increase_index": {"required": False},
        "increase_steps": {"required": False},
        "notice_days": {"value": "30"},
        "override_reason": {"required": False},
        "note": {"required": False},
    },
    print_links=_preview,
    live="AvailabilityView.check",
    live_fields="unit party since until",
    empty=N_("No leases yet. Draft one for a vacant unit."),
    drawing="key",
)
GUIDELINE = Screen(
    Guideline,
    title=N_("Guidelines"),
    one=N_("Guideline"),
    sentence=N_("Between which bounds leases stay, unless a second person agrees."),
    menu=MENU,
    columns="estate unit_type unit min_rent max_rent min_deposit max_deposit min_months max_months",
    form="estate unit_type unit min_rent max_rent min_deposit max_deposit min_months max_months",
    fixed="estate",
    filters="estate unit_type unit",
    called="estate",
    heading=N_("Guideline of %(name)s"),
    before_save=guidelines.check,
    deletable=True,
    currency="estate.currency",
    groups=(
        Group(N_("For"), "estate unit_type unit"),
        Group(N_("Rent"), "min_rent max_rent"),
        Group(N_("Deposit"), "min_deposit max_deposit"),
        Group(N_("Term"), "min_months max_months"),
    ),
    inputs={each: {"required": False} for each in BOUNDS},
    hints={
        "unit_type": N_("Without one, for all units of the estate."),
        "unit": N_("For one unit alone, which goes before the others."),
    },
    empty=N_("Leases may ask for anything. Add bounds for an estate."),
)
SCREENS = [LEASE, GUIDELINE]
