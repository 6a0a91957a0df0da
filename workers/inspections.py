"""What people are told of inspections."""

from uuid import UUID

from core.text import N_
from core.work import Work, found
from models.estate import Unit
from models.events import Event
from services import leasing, notices
from workers.notices import notice_of


def signed_off(work: Work, event: Event) -> None:
    """Tell tenants what was found, so that they can say if they saw it otherwise."""
    unit = found(work, Unit, UUID(event.data["unit_id"]))
    says = N_("Inspection %(number)s of unit %(unit)s is signed off. Look at what was found.")
    link = f"/portal/leases/inspections/{event.subject_id}"
    values = {"number": event.data["number"], "unit": unit.number}
    for each in leasing.lessees(work, UUID(event.data["lease_id"])):
        notices.notify_party(work, each.party_id, notice_of(event, says, link, **values))
