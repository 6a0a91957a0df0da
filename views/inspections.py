"""Admin screens: inspections of leased units, and going through one room by room."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from core import db
from core.errors import BadInput, Mistakes, Refused
from core.money import parsed
from core.text import N_
from core.work import Work, found, unit_of_work
from models.files import Document
from models.inspections import (
    CONDITION_LABELS,
    INSPECTION_FLOW,
    INSPECTION_KIND_LABELS,
    Condition,
    Inspection,
    InspectionItem,
    InspectionStatus,
    InspectionTemplate,
)
from models.leasing import Lease
from services import files, inspection_lists, inspections
from services.inspections import Found, Pair
from views.admin import uploading
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.rights import require
from views.admin.words import day, money
from views.leasing import MENU
from views.web.person import actor, signed_in
from views.web.refusals import in_words, sentence

MEANINGS = {
    Condition.good: "good",
    Condition.worn: "over",
    Condition.dirty: "needs",
    Condition.damaged: "stopped",
    Condition.missing: "stopped",
}


def _walk(row: Inspection) -> list[dict[str, str]]:
    draft = row.status is InspectionStatus.draft
    if draft and signed_in().may("write", "inspection"):
        url = url_for("InspectionsView.fill", pk=row.id)
        return [{"label": _("Go through the rooms"), "url": url}]
    return [{"label": _("Room by room"), "url": url_for("InspectionsView.show", pk=row.id)}]


INSPECTION = Screen(
    Inspection,
    title=N_("Inspections"),
    one=N_("Inspection"),
    sentence=N_("How units were found when tenants moved in and out."),
    menu=MENU,
    icon="clipboard-check",
    columns="number status kind lease lease.unit inspected_on inspector",
    more="signed_off_at water power gas created_at",
    form="lease kind inspected_on inspector water power gas note",
    fixed="lease kind",
    search="number inspector note",
    filters="status kind lease lease.unit inspected_on",
    add=inspections.begin,
    before_save=inspections.revise,
    deletable=True,
    remove=inspections.discard,
    currency="lease.currency",
    print_links=_walk,
    acts=(
        Act(
            inspections.sign_off,
            N_("Sign off"),
            move="sign_off",
            icon="signature",
            confirm=N_("Nothing of it can be changed afterwards. Tenant and owner see it."),
            done=N_("It is signed off. The tenant sees it at their lease."),
        ),
    ),
    groups=(
        Group(N_("Inspection"), "lease lease.unit kind inspected_on inspector signed_off_at"),
        Group(N_("Meters"), "water power gas"),
        Group(N_("Note"), "note"),
    ),
    form_groups=(
        Group(N_("Inspection"), "lease kind inspected_on inspector"),
        Group(N_("Meters"), "water power gas"),
        Group(N_("Note"), "note"),
    ),
    related=(
        Related(
            InspectionItem,
            "inspection_id",
            N_("Things"),
            "room thing grade note cost",
            order="position",
            add=True,
        ),
    ),
    presets=(
        Preset(N_("Being written"), "status=draft"),
        Preset(N_("Moving out"), "kind=move_out"),
    ),
    inputs={each: {"required": False} for each in ("water", "power", "gas", "note")},
    hints={
        "inspector": N_("Who goes through the rooms."),
        "kind": N_("Things are those of the unit's last inspection, else of the list of rooms."),
    },
    empty=N_("No inspections yet. Begin one when a tenant moves in."),
    drawing="key",
)
ITEM = Screen(
    InspectionItem,
    title=N_("Things inspected"),
    one=N_("Thing inspected"),
    sentence=N_("Each thing in each room: what it was found like, with pictures."),
    menu=MENU,
    columns="thing room inspection grade note cost",
    form="inspection room thing grade note cost",
    fixed="inspection",
    search="room thing note",
    called="thing",
    filters="inspection grade",
    add=inspections.add_item,
    before_save=inspections.check_item,
    deletable=True,
    remove=inspections.remove_item,
    groups=(Group(N_("Thing inspected"), "inspection room thing grade note cost"),),
    inputs={each: {"required": False} for each in ("grade", "note", "cost")},
    hints={"cost": N_("What mending it is thought to cost. Pictures are added to its files.")},
    empty=N_("Things come with an inspection."),
    drawing="key",
)
TEMPLATE = Screen(
    InspectionTemplate,
    title=N_("Lists of rooms"),
    one=N_("List of rooms"),
    sentence=N_("What is looked at in units of a type, where there was no inspection before."),
    menu=MENU,
    icon="list-check",
    columns="name unit_type created_at",
    form="name unit_type rooms",
    fixed="unit_type",
    search="name rooms",
    filters="unit_type",
    order="name",
    before_save=inspection_lists.check,
    deletable=True,
    groups=(Group(N_("List of rooms"), "name unit_type"), Group(N_("Rooms"), "rooms")),
    form_groups=(Group(N_("List of rooms"), "name unit_type"), Group(N_("Rooms"), "rooms")),
    inputs={
        "unit_type": {"required": False},
        "rooms": {"value": inspection_lists.usual(), "kind": Kind.long},
    },
    hints={
        "unit_type": N_("Without one, for all units that have no list of their own."),
        "rooms": N_("A line with # begins a room; each further line is a thing in it."),
    },
    empty=N_("Inspections begin with the usual rooms. Write a list of your own."),
    drawing="key",
)
SCREENS = [INSPECTION, ITEM, TEMPLATE]


class InspectionsView(BaseView):  # type: ignore[misc]
    """Inspections, room by room."""

    route_base = "/inspections"
    default_view = "show"

    @expose("/<uuid:pk>")  # type: ignore[untyped-decorator]
    def show(self, pk: UUID) -> str:
        """Show what was found beside what was there when the tenant moved in."""
        require("inspection", "read")
        work = Work(db.session(), actor())
        return render_template("inspections/show.html", **_page(work, found(work, Inspection, pk)))

    @expose("/<uuid:pk>/fill", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def fill(self, pk: UUID) -> Any:
        """Write down what was found, thing by thing, with pictures."""
        require("inspection", "write")
        refusal: Refused | None = None
        if request.method == "POST":
            try:
                _keep(pk)
            except Refused as refused:
                if refused.status == 404:
                    raise
                refusal = refused
            else:
                flash(_("It is kept. Sign it off when all has been looked at."), "success")
                return redirect(url_for("inspection.record", pk=pk))
        work = Work(db.session(), actor())
        row = found(work, Inspection, pk)
        if row.status is not InspectionStatus.draft and refusal is None:
            return redirect(url_for(".show", pk=pk))
        page = _page(work, row) | _form(work, refusal)
        return render_template("inspections/fill.html", **page), refusal.status if refusal else 200


def _keep(pk: UUID) -> None:
    """Keep what was changed on the form; what somebody else wrote meanwhile stays."""
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        row = found(work, Inspection, pk)
        currency = found(work, Lease, row.lease_id).currency
        things = inspections.items(work, row.id)
        wrong: dict[str, Refused] = {}
        said: dict[UUID, Found] = {}
        for each in things:
            try:
                if (what := _said(each, currency)) is not None:
                    said[each.id] = what
            except BadInput as refusal:
                wrong[str(each.id)] = refusal
        if wrong:
            raise Mistakes(wrong)
        inspections.fill(work, row.id, said)
        for each in things:
            sent = request.files.getlist(f"photo-{each.id}")
            for picture in (one for one in sent if one.filename):
                kept = uploading.taken(picture, pictures=True)
                files.attach(work, "inspection_item", each.id, kept)
        if request.form.get("thing", "").strip():
            more = InspectionItem(
                inspection_id=row.id,
                room=request.form.get("room", ""),
                thing=request.form.get("thing", ""),
            )
            inspections.add_item(work, more)


def _said(row: InspectionItem, currency: str) -> Found | None:
    """Read what the form says of a thing; nothing if it says what it showed."""
    form = request.form
    names = [f"{name}-{row.id}" for name in ("condition", "note", "cost")]
    if names[0] not in form or [form.get(each, "") for each in names] == form.getlist(
        f"was-{row.id}"
    ):
        return None
    condition, note, cost = (form.get(each, "").strip() for each in names)
    if condition and condition not in set(Condition):
        raise BadInput(N_("Choose one of those that are offered."), field=names[0])
    return Found(
        Condition(condition) if condition else None,
        note[:1000],
        parsed(cost, currency, names[2]) if cost else None,
    )


def _page(work: Work, row: Inspection) -> dict[str, Any]:
    lease = found(work, Lease, row.lease_id)
    pairs = inspections.compared(work, row)
    every = [each.id for pair in pairs for each in (pair.before, pair.after) if each is not None]
    shots = inspections.pictures(work, every)
    first = inspections.before(work, row)
    return {
        "title": row.number,
        "kind": _(INSPECTION_KIND_LABELS[row.kind]),
        "state": _(INSPECTION_FLOW.labels[row.status]),
        "meaning": INSPECTION_FLOW.meanings[row.status],
        "crumbs": [
            {"label": _(MENU)},
            {"label": _("Inspections"), "url": url_for("inspection.index")},
            {"label": row.number, "url": url_for("inspection.record", pk=row.id)},
        ],
        "said": _("%(day)s, %(who)s", day=day(row.inspected_on), who=row.inspector),
        "first": day(first.inspected_on) if first else "",
        "rooms": rooms(pairs, shots, lease.currency),
        "meters": meters(row, first),
        "cost": money(total(pairs), lease.currency) if total(pairs) else "",
        "currency": lease.currency,
        "back": url_for("inspection.record", pk=row.id),
    }


def _form(work: Work, refusal: Refused | None) -> dict[str, Any]:
    wrong = refusal.found if isinstance(refusal, Mistakes) else {}
    return {
        "conditions": [(each.value, _(label)) for each, label in CONDITION_LABELS.items()],
        "errors": {name: sentence(each) for name, each in wrong.items()},
        "error": sentence(refusal) if refusal is not None else "",
        "typed": request.form if request.method == "POST" else {},
    }


def total(pairs: Sequence[Pair]) -> Decimal:
    """Sum what mending is thought to cost."""
    costs = (each.after.cost for each in pairs if each.after is not None and each.after.cost)
    return sum(costs, Decimal(0))


def meters(row: Inspection, first: Inspection | None) -> list[dict[str, str]]:
    """List what the meters stood at, and what was used since the tenant moved in."""
    named = (("water", _("Water")), ("power", _("Electricity")), ("gas", _("Gas")))
    made = []
    for name, label in named:
        now, was = getattr(row, name), getattr(first, name, None)
        if now is not None:
            used = f"{now - was:,f}" if was is not None and now >= was else ""
            made.append({"label": label, "now": f"{now:,f}", "used": used})
    return made


def rooms(
    pairs: Sequence[Pair], shots: dict[UUID, list[Document]], currency: str
) -> list[dict[str, Any]]:
    """Describe what was found, room by room, with pictures and what was there before."""
    made: dict[str, list[dict[str, Any]]] = {}
    for pair in pairs:
        row = pair.after
        made.setdefault(pair.room, []).append(
            {
                "id": str(row.id) if row else "",
                "thing": pair.thing,
                "worse": pair.worse,
                "before": _side(pair.before, shots, currency),
                "after": _side(row, shots, currency),
            }
        )
    return [{"name": name, "things": things} for name, things in made.items()]


def _side(
    row: InspectionItem | None, shots: dict[UUID, list[Document]], currency: str
) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "condition": row.grade.value if row.grade else "",
        "label": _(CONDITION_LABELS[row.grade]) if row.grade else "",
        "meaning": MEANINGS[row.grade] if row.grade else "waiting",
        "note": row.note,
        "cost": money(row.cost, currency) if row.cost is not None else "",
        "amount": f"{row.cost.normalize():f}" if row.cost is not None else "",
        "pictures": [
            {"url": url_for("FilesView.download", pk=each.id), "name": each.title}
            for each in shots.get(row.id, ())
            if each.content_type.startswith("image/")
        ],
    }
