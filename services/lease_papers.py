"""Leases as documents: an organization's text, with what the lease says in place of the names.

A text is read as text: whatever stands in it, or in a tenant's name, is shown and never run. What
is made keeps the terms that it was made of, so that nothing is signed which says something else.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.db import uuid7
from core.text import N_
from core.work import Work, found
from models.estate import Block, Estate, Ownership, Unit
from models.files import Document, DocumentUse
from models.lease_papers import LeaseDocument, LeaseTemplate
from models.leasing import (
    INCREASE_LABELS,
    Increase,
    Lease,
    LeaseParty,
    LesseeRole,
)
from models.organizations import Membership, Organization, Profile
from models.people import Party
from models.rents import ExtraKind, LeaseExtra
from services import estate, files, organizations, papers, rents
from services.files import Kept
from services.lease_wording import NAMES, default_wording, sections
from services.paper_styles import filled
from services.papers import Paper, Pen

PDF = "application/pdf"
ON_PAPER = {
    LesseeRole.principal: N_("Tenant"),
    LesseeRole.lessee: N_("Tenant"),
    LesseeRole.guarantor: N_("Guarantor"),
}


def template_of(work: Work, estate_id: UUID | None) -> LeaseTemplate | None:
    """Find the text for leases of an estate: its own, else the organization's."""
    query = (
        select(LeaseTemplate)
        .where(LeaseTemplate.estate_id.is_(None) | (LeaseTemplate.estate_id == estate_id))
        .order_by(LeaseTemplate.estate_id.nulls_last())
    )
    return work.session.scalars(query.limit(1)).one_or_none()


def language_of(work: Work, lease_id: UUID) -> str:
    """Say in which language a lease is written: its tenant's, else the organization's."""
    query = (
        select(Profile.locale)
        .join(Membership, Membership.profile_id == Profile.id)
        .join(Lease, Lease.party_id == Membership.party_id)
        .where(Lease.id == lease_id, Membership.active)
        .order_by(Membership.id)
    )
    return work.session.scalars(query.limit(1)).one_or_none() or organizations.home(work).locale


def write(work: Work, lease_id: UUID, pen: Pen) -> Paper:
    """Write a lease as it is now, by the text for its estate."""
    lease = found(work, Lease, lease_id)
    unit = found(work, Unit, lease.unit_id)
    place = found(work, Estate, unit.estate_id)
    chosen = template_of(work, place.id)
    home, stands = organizations.home(work), _parties(work, lease)
    said = _facts(work, lease, unit, place, home, stands, pen)
    where = f"{unit.number}, {place.name}"
    block = _block(work, unit)
    parties = [
        {"role": pen.say(ON_PAPER[role]), **papers.customer(party)} for party, role in stands
    ]
    return _paper(
        work,
        pen,
        said | {"where": f"{where} ({block})" if block else where},
        parties,
        pen.day(estate.today(work, place)),
        chosen.wording if chosen else default_wording(pen),
    )


def sample(work: Work, template: LeaseTemplate, pen: Pen) -> Paper:
    """Write an example of a lease, to see what a text looks like."""
    home = organizations.home(work)
    today = papers.local(work.now, home)
    said = {name: f"\N{HORIZONTAL ELLIPSIS} {pen.say(what)}" for name, what in NAMES.items()} | {
        "landlord": home.name,
        "tenant": pen.say(N_("A tenant")),
        "tenants": pen.say(N_("A tenant")),
        "unit": "A-101",
        "number": "LSE-000123",
        "begins": pen.day(today),
        "ends": pen.day(rents.months_later(today, 12)),
        "rent": pen.money(Decimal(25_000), home.currency, code=True),
        "deposit": pen.money(Decimal(50_000), home.currency, code=True),
        "due_day": pen.number(1),
        "due_days": pen.number(5),
        "notice_days": pen.number(30),
    }
    tenant = {"role": pen.say(ON_PAPER[LesseeRole.principal]), "lines": []}
    parties = [tenant | {"name": said["tenant"]}]
    where = said | {"where": said["unit"]}
    return _paper(work, pen, where, parties, pen.day(today), template.wording)


def _paper(  # noqa: PLR0913, PLR0917  # what the page consists of
    work: Work,
    pen: Pen,
    said: dict[str, str],
    parties: list[dict[str, Any]],
    dated: str,
    wording: str,
) -> Paper:
    home = organizations.home(work)
    landlord = {"name": home.name, "lines": papers.filled(home.address)}
    terms = (
        (N_("Unit"), said["where"]),
        (N_("From"), said["begins"]),
        (N_("Until"), said["ends"]),
        (N_("Rent for a month"), said["rent"]),
        (N_("Deposit"), said["deposit"]),
        (N_("With the rent"), said["extras"]),
    )
    data = papers.letterhead(work, home, pen) | {
        "title": pen.say(N_("Lease")),
        "number": said["number"],
        "dated": dated,
        "parties": [{"role": pen.say(N_("Landlord")), **landlord}, *parties],
        "terms": [{"label": pen.say(label), "value": value} for label, value in terms],
        "clauses": [
            {"title": filled(title, said), "paragraphs": [filled(each, said) for each in texts]}
            for title, texts in sections(wording)
        ],
    }
    return Paper("lease", papers.titled(data), said["number"], said["rent"], dated, data)


def keep(work: Work, lease_id: UUID, kept: Kept) -> LeaseDocument:
    """Keep the document that was made of a lease among its files, with what it says."""
    lease = found(work, Lease, lease_id)
    template = template_of(work, found(work, Unit, lease.unit_id).estate_id)
    document = files.attach(work, "lease", lease_id, kept, DocumentUse.lease)
    row = LeaseDocument(
        id=uuid7(),
        organization_id=work.scope.home(),
        lease_id=lease_id,
        document_id=document.id,
        template_id=template.id if template else None,
        template_version=template.version if template else None,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return row


def newest(work: Work, lease_id: UUID) -> Document | None:
    """Find the PDF that would be signed: the newest among a lease's files, made or added."""
    query = (
        select(Document)
        .where(
            Document.subject_id == lease_id,
            Document.content_type == PDF,
            Document.use.in_((DocumentUse.attachment, DocumentUse.lease)),
        )
        .order_by(Document.id.desc())
    )
    return work.session.scalars(query.limit(1)).one_or_none()


def is_current(work: Work, document: Document) -> bool:
    """Say whether a document still says what is agreed; what people wrote themselves does."""
    call = func.says_what_is_agreed(document.organization_id, document.id)
    return bool(work.session.scalar(select(call)))


def _parties(work: Work, lease: Lease) -> list[tuple[Party, LesseeRole]]:
    query = (
        select(Party, LeaseParty.role)
        .join(LeaseParty, LeaseParty.party_id == Party.id)
        .where(LeaseParty.lease_id == lease.id)
        .order_by(LeaseParty.role.desc(), LeaseParty.id)
    )
    stands = [(party, role) for party, role in work.session.execute(query)]
    return sorted(stands, key=lambda each: each[1] is not LesseeRole.principal)


def _block(work: Work, unit: Unit) -> str:
    if unit.block_id is None:
        return ""
    return work.session.scalar(select(Block.name).where(Block.id == unit.block_id)) or ""


def _extras(work: Work, lease: Lease) -> Sequence[LeaseExtra]:
    query = select(LeaseExtra).where(LeaseExtra.lease_id == lease.id).order_by(LeaseExtra.id)
    return work.session.scalars(query).all()


def _facts(  # noqa: PLR0913, PLR0917  # what a lease says of these
    work: Work,
    lease: Lease,
    unit: Unit,
    place: Estate,
    home: Organization,
    stands: Sequence[tuple[Party, LesseeRole]],
    pen: Pen,
) -> dict[str, str]:
    none = pen.say(N_("nothing"))
    owners = (
        select(Party.name)
        .join(Ownership, Ownership.party_id == Party.id)
        .where(Ownership.unit_id == unit.id, *estate.on(Ownership, lease.since))
        .order_by(Party.name)
    )
    tenants = [party.name for party, role in stands if role is not LesseeRole.guarantor]
    guarantors = [party.name for party, role in stands if role is LesseeRole.guarantor]
    extras = [_extra(each, lease, pen) for each in _extras(work, lease)]
    return {
        "landlord": home.name,
        "tenant": next((p.name for p, role in stands if role is LesseeRole.principal), ""),
        "tenants": ", ".join(tenants),
        "guarantors": ", ".join(guarantors) or none,
        "owner": ", ".join(work.session.scalars(owners)) or home.name,
        "unit": unit.number,
        "estate": place.name,
        "begins": pen.day(lease.since),
        "ends": pen.day(lease.until) or pen.say(N_("the day that notice is given for")),
        "rent": pen.money(lease.rent, lease.currency, code=True),
        "deposit": pen.money(lease.deposit, lease.currency, code=True),
        "due_day": pen.number(lease.due_day),
        "due_days": pen.number(lease.due_days),
        "notice_days": pen.number(lease.notice_days),
        "increase": _increase(lease, pen),
        "extras": "; ".join(extras) or none,
        "number": lease.number,
    }


def _extra(row: LeaseExtra, lease: Lease, pen: Pen) -> str:
    sign = "\N{MINUS SIGN}" if row.kind is ExtraKind.concession else ""
    days = f"{pen.day(row.since)} \N{EN DASH} {pen.day(row.until)}" if row.until else ""
    amount = f"{sign}{pen.money(row.amount, lease.currency, code=True)}"
    return f"{row.title} {amount}" + (f" ({days})" if days else "")


def _increase(lease: Lease, pen: Pen) -> str:
    if lease.increase is Increase.percent:
        percent = pen.number(Decimal(lease.increase_percent).normalize())
        said = N_("{percent} percent every {months} months")
        return (
            pen.say(said)
            .replace("{percent}", percent)
            .replace("{months}", pen.number(lease.increase_months))
        )
    if lease.increase is Increase.indexed:
        said = N_("as {index} moves, every {months} months")
        return (
            pen.say(said)
            .replace("{months}", pen.number(lease.increase_months))
            .replace("{index}", lease.increase_index)
        )
    if lease.increase is Increase.steps:
        steps = rents.read_steps(lease.increase_steps, lease.currency)
        return "; ".join(
            f"{pen.day(day)}: {pen.money(amount, lease.currency, code=True)}"
            for day, amount in steps
        )
    return pen.say(INCREASE_LABELS[Increase.none])
