"""Leases in the background: their documents and signatures, their end, and who is told of what."""

import logging
from collections.abc import Callable
from datetime import date
from uuid import UUID

from flask_babel import force_locale, get_locale, gettext
from sqlalchemy import String, cast, select

from adapters import documents
from core.errors import Refused
from core.text import N_
from core.work import Work, found
from models.estate import Estate, Ownership, Unit
from models.events import Event
from models.lease_papers import LeaseDocument
from models.leasing import Lease, LeaseStatus
from models.organizations import Membership
from models.signing import REQUEST_FLOW
from services import (
    activations,
    deposits,
    disbursement_checks,
    estate,
    lease_ends,
    lease_papers,
    lease_signing,
    leasing,
    notices,
    signing,
)
from services.files import Kept
from services.papers import Pen
from services.signing import SignerCannotSignIn, SignerUnreachable
from workers import papers
from workers.jobs import Desk, homes
from workers.notices import money, notice_of

PAGE = "/portal/leases/"
STAFF = ("Admin", "Manager")
LEASE = "lease"
log = logging.getLogger(__name__)


def expire_unsigned() -> None:
    """Cancel the leases that were not signed in time, in all organizations."""
    _each("leasing.expire_unsigned", leasing.unsigned, leasing.expire)


def end_due() -> None:
    """End the leases whose last day is over, in all organizations."""
    _each("leasing.end_due", lease_ends.over, lease_ends.end)


def activate(work: Work, event: Event) -> None:
    """Begin what follows from the signatures of all."""
    activations.begin(work, event.subject_id)


def hold_deposit(work: Work, event: Event) -> None:
    """Move a deposit that was paid to the book in trust."""
    deposits.hold(work, event.subject_id)


def give_up_deposit(work: Work, event: Event) -> None:
    """Take a deposit out of the book in trust whose payment is gone."""
    deposits.give_up(work, event.subject_id, "its payment was taken back")


def check_disbursement(work: Work, event: Event) -> None:
    """See whether owners are due something of rent that was paid."""
    disbursement_checks.check(work, event.subject_id)


def sent(work: Work, event: Event) -> None:
    """Tell all who sign that a lease waits for them."""
    says = N_("Lease %(number)s for unit %(unit)s waits for your signature.")
    for party_id in event.data["signers"]:
        _tell(work, event, UUID(party_id), says)


def have_signed(work: Work, event: Event) -> None:
    """Make the document of a lease that was sent, and ask all who stand in it to sign it.

    Where somebody cannot be asked, or the organization's own PDF is to be signed later, the lease
    waits as it is, and the staff is told.
    """
    until = lease_signing.wants(work, event.subject_id)
    if until is None:
        return
    if lease_papers.newest(work, event.subject_id) is None:
        make_document(work, event.subject_id)
    try:
        with work.session.begin_nested():
            lease_signing.ask(work, event.subject_id, until, landlord=_who(work, event))
    except Refused as refusal:
        says = N_("Lease %(number)s is not out for signature yet. Open it, and have it signed.")
        values = {"number": event.data["number"]}
        if isinstance(refusal, (SignerUnreachable, SignerCannotSignIn)):
            says = N_(
                "Lease %(number)s is not out for signature: %(name)s has no e-mail address or no"
                " sign-in. Mend that and have it signed, or have it signed on paper."
            )
            values |= {"name": str(refusal.values["name"])}
        link = f"/admin/lease/{event.subject_id}"
        notices.notify_roles(work, STAFF, notice_of(event, says, link, **values))


def make_document(work: Work, lease_id: UUID) -> LeaseDocument:
    """Make the document of a lease as it is now, in its tenant's language."""
    with force_locale(lease_papers.language_of(work, lease_id)):
        pen = Pen(str(get_locale()), gettext)
        paper = lease_papers.write(work, lease_id, pen)
        words = {key: gettext(said) for key, said in documents.WORDS[paper.template].items()}
    made = papers.press()
    pdf = made.prints(paper.template, paper.said, paper.data | {"words": words}, work.now)
    stored = made.storage.put(pdf)
    kept = Kept(f"{paper.title}.pdf", "application/pdf", stored.key, stored.sha256, stored.size)
    return lease_papers.keep(work, lease_id, kept)


def _who(work: Work, event: Event) -> UUID | None:
    """Give the member of the staff who sent it: they sign for the landlord."""
    kind, _colon, name = event.actor.partition(":")
    if kind != "user":
        return None
    query = select(Membership.profile_id).where(
        cast(Membership.profile_id, String) == name, Membership.staff, Membership.active
    )
    return work.session.scalar(query)


def activated(work: Work, event: Event) -> None:
    """Tell the tenants and the owners that the lease has begun."""
    data = event.data
    values = {"since": data["since"], "rent": money(data["rent"], data["currency"])}
    _tell_tenants(
        work, event, N_("Unit %(unit)s is yours from %(since)s on, for %(rent)s a month."), values
    )
    _tell_owners(
        work, event, N_("Unit %(unit)s is let from %(since)s on, for %(rent)s a month."), values
    )


def cancelled(work: Work, event: Event) -> None:
    """Tell the tenants and the owners that a lease did not come about."""
    says = N_("Lease %(number)s for unit %(unit)s was cancelled: %(reason)s")
    _tell_both(work, event, says, {"reason": event.data["reason"]})


def notice_asked(work: Work, event: Event) -> None:
    """Give the notice that a tenant asked for; tell them, if it cannot be given any more."""
    until, lease_id = date.fromisoformat(event.data["until"]), event.subject_id
    try:
        with work.session.begin_nested():
            lease_ends.give_notice(work, lease_id, until, event.data["reason"])
    except Refused as refusal:
        lease = found(work, Lease, lease_id)
        if lease.status is LeaseStatus.notice and lease.until == until:
            return
        values = {name: str(value) for name, value in refusal.values.items()}
        notice = notice_of(event, refusal.says, f"{PAGE}{lease_id}", **values)
        notices.notify_party(work, UUID(event.data["party_id"]), notice)


def notice_given(work: Work, event: Event) -> None:
    """Tell both sides when the lease ends."""
    says = N_("Lease %(number)s for unit %(unit)s ends on %(until)s: notice was given.")
    _tell_both(work, event, says, {"until": event.data["until"]})


def notice_withdrawn(work: Work, event: Event) -> None:
    """Tell both sides that the lease goes on."""
    _tell_both(work, event, N_("Lease %(number)s for unit %(unit)s goes on."), {})


def ended(work: Work, event: Event) -> None:
    """Tell both sides that the lease is over."""
    says = N_("Lease %(number)s for unit %(unit)s ended on %(until)s.")
    _tell_both(work, event, says, {"until": event.data["until"]})


def terminated(work: Work, event: Event) -> None:
    """Tell both sides that the lease was ended before its time, and why."""
    says = N_("Lease %(number)s for unit %(unit)s was ended on %(until)s: %(reason)s")
    _tell_both(work, event, says, {name: event.data[name] for name in ("until", "reason")})


def renewed(work: Work, event: Event) -> None:
    """Tell both sides that the lease goes on as another."""
    says = N_("Lease %(number)s for unit %(unit)s is renewed from %(since)s on.")
    _tell_both(work, event, says, {"since": event.data["since"]})


def rent_changed(work: Work, event: Event) -> None:
    """Tell the tenants what the rent is from a day on."""
    says = N_("The rent of unit %(unit)s is %(rent)s from %(since)s on.")
    data = event.data
    values = {"since": data["since"], "rent": money(data["new"], data["currency"])}
    _tell_tenants(work, event, says, values)


def refresh_unit(work: Work, event: Event) -> None:
    """Bring the unit in line with who has it now."""
    estate.refresh(work, UUID(event.data["unit_id"]))


def owners(work: Work, unit_id: UUID) -> list[UUID]:
    """List who owns a unit today."""
    query = select(Ownership.party_id).where(
        Ownership.unit_id == unit_id, *estate.on(Ownership, work.now.date())
    )
    return list(work.session.scalars(query.order_by(Ownership.id)))


def _tell_both(work: Work, event: Event, says: str, values: dict[str, str]) -> None:
    _tell_tenants(work, event, says, values)
    _tell_owners(work, event, says, values)


def _tell_tenants(work: Work, event: Event, says: str, values: dict[str, str]) -> None:
    for each in leasing.lessees(work, event.subject_id):
        _tell(work, event, each.party_id, says, **values)


def _tell_owners(work: Work, event: Event, says: str, values: dict[str, str]) -> None:
    tenants = {each.party_id for each in leasing.lessees(work, event.subject_id)}
    for party_id in owners(work, UUID(event.data["unit_id"])):
        if party_id not in tenants:
            _tell(work, event, party_id, says, **values)


def _tell(work: Work, event: Event, party_id: UUID, says: str, **values: str) -> None:
    unit = found(work, Unit, UUID(event.data["unit_id"]))
    values |= {"number": event.data["number"], "unit": unit.number}
    notices.notify_party(work, party_id, notice_of(event, says, PAGE, **values))


def _each(
    name: str, find: Callable[[Work], list[UUID]], do: Callable[[Work, UUID], object]
) -> None:
    """Do something to all that it is time for; what goes wrong with one stops no other."""
    for home in homes():
        desk = Desk(home, name)
        with desk.work() as work:
            late = find(work)
        for row_id in late:
            try:
                with desk.work() as work:
                    do(work, row_id)
            except Exception:
                log.exception("%s: lease %s", name, row_id)


def signed_by_all(work: Work, event: Event) -> None:
    """Note that all have signed a lease electronically, unless it is settled already."""
    lease = _waiting(work, event)
    if lease is not None:
        place = found(work, Estate, found(work, Unit, lease.unit_id).estate_id)
        leasing.signed(work, lease.id, estate.today(work, place), "electronic")


def signature_declined(work: Work, event: Event) -> None:
    """Cancel a lease that somebody does not want to sign, and say what they said."""
    lease = _waiting(work, event)
    if lease is not None:
        leasing.cancel(work, lease.id, f"{event.data['name']}: {event.data['reason']}")


def signature_expired(work: Work, event: Event) -> None:
    """Cancel a lease that was not signed by all in time."""
    lease = _waiting(work, event)
    if lease is not None:
        leasing.cancel(work, lease.id, "not signed in time")


def stop_signing(work: Work, event: Event) -> None:
    """Ask nobody any more to sign a lease that was cancelled, or signed on paper."""
    request = signing.live(work, event.subject_id)
    if request is not None and REQUEST_FLOW.allows(request.status, "withdraw"):
        why = event.data.get("reason") or "signed on paper"
        signing.withdraw(work, request.id, why)


def _waiting(work: Work, event: Event) -> Lease | None:
    """Give the lease that a document was for, if it still waits for signatures."""
    if event.data["record_table"] != LEASE:
        return None
    lease = found(work, Lease, UUID(event.data["record_id"]))
    waits = lease.status is LeaseStatus.pending_signature and lease.signed_on is None
    return lease if waits else None
