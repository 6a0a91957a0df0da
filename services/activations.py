"""The saga of a lease that all have signed: unit, deposit, status, first rent, and it is active.

Each step is one transaction. What cannot come about is taken back in reverse: the occupancy, and
money by void invoices and credit notes, never by deletion.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import Refused
from core.work import Work, found, locked
from models.estate import Estate, Occupancy, OccupancyRole, Unit
from models.events import Saga
from models.leasing import LEASE_FLOW, Lease, LeaseParty, LeaseStatus, LesseeRole
from services import deposits, estate, lease_charges, lease_checks, leasing, people, sagas
from services.events import Fact, emit
from services.guidelines import OutsideGuideline
from services.sagas import Done, Outcome, Step, TurnBack

KIND = "activate_lease"
TENANT = "tenant"
AS = {LesseeRole.principal: OccupancyRole.tenant, LesseeRole.lessee: OccupancyRole.resident}
"""As what those who stand in a lease live there; a guarantor does not."""


@dataclass(frozen=True)
class LeaseActivated(Fact, type="lease.activated", table="lease"):
    """A tenant has the unit from a day on, and pays for it."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    since: date
    until: date | None
    rent: Decimal
    deposit: Decimal
    currency: str


@dataclass(frozen=True)
class LeaseRenewed(Fact, type="lease.renewed", table="lease"):
    """A lease goes on as another one."""

    lease_id: UUID
    number: str
    unit_id: UUID
    party_id: UUID
    by_id: UUID
    since: date


def begin(work: Work, lease_id: UUID) -> UUID:
    """Let what follows from the signatures happen; begun twice it happens once."""
    return sagas.begin(work, KIND, lease_id, {})


def start(work: Work, saga: Saga) -> Outcome:
    """Take the lease in hand: from here on it becomes active, or is cancelled."""
    lease = locked(work, Lease, saga.subject_id)
    assert lease.signed_on is not None, "nobody activates what is not signed"
    return Done()


def check(work: Work, saga: Saga) -> Outcome:
    """Look once more whether the lease can be: something may have come between."""
    lease = locked(work, Lease, saga.subject_id)
    if lease.status is not LeaseStatus.pending_signature:
        return TurnBack("it does not wait for signatures any more")
    parties = [
        each.party_id
        for each in leasing.lessees(work, lease.id)
        if each.role is not LesseeRole.principal
    ]
    wrong = lease_checks.problems(work, lease, others=parties)
    hard = [each for each in wrong.values() if not isinstance(each, OutsideGuideline)]
    return TurnBack(str(hard[0])) if hard else Done()


def give_up(work: Work, saga: Saga) -> None:
    """Cancel the lease: what was signed could not be kept."""
    lease = locked(work, Lease, saga.subject_id)
    if lease.status is LeaseStatus.pending_signature:
        leasing.give_up(work, lease, saga.data.get("turned_back", "")[:400])


def occupy(work: Work, saga: Saga) -> Outcome:
    """Write down who lives there from the first day on; who does already, stays."""
    lease = found(work, Lease, saga.subject_id)
    try:
        with work.session.begin_nested():
            made = [
                str(_move_in(work, lease, each))
                for each in leasing.lessees(work, lease.id)
                if each.role in AS and not _lives(work, lease, each)
            ]
    except Refused as refusal:
        return TurnBack(str(refusal))
    return Done({"occupancies": made})


def leave(work: Work, saga: Saga) -> None:
    """Take back who was written down."""
    for each in saga.data.get("occupancies", ()):
        estate.undo_move_in(work, UUID(each))


def take_deposit(work: Work, saga: Saga) -> Outcome:
    """Ask for the deposit: it is owed back from now on, and held in trust when it is paid."""
    lease = locked(work, Lease, saga.subject_id)
    try:
        with work.session.begin_nested():
            invoice = lease_charges.ask_deposit(work, lease)
    except Refused as refusal:
        return TurnBack(str(refusal))
    return Done({"deposit": str(invoice.id)} if invoice else {})


def return_deposit(work: Work, saga: Saga) -> None:
    """Undo what was asked for as deposit; what was paid is owed back."""
    if said := saga.data.get("deposit"):
        deposits.give_up(work, UUID(said), saga.data["turned_back"])
        lease_charges.take_back(work, [UUID(said)], saga.data["turned_back"])


def set_status(work: Work, saga: Saga) -> Outcome:
    """Bring the unit's status in line: it is occupied now, or kept for the day to come."""
    estate.refresh(work, found(work, Lease, saga.subject_id).unit_id)
    return Done()


def reset_status(work: Work, saga: Saga) -> None:
    """Leave the unit to what its other occupancies say; those of the lease go next."""
    estate.refresh(work, found(work, Lease, saga.subject_id).unit_id)


def charge(work: Work, saga: Saga) -> Outcome:
    """Ask for the rent of the periods that have begun, the first at least."""
    lease = locked(work, Lease, saga.subject_id)
    try:
        with work.session.begin_nested():
            lease_charges.begin_rents(work, lease)
            invoices = lease_charges.ask_first(work, lease, _today(work, lease))
    except Refused as refusal:
        return TurnBack(str(refusal))
    return Done({"charges": [str(each.id) for each in invoices]})


def uncharge(work: Work, saga: Saga) -> None:
    """Undo the first rents."""
    lease = locked(work, Lease, saga.subject_id)
    ids = [UUID(each) for each in saga.data.get("charges", ())]
    lease_charges.take_back(work, ids, saga.data["turned_back"])
    lease.next_on = lease.since


def activate(work: Work, saga: Saga) -> Outcome:
    """Let the lease be active; who hears of it tells tenants and owners."""
    lease = locked(work, Lease, saga.subject_id)
    LEASE_FLOW.move(lease, "activate")
    work.session.flush()
    people.give_role(work, lease.party_id, TENANT)
    emit(
        work,
        LeaseActivated(
            lease.id,
            lease.number,
            lease.unit_id,
            lease.party_id,
            lease.since,
            lease.until,
            lease.rent,
            lease.deposit,
            lease.currency,
        ),
    )
    if lease.renews_id is not None:
        old = found(work, Lease, lease.renews_id)
        said = (old.id, old.number, old.unit_id, old.party_id)
        emit(work, LeaseRenewed(*said, by_id=lease.id, since=lease.since))
    return Done()


sagas.KINDS[KIND] = (
    Step("begin", start, give_up),
    Step("check", check),
    Step("occupy", occupy, leave),
    Step("deposit", take_deposit, return_deposit),
    Step("unit_status", set_status, reset_status),
    Step("charge", charge, uncharge),
    Step("activate", activate),
)


def _lives(work: Work, lease: Lease, each: LeaseParty) -> bool:
    query = select(Occupancy.id).where(
        Occupancy.unit_id == lease.unit_id,
        Occupancy.party_id == each.party_id,
        *lease_checks.overlaps(Occupancy, lease),
    )
    return work.session.scalar(query.limit(1)) is not None


def _move_in(work: Work, lease: Lease, each: LeaseParty) -> UUID:
    row = Occupancy(
        unit_id=lease.unit_id,
        party_id=each.party_id,
        role=AS[each.role],
        since=lease.since,
        until=lease.until,
    )
    return estate.move_in(work, row).id


def _today(work: Work, lease: Lease) -> date:
    unit = found(work, Unit, lease.unit_id)
    return estate.today(work, found(work, Estate, unit.estate_id))
