"""What happened to a record, in plain words: facts, changes by hand and comments, newest first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import String, cast, func, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.scope import current
from core.text import N_
from models.events import AuditEntry, Event
from models.files import Comment
from views.admin import audit_labels, spoken
from views.admin.words import money

SHOWN = 40
MOVED = "booking.status_changed"
MOVES = {"booking.approved", "booking.cancelled", "booking.confirmed", "booking.rejected"}
"""Facts that name the move of a booking, so that the change of its status needs no line."""
STORY = "job:demo"
"""The demo's story is told by its facts, which are as old as they say; its changes are of today."""
SAME_ACT = timedelta(seconds=2)
MOST_CHANGES = 6
SAID: Mapping[str, str] = {
    "addon.price_changed": N_("changed the price"),
    "aml.case_decided": N_("decided the case"),
    "aml.flagged": N_("opened the case"),
    "apartment.created": N_("added the apartment"),
    "apartment.handed_over": N_("handed it over"),
    "apartment.price_changed": N_("changed the price"),
    "apartment.status_changed": N_("changed the status"),
    "application.check_decided": N_("moved a check on"),
    "application.invited": N_("made a link to apply"),
    "application.status_changed": N_("changed the status"),
    "approval.asked": N_("asked for approval"),
    "approval.closed": N_("closed the question"),
    "approval.given": N_("approved"),
    "approval_rule.changed": N_("changed the rule"),
    "autopay.failed": N_("could not pay by itself"),
    "autopay.paid_in_part": N_("paid by itself up to the limit"),
    "autopay.payer_wanted": N_("asked the payer to confirm it"),
    "bank_line.match_undone": N_("undid the match"),
    "bank_line.undo_asked": N_("asked to undo the match"),
    "bank_line.undo_refused": N_("could not undo the match"),
    "bank_line.matched": N_("matched the line"),
    "bank_statement.taken": N_("took the statement in"),
    "bill.issued": N_("issued the bill"),
    "bill.planned": N_("planned the bill"),
    "bill.taken_back": N_("took the bill back"),
    "billing_cycle.status_changed": N_("changed the status"),
    "booking.addons_changed": N_("changed the add-ons"),
    "booking.approved": N_("approved the booking"),
    "booking.assigned": N_("assigned the booking"),
    "booking.cancelled": N_("cancelled the booking"),
    "booking.confirmed": N_("confirmed the booking"),
    "booking.created": N_("made the booking"),
    "booking.expired": N_("let the hold end"),
    "booking.package_assigned": N_("chose the package"),
    "booking.refunded": N_("paid back what was to go back"),
    "booking.rejected": N_("rejected the booking"),
    "booking.released": N_("freed the apartment"),
    "booking.sale_in_doubt": N_("put the sale in doubt"),
    "booking.sale_take_back_asked": N_("decided to take the sale back"),
    "booking.sale_withdrawn": N_("took the sale back"),
    "booking.settled": N_("passed the apartment to the customer"),
    "booking.status_changed": N_("changed the status"),
    "cheque.bounced": N_("had the cheque back from the bank"),
    "cheque.status_changed": N_("moved the cheque on"),
    "credit.used": N_("used credit"),
    "credit_note.issued": N_("wrote the credit note"),
    "customer.applied": N_("handed the application in"),
    "customer.approved": N_("accepted them"),
    "customer.rejected": N_("did not accept them"),
    "delivery.replayed": N_("had it told again"),
    "delivery.skipped": N_("skipped it"),
    "document.attached": N_("added a file"),
    "document.removed": N_("removed a file"),
    "import.finished": N_("finished the import"),
    "import.status_changed": N_("changed the status"),
    "import.undone": N_("undid the import"),
    "invoice.issued": N_("issued the invoice"),
    "invoice.paid": N_("settled the invoice"),
    "invoice.reminded": N_("reminded the customer"),
    "invoice.reopened": N_("asked for it again"),
    "kyc.ending": N_("asked to renew the proof of identity"),
    "kyc.updated": N_("changed the proof of identity"),
    "late_fee.charged": N_("charged a late fee"),
    "invoice.rejected": N_("rejected the invoice"),
    "invoice.voided": N_("voided the invoice"),
    "invoice.written_off": N_("wrote off what was unpaid"),
    "signature.asked": N_("was asked to sign"),
    "signature.code_asked": N_("asked for a code to sign with"),
    "signature.completed": N_("has the document signed by all"),
    "signature.declined": N_("ended it, as one declined"),
    "signature.expired": N_("let the time to sign end"),
    "signature.failed": N_("could not make the signed document"),
    "signature.gathered": N_("has all signatures"),
    "signature.refused": N_("declined to sign"),
    "signature.reminded": N_("was reminded to sign"),
    "signature.requested": N_("sent the document out for signature"),
    "signature.signed": N_("signed the document"),
    "signature.withdrawn": N_("withdrew the document"),
    "deposit.held": N_("put the deposit in trust"),
    "disbursement.checked": N_("looked whether owners are due something"),
    "inspection.begun": N_("began the inspection"),
    "inspection.discarded": N_("gave the inspection up"),
    "inspection.signed_off": N_("signed the inspection off"),
    "lease.activated": N_("made the lease active"),
    "lease.ended": N_("ended the lease"),
    "lease.notice_asked": N_("asked to leave"),
    "lease.notice_given": N_("gave notice"),
    "lease.notice_withdrawn": N_("withdrew the notice"),
    "lease.rent_changed": N_("changed the rent"),
    "lease.renewed": N_("renewed the lease"),
    "lease.terminated": N_("terminated the lease"),
    "rents.issued": N_("asked for the rents"),
    "rents.planned": N_("planned the rents"),
    "rents.taken_back": N_("took the rents back"),
    "lease.cancelled": N_("cancelled the lease"),
    "lease.created": N_("drafted the lease"),
    "lease.sent_for_signature": N_("sent the lease for signature"),
    "lease.signed": N_("wrote down that all have signed"),
    "ledger.entry.created": N_("posted the entry"),
    "ledger_hold.closed": N_("ended the hold"),
    "ledger_hold.placed": N_("set money aside"),
    "ledger_period.closed": N_("closed the days"),
    "ledger_period.reopened": N_("opened the days again"),
    "member.invited": N_("sent the invitation"),
    "member.roles_changed": N_("changed the roles"),
    "occupancy.ended": N_("wrote down the moving out"),
    "occupancy.started": N_("wrote down the moving in"),
    "organization.founded": N_("founded the organization"),
    "organization.suspended": N_("suspended the organization"),
    "organization.resumed": N_("let the organization work again"),
    "ownership.ended": N_("ended the ownership"),
    "ownership.started": N_("wrote down the ownership"),
    "package.price_changed": N_("changed the price"),
    "party.created": N_("added them"),
    "party.identifier_revealed": N_("looked at a number in clear"),
    "party.status_changed": N_("changed the standing"),
    "payment.dispute_closed": N_("was told how the dispute ended"),
    "payment.disputed": N_("was told of a dispute"),
    "payment.failed": N_("could not take the payment"),
    "payment.initiated": N_("began the payment"),
    "payment.reversed": N_("took the payment back"),
    "payment.status_changed": N_("changed the status"),
    "payment.succeeded": N_("received the payment"),
    "payment.unclear": N_("was told of another amount"),
    "project.created": N_("added the project"),
    "record.commented": N_("wrote"),
    "refund.failed": N_("could not pay back"),
    "refund.requested": N_("asked for the refund"),
    "refund.succeeded": N_("paid back"),
    "saga.status_changed": N_("changed the status"),
    "saved_way.kept": N_("saved the card"),
    "saved_way.removed": N_("removed the card"),
    "scheduled_bill.failed": N_("could not pay the bill"),
    "scheduled_bill.reminded": N_("reminded of the bill"),
    "scheduled_bill.status_changed": N_("changed the status"),
    "unit.status_changed": N_("changed the status"),
    "wallet.account_revealed": N_("looked at the account number"),
    "wallet.frozen": N_("froze the wallet"),
    "wallet.mismatch": N_("found that the wallet does not add up"),
    "wallet.numbers_revealed": N_("looked at the numbers"),
    "wallet.opened": N_("opened the wallet"),
    "wallet.order_failed": N_("could not carry out the order"),
    "wallet.paid": N_("paid from the wallet"),
    "wallet.payout_begun": N_("asked the provider to send it"),
    "wallet.payout_unclear": N_("heard that it was sent after all"),
    "wallet.payout_asked": N_("asked for a withdrawal"),
    "wallet.payout_failed": N_("could not pay out"),
    "wallet.pin_locked": N_("locked the PIN after too many tries"),
    "wallet.pin_set": N_("set the PIN"),
    "wallet.refunded": N_("paid back into the wallet"),
    "wallet.status_changed": N_("changed the status"),
    "wallet.top_up_taken_back": N_("took back a top-up"),
    "wallet.top_up_diverted": N_("kept a top-up as credit, since the wallet could not take it"),
    "wallet.topped_up": N_("topped up the wallet"),
    "wallet.transferred": N_("sent money to another wallet"),
    "wallet.withdrawn": N_("paid out of the wallet"),
}
KINDS = {"payment": "money", "refund": "money", "document": "file"}
QUIET = {"custom", "flow_version", "updated_at", "status_at", "search"}


def of(session: Session, table: str, row_id: UUID) -> list[dict[str, Any]]:
    """Tell what happened to a row, in two statements however much it was."""
    home = current().organization_id
    nothing = cast(null(), JSONB)
    events = select(
        Event.happened_at.label("at"),
        Event.actor.label("actor"),
        Event.type.label("what"),
        Event.data.label("one"),
        nothing.label("two"),
    ).where(Event.organization_id == home, Event.subject_id == row_id)
    changes = select(
        AuditEntry.at,
        AuditEntry.actor,
        cast(AuditEntry.action, String),
        AuditEntry.before,
        AuditEntry.after,
    ).where(AuditEntry.organization_id == home, AuditEntry.row_id == row_id)
    comments = select(
        Comment.created_at,
        Comment.author_name,
        literal("comment"),
        func.jsonb_build_object("body", Comment.body),
        nothing,
    ).where(
        Comment.organization_id == home,
        Comment.subject_table == table,
        Comment.subject_id == row_id,
    )
    parts = [
        each.order_by(each.selected_columns[0].desc()).limit(SHOWN).subquery()
        for each in (events, changes, comments)
    ]
    every = union_all(*(select(part) for part in parts)).subquery()
    rows = session.execute(select(every).order_by(every.c[0].desc()).limit(SHOWN * 2)).all()
    who = spoken.people(session, {row[1] for row in rows if row[2] != "comment"})
    told = _without_echoes(rows)
    return [_entry(row, who) for row in told][:SHOWN]


def _without_echoes(rows: Any) -> list[Any]:
    """Leave out the change that a fact of the same moment tells of in better words."""
    facts = [(row.at, row.actor) for row in rows if "." in row.what]
    rows = [row for row in rows if not facts or row.what.lower() != "insert"]
    rows = [row for row in rows if "." in row.what or not facts or row.actor != STORY]
    named = {(row.at, row.actor) for row in rows if row.what in MOVES}
    rows = [row for row in rows if row.what != MOVED or (row.at, row.actor) not in named]
    return [
        row
        for row in rows
        if "." in row.what
        or row.what == "comment"
        or not any(abs(row.at - at) < SAME_ACT and row.actor == actor for at, actor in facts)
    ]


def _entry(row: Any, who: dict[str, str]) -> dict[str, Any]:
    if row.what == "comment":
        return _told(row.at, row.actor, _("wrote"), "comment", row.one["body"])
    name = who[row.actor]
    if "." in row.what:
        kind = KINDS.get(row.what.partition(".")[0], "state")
        said = SAID.get(row.what)
        words = _(said) if said else row.what.replace(".", " ").replace("_", " ")
        return _told(row.at, name, words, kind, _fact_detail(row.one or {}))
    if row.what.lower() in ("insert", "create", "created"):
        return _told(row.at, name, _("added it"), "created", "")
    if row.what.lower() in ("delete", "deleted"):
        return _told(row.at, name, _("removed it"), "change", "")
    return _told(row.at, name, _("changed it"), "change", _changes(row.one or {}, row.two or {}))


def _told(at: datetime, who: str, what: str, kind: str, detail: str) -> dict[str, Any]:
    meaning = {"money": "good", "state": "waiting", "comment": "over"}.get(kind, "over")
    return {"at": at, "who": who, "what": what, "kind": kind, "meaning": meaning, "detail": detail}


def _fact_detail(data: dict[str, Any]) -> str:
    """Say what a fact was about, where its fields can be read by people."""
    if "old" in data and "new" in data:
        return f"{spoken.word(data['old'])} {_arrow()} {spoken.word(data['new'])}"
    amount = data.get("amount") or data.get("total")
    if amount and data.get("currency"):
        return money(Decimal(str(amount)), str(data["currency"]))
    return str(data.get("reason") or data.get("title") or "")


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    names = [key for key in after if before.get(key) != after[key] and key not in QUIET]
    said = [
        f"{spoken.label(key)}: {spoken.word(before.get(key))} {_arrow()} {spoken.word(after[key])}"
        for key in names
        if key not in audit_labels.TECHNICAL and not key.endswith("_id")
    ]
    return "; ".join(said[:MOST_CHANGES])


def _arrow() -> str:
    """Point from the old to the new, in the direction that the page is read in."""
    locale = get_locale()
    return "\u2190" if locale and locale.text_direction == "rtl" else "\u2192"
