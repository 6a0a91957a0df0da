"""My leases: what was agreed, what it cost and will cost, what is open; and giving notice."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import or_, select

from core import db
from core.errors import BadInput, NotFound, Refused
from core.work import Work, unit_of_work
from models.billing import INVOICE_FLOW, Invoice, InvoiceStatus
from models.estate import Estate, Ownership, Unit
from models.leasing import LEASE_FLOW, Lease, LeaseParty, LeaseStatus
from models.rents import RENT_CAUSE_LABELS, ChargeKind, LeaseCharge, LeaseExtra, LeaseRent
from models.signing import SignatureRequest, Signer
from services import lease_notices, rents
from services.rents import Period
from views.admin.words import day, money
from views.portal.inspections import rows_of as rows_of_inspections
from views.portal.pages import HOMES, PAYMENTS, PortalView, needs, reading
from views.portal.signing import row_of
from views.portal.wallet_acts import field
from views.web.person import actor, signed_in
from views.web.refusals import sentence

LATEST = 24
"""Charges that the page of a lease lists."""
OPEN = (InvoiceStatus.issued, InvoiceStatus.partly_paid)
SEEN = (*OPEN, InvoiceStatus.paid)


class PortalLeasesView(PortalView):
    """What one rents, and what of one's own is let."""

    route_base = "/portal/leases"
    default_view = "leases"

    @expose("/")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def leases(self) -> str:
        """List the leases that one stands in, and those of units that one owns."""
        work, mine = reading(), _party()
        rented = lease_notices.leases_of(work, mine) if mine else []
        let = [each for each in _let(work, mine) if each not in rented] if mine else []
        return self.page(
            "portal/leases.html",
            "homes",
            rented=[_row(work, each) for each in rented],
            let=[_row(work, each) for each in let],
        )

    @expose("/<uuid:lease_id>")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def lease(self, lease_id: UUID) -> str:
        """Show one: terms, signatures, what was charged, what is open."""
        work = reading()
        lease, tenant = _own(work, lease_id)
        return self.page("portal/lease.html", "homes", **_page(work, lease, tenant=tenant))

    @expose("/<uuid:lease_id>/notice", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs("read", HOMES)
    def notice(self, lease_id: UUID) -> Any:
        """Give notice: when one may leave, from when on, and why."""
        work, mine, refusal = reading(), _party(), None
        lease, _tenant = _own(work, lease_id)
        if mine is None or not lease_notices.may_ask(work, lease, mine):
            raise NotFound
        if request.method == "POST":
            try:
                with unit_of_work(db.session(), actor()) as asking:
                    reason = request.form.get("reason", "")
                    lease_notices.ask(asking, lease.id, mine, _day(), reason)
            except Refused as refused:
                refusal = refused
            else:
                flash(_("Your notice is given. You get an answer within seconds."), "success")
                return redirect(url_for(".lease", lease_id=lease.id))
        first = lease_notices.first_day(work, lease)
        fields = [
            field(
                "until",
                _("Last day"),
                refusal,
                kind="date",
                value=first.isoformat(),
                hint=_("The first day that you can choose is %(day)s.", day=day(first)),
            ),
            field("reason", _("Why you leave"), refusal, kind="long", required=False),
        ]
        beside = refusal is not None and not refusal.field
        page = self.page(
            "portal/lease_notice.html",
            "homes",
            lease=lease,
            days=lease.notice_days,
            rent=money(_rent(work, lease), lease.currency),
            deposit=money(lease.deposit, lease.currency) if lease.deposit else "",
            fields=fields,
            error=sentence(refusal) if refusal is not None and beside else "",
        )
        return (page, refusal.status) if refusal is not None else page


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("until", ""))
    except ValueError:
        raise BadInput(_("Write a date like 2026-03-12."), field="until") from None


def _party() -> UUID | None:
    member = signed_in().member
    return member.party_id if member else None


def _let(work: Work, mine: UUID) -> Sequence[Lease]:
    """List the leases of units while one owned a part of them; drafts are not shown."""
    query = (
        select(Lease)
        .join(Ownership, Ownership.unit_id == Lease.unit_id)
        .where(
            Ownership.party_id == mine,
            Lease.status.not_in((LeaseStatus.draft, LeaseStatus.cancelled)),
            or_(Ownership.until.is_(None), Ownership.until >= Lease.since),
            or_(Lease.until.is_(None), Lease.until >= Ownership.since),
        )
        .order_by(Lease.since.desc(), Lease.id.desc())
    )
    return work.session.scalars(query.distinct()).all()


def _own(work: Work, lease_id: UUID) -> tuple[Lease, bool]:
    """Find a lease that one stands in (True), or whose unit one owns.

    Raises:
        NotFound: it is neither.

    """
    mine = _party()
    if mine is None:
        raise NotFound
    for tenant, leases in ((True, lease_notices.leases_of(work, mine)), (False, _let(work, mine))):
        for each in leases:
            if each.id == lease_id:
                return each, tenant
    raise NotFound


def _where(work: Work, lease: Lease) -> str:
    """Say which unit it is; one waits to move into is not in sight yet."""
    query = (
        select(Unit.number, Estate.name)
        .join(Estate, Estate.id == Unit.estate_id)
        .where(Unit.id == lease.unit_id)
    )
    row = work.session.execute(query).one_or_none()
    return f"{row[0]}, {row[1]}" if row else ""


def _row(work: Work, lease: Lease) -> dict[str, Any]:
    ends = day(lease.until) if lease.until else _("until notice is given")
    where = _where(work, lease)
    return {
        "title": where or lease.number,
        "text": f"{lease.number} \N{MIDDLE DOT} {day(lease.since)} \N{EN DASH} {ends}",
        "url": url_for("PortalLeasesView.lease", lease_id=lease.id),
        "icon": "contract",
        "state": _(LEASE_FLOW.labels[lease.status]),
        "meaning": LEASE_FLOW.meanings[lease.status],
    }


def _rent(work: Work, lease: Lease) -> Any:
    query = (
        select(LeaseRent.amount)
        .where(LeaseRent.lease_id == lease.id, LeaseRent.since <= work.now.date())
        .order_by(LeaseRent.since.desc())
        .limit(1)
    )
    return work.session.scalar(query) or lease.rent


def _page(work: Work, lease: Lease, *, tenant: bool) -> dict[str, Any]:
    mine = _party()
    terms = [
        (_("From"), day(lease.since)),
        (_("Until"), day(lease.until) if lease.until else _("until notice is given")),
        (_("Rent for a month"), money(_rent(work, lease), lease.currency)),
        (_("Deposit"), money(lease.deposit, lease.currency)),
        (_("Day of the month"), str(lease.due_day)),
        (_("Days until it is due"), str(lease.due_days)),
        (_("Days of notice"), str(lease.notice_days)),
    ]
    if lease.notice_on:
        terms.append((_("Notice given on"), day(lease.notice_on)))
    invoices = _invoices(work, lease) if tenant else []
    return {
        "lease": lease,
        "tenant": tenant,
        "title": _where(work, lease) or lease.number,
        "state": _(LEASE_FLOW.labels[lease.status]),
        "meaning": LEASE_FLOW.meanings[lease.status],
        "terms": terms,
        "rents": _rents(work, lease),
        "signatures": _signatures(work, lease, mine),
        "charges": _charges(work, lease, tenant=tenant),
        "next": _next(work, lease),
        "inspections": rows_of_inspections(work, lease.id),
        "open": [each for each in invoices if each["open"]],
        "paid": [each for each in invoices if not each["open"]],
        "owed": money(sum(each["owed"] for each in invoices), lease.currency),
        "may_leave": tenant and mine is not None and lease_notices.may_ask(work, lease, mine),
    }


def _signatures(work: Work, lease: Lease, mine: UUID | None) -> list[dict[str, Any]]:
    query = (
        select(Signer, SignatureRequest)
        .join(SignatureRequest, SignatureRequest.id == Signer.request_id)
        .where(SignatureRequest.subject_id == lease.id, Signer.party_id == mine)
        .order_by(SignatureRequest.id.desc())
    )
    return [row_of(signer, asked) for signer, asked in work.session.execute(query)]


def _rents(work: Work, lease: Lease) -> list[tuple[str, str, str]]:
    """List what the rent was, is and will be, as far as it is agreed."""
    query = select(LeaseRent).where(LeaseRent.lease_id == lease.id).order_by(LeaseRent.since)
    rows = [
        (day(each.since), _(RENT_CAUSE_LABELS[each.cause]), money(each.amount, lease.currency))
        for each in work.session.scalars(query)
    ]
    extras = select(LeaseExtra).where(LeaseExtra.lease_id == lease.id).order_by(LeaseExtra.since)
    for each in work.session.scalars(extras):
        sign = "\N{MINUS SIGN}" if each.kind == "concession" else "+"
        rows.append((day(each.since), each.title, f"{sign} {money(each.amount, lease.currency)}"))
    return rows


def _charges(work: Work, lease: Lease, *, tenant: bool) -> list[dict[str, str]]:
    """List what was charged, the latest first, and how a part of a month was reckoned."""
    query = (
        select(LeaseCharge)
        .where(LeaseCharge.lease_id == lease.id, ~LeaseCharge.void)
        .order_by(LeaseCharge.period_on.desc(), LeaseCharge.kind)
        .limit(LATEST)
    )
    return [_charge(each, lease, tenant=tenant) for each in work.session.scalars(query)]


def _charge(row: LeaseCharge, lease: Lease, *, tenant: bool) -> dict[str, str]:
    if row.kind is ChargeKind.deposit:
        title, how = _("Deposit"), _("Held for the tenant until the lease is over.")
        how = _("Held for you until the lease is over.") if tenant else how
    else:
        span = f"{day(row.period_on)} \N{EN DASH} {day(row.period_until)}"
        title = _("Rent") if row.kind is ChargeKind.rent else row.says.partition(" 2")[0]
        how = span
        whole = (
            rents.anchor_after(row.period_on, lease.due_day)
            - rents.anchor_before(row.period_on, lease.due_day)
        ).days
        period = Period(row.period_on, row.period_until, whole)
        if period.is_part:
            part = _("%(days)s of %(whole)s days", days=period.days, whole=period.whole)
            how = f"{span} \N{MIDDLE DOT} {part}"
        if row.discount:
            off = _("%(amount)s taken off", amount=money(row.discount, lease.currency))
            how = f"{how} \N{MIDDLE DOT} {off}"
    return {"title": title, "how": how, "amount": money(row.amount, lease.currency)}


def _next(work: Work, lease: Lease) -> str:
    """Say when rent is asked for next, while it is."""
    runs = lease.status in (LeaseStatus.active, LeaseStatus.notice)
    if not runs or lease.next_on is None or (lease.until and lease.next_on > lease.until):
        return ""
    amount = money(_rent(work, lease), lease.currency)
    return str(_("Next: %(amount)s on %(day)s.", amount=amount, day=day(lease.next_on)))


def _invoices(work: Work, lease: Lease) -> list[dict[str, Any]]:
    query = (
        select(Invoice)
        .where(Invoice.lease_id == lease.id, Invoice.status.in_(SEEN))
        .order_by(Invoice.due_on.desc(), Invoice.id.desc())
        .limit(LATEST)
    )
    return [
        {
            "id": each.id,
            "number": each.number,
            "subject": each.subject,
            "due": day(each.due_on),
            "total": money(each.total, each.currency),
            "owed": each.total - each.paid_amount,
            "left": money(each.total - each.paid_amount, each.currency),
            "open": each.status in OPEN,
            "state": _(INVOICE_FLOW.labels[each.status]),
            "meaning": INVOICE_FLOW.meanings[each.status],
        }
        for each in work.session.scalars(query)
    ]


def shows(work: Work) -> bool:
    """Say whether whoever is here has a lease to look at."""
    mine = _party()
    if mine is None:
        return False
    query = select(LeaseParty.id).where(LeaseParty.party_id == mine).limit(1)
    return work.session.scalar(query) is not None or bool(_let(work, mine))
