"""Inspections in the portal: how one's unit was found, with pictures, beside how it was before."""

from typing import Any
from uuid import UUID

from flask import url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select

from core.errors import NotFound
from core.work import Work, found
from models.inspections import INSPECTION_KIND_LABELS, Inspection, InspectionStatus
from models.leasing import Lease
from services import inspections
from views.admin.words import day, money
from views.inspections import meters, rooms, total
from views.portal.pages import PAYMENTS, PortalView, needs, reading


class PortalInspectionsView(PortalView):
    """What was signed off at one's lease; the database shows it to those who see the lease."""

    route_base = "/portal/leases"
    default_view = "inspection"

    @expose("/inspections/<uuid:inspection_id>")  # type: ignore[untyped-decorator]
    @needs("read", PAYMENTS)
    def inspection(self, inspection_id: UUID) -> str:
        """Show one, room by room."""
        work = reading()
        query = select(Inspection).where(
            Inspection.id == inspection_id, Inspection.status == InspectionStatus.signed_off
        )
        row = work.session.scalar(query)
        if row is None:
            raise NotFound
        return self.page("portal/inspection.html", "homes", **_page(work, row))


def _page(work: Work, row: Inspection) -> dict[str, Any]:
    lease = found(work, Lease, row.lease_id)
    pairs = inspections.compared(work, row)
    every = [each.id for pair in pairs for each in (pair.before, pair.after) if each is not None]
    first = inspections.before(work, row)
    cost = total(pairs)
    return {
        "lease": lease,
        "title": _(INSPECTION_KIND_LABELS[row.kind]),
        "said": _("%(day)s, %(who)s", day=day(row.inspected_on), who=row.inspector),
        "first": day(first.inspected_on) if first else "",
        "rooms": rooms(pairs, inspections.pictures(work, every), lease.currency),
        "meters": meters(row, first),
        "cost": money(cost, lease.currency) if cost else "",
        "note": row.note,
    }


def rows_of(work: Work, lease_id: UUID) -> list[dict[str, Any]]:
    """List the inspections of a lease that are signed off, as large rows."""
    return [
        {
            "title": _(INSPECTION_KIND_LABELS[each.kind]),
            "text": f"{day(each.inspected_on)} \N{MIDDLE DOT} {each.inspector}",
            "url": url_for("PortalInspectionsView.inspection", inspection_id=each.id),
            "icon": "clipboard-check",
        }
        for each in inspections.of_lease(work, lease_id)
        if each.status is InspectionStatus.signed_off
    ]
