"""The platform in the browser, for those who run it: organizations, people, health, acts."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from redis.exceptions import RedisError
from rq import Worker

from core import db
from core.errors import Forbidden, NotFound, Refused
from core.text import N_
from core.work import Work, clock, unit_of_work
from models.organizations import ProfileStatus
from services import accounts, platform
from services.accounts import Account
from services.platform import Home
from views.admin.inputs import Input, control
from views.organizations import show_link
from views.web.person import actor, signed_in
from views.web.refusals import sentence

SECTIONS = (
    (N_("Organizations"), "PlatformView.organizations"),
    (N_("People"), "PlatformView.people"),
    (N_("Health"), "PlatformView.health"),
    (N_("What was done"), "PlatformView.acts"),
)
VERBS = {
    "found": N_("Began the organization"),
    "invite": N_("Invited an administrator to"),
    "suspend": N_("Suspended"),
    "resume": N_("Resumed"),
    "lock": N_("Locked out"),
    "unlock": N_("Let in again"),
    "end_sign_ins": N_("Ended the sign-ins of"),
    "take_second_factor": N_("Took the second factor of"),
    "send_link": N_("Sent a link to a new password to"),
    "appoint": N_("Made an administrator of the platform:"),
    "dismiss": N_("Is no administrator of the platform any more:"),
    "backup": N_("Wrote a backup:"),
}
EMAIL = Input("email", N_("E-mail of the administrator"), shape="email", length=320)
ASKED = (
    Input("name", N_("Name"), length=120),
    EMAIL,
    Input(
        "address",
        N_("Web address"),
        required=False,
        length=60,
        hint=N_("Made from the name if empty."),
    ),
    Input("zone", N_("Time zone"), length=64, value="Africa/Nairobi"),
    Input("currency", N_("Currency"), length=3, value="KES"),
)
STALE_SECONDS = 60
"""The schedule runs every few seconds: silence of a minute means that nobody runs it."""


class PlatformView(BaseView):  # type: ignore[misc]
    """Pages for administrators of the platform alone; they show no row of anybody's business."""

    route_base = "/platform"
    default_view = "organizations"

    @expose("/")  # type: ignore[untyped-decorator]
    def organizations(self) -> Any:
        """List organizations, with what may be done to each."""
        work, search = _work(), request.args.get("search", "").strip()[:80]
        rows = [(each, _home_acts(each)) for each in platform.homes(work, search)]
        return _page("organizations", rows=rows, search=search, most=platform.MOST)

    @expose("/organizations/new", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def new(self) -> Any:
        """Begin an organization; its first administrator is invited by mail."""
        work, refusal = _work(), None
        if request.method == "POST":
            form = request.form
            given = {each.name: form.get(each.name, "").strip() for each in ASKED}
            given["currency"] = given["currency"].upper()
            try:
                with unit_of_work(db.session(), actor()) as work:
                    code = platform.found(work, **given)[1]
            except Refused as refused:
                refusal = refused
            else:
                flash(_("%(name)s has begun.", name=given["name"]), "success")
                show_link(code)
                return redirect(url_for(".organizations"))
        said = _("It begins empty, with its first administrator, who gets a link by mail.")
        submit = _("Begin the organization")
        return _form(_("New organization"), said, ASKED, refusal, submit)

    @expose("/organizations/<uuid:pk>/invite", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def invite(self, pk: UUID) -> Any:
        """Invite an administrator for an organization; earlier links to one end."""
        row, refusal = platform.home(_work(), pk), None
        if request.method == "POST":
            try:
                with unit_of_work(db.session(), actor()) as work:
                    platform.invite(work, pk, request.form.get("email", "").strip())
            except Refused as refused:
                refusal = refused
            else:
                flash(_("The link is on its way by mail."), "success")
                return redirect(url_for(".organizations"))
        title = _("Invite an administrator")
        said = _(
            "Somebody who may do everything in %(name)s. Earlier such links end.", name=row.name
        )
        return _form(title, said, (EMAIL,), refusal, _("Send the invitation"))

    @expose("/organizations/<uuid:pk>/<any(suspend, resume):verb>", methods=["POST"])  # type: ignore[untyped-decorator]
    def organization_act(self, pk: UUID, verb: str) -> Any:
        """Suspend an organization, or let it go on."""
        row, reason = platform.home(_work(), pk), request.form.get("reason", "")

        def do() -> Any:
            with unit_of_work(db.session(), actor()) as work:
                if verb == "suspend":
                    platform.suspend(work, pk, reason)
                    return _("%(name)s is suspended: nobody works in it now.", name=row.name)
                platform.resume(work, pk, reason)
                return _("%(name)s works again.", name=row.name)

        return _acted(do, ".organizations")

    @expose("/people")  # type: ignore[untyped-decorator]
    def people(self) -> Any:
        """List who signs in, with what may be done for each."""
        _work()
        search, door = request.args.get("search", "").strip()[:80], db.door()
        found = accounts.listed(door, search, platform.MOST)
        rows = [(each, _locked(each), _person_acts(each)) for each in found]
        page = _page("people", rows=rows, search=search, most=platform.MOST)
        door.rollback()
        return page

    @expose("/people/<uuid:pk>/<verb>", methods=["POST"])  # type: ignore[untyped-decorator]
    def person_act(self, pk: UUID, verb: str) -> Any:
        """Do something about somebody's account."""
        _work()
        if verb not in platform.PEOPLE_ACTS:
            raise NotFound

        def do() -> Any:
            door = db.door()
            platform.PEOPLE_ACTS[verb](door, pk, request.form.get("reason", ""), clock())
            door.commit()
            return _("It is done, and noted.")

        return _acted(do, ".people")

    @expose("/health")  # type: ignore[untyped-decorator]
    def health(self) -> Any:
        """Show what stands still, and whether the machinery is at work."""
        work = _work()
        pulse, now = platform.pulse(work), clock()
        runs = pulse.scheduled_at and (now - pulse.scheduled_at).total_seconds() < STALE_SECONDS
        return _page(
            "health",
            rows=platform.health(work),
            pulse=pulse,
            workers=_workers(),
            scheduler=bool(runs),
        )

    @expose("/acts")  # type: ignore[untyped-decorator]
    def acts(self) -> Any:
        """Show what was done to the platform, by whom and why."""
        rows = [(each, _(VERBS.get(each.verb, each.verb))) for each in platform.acts(_work())]
        return _page("acts", rows=rows)


def _work() -> Work:
    """Begin to read, if the person at hand runs the platform; the database asks again.

    Raises:
        Forbidden: they do not.

    """
    if not signed_in().identity.platform_admin:
        raise Forbidden(
            N_("These pages are for administrators of the platform. Whoever runs it names them.")
        )
    return Work(db.session(), actor())


def _page(name: str, **context: Any) -> str:
    tabs = [
        {"label": _(label), "url": url_for(endpoint), "current": endpoint.endswith(f".{name}")}
        for label, endpoint in SECTIONS
    ]
    return render_template(f"platform/{name}.html", tabs=tabs, **context)


def _form(
    title: str, said: str, asked: Sequence[Input], refusal: Refused | None, submit: str
) -> Any:
    page = {
        "title": title,
        "sentence": said,
        "crumbs": [
            {"label": _("Organizations"), "url": url_for("PlatformView.organizations")},
            {"label": title},
        ],
        "groups": [{"title": "", "fields": [_shown(each, refusal) for each in asked]}],
        "errors": [{"text": sentence(refusal), "field_id": f"f-{refusal.field}"}]
        if refusal
        else [],
        "submit": submit,
    }
    return render_template("admin/form.html", page=page), refusal.status if refusal else 200


def _acted(do: Callable[[], Any], back: str) -> Any:
    try:
        flash(do(), "success")
    except Refused as refusal:
        db.door().rollback()
        flash(sentence(refusal), "danger")
    return redirect(url_for(back, search=request.args.get("search") or None))


def _shown(field: Input, refusal: Refused | None) -> dict[str, Any]:
    wrong = refusal is not None and refusal.field == field.name
    typed = request.form.get(field.name, field.value)
    made = control(field, typed, errors=(sentence(refusal),) if refusal and wrong else ())
    if field.name != "zone":
        return made
    options = [{"value": each, "label": each} for each in sorted(available_timezones())]
    return made | {"kind": "choice", "options": options}


def _home_acts(home: Home) -> list[dict[str, Any]]:
    works = home.suspended_at is None
    suspend = {
        "label": _("Suspend") if works else _("Resume"),
        "icon": "player-pause" if works else "player-play",
        "tone": "danger" if works else "",
        "confirm": _("Nobody can work in %(name)s until it is resumed.", name=home.name)
        if works
        else _("Its members can work in %(name)s again.", name=home.name),
        "url": _url(".organization_act", home.id, "suspend" if works else "resume"),
        "reason_needed": True,
    }
    invite = {
        "label": _("Invite an administrator"),
        "icon": "send",
        "url": url_for(".invite", pk=home.id),
        "is_page": True,
    }
    return [invite, suspend] if works else [suspend]


def _person_acts(each: Account) -> list[dict[str, Any]]:
    """List what may be done for somebody; each asks why."""
    active = each.status is ProfileStatus.active
    lock = ("lock_out", _("Lock out"), "lock", _("They are signed out everywhere, at once."))
    acts = [
        ("send_link", _("Send a link to a new password"), "send", ""),
        ("end_sign_ins", _("End all sign-ins"), "logout", _("Keys and tokens end, too.")),
        (
            "take_second_factor",
            _("Take the second factor away"),
            "shield-off",
            _("Make sure that it is they who ask."),
        ),
        lock,
    ]
    if not active or _locked(each):
        acts = [("let_in", _("Let in again"), "lock-open", ""), *(acts if active else acts[1:2])]
    return [
        {
            "label": label,
            "icon": icon,
            "confirm": f"{each.name}. {said}".strip(),
            "tone": "danger" if name in {"lock_out", "take_second_factor"} else "",
            "url": _url(".person_act", each.id, name),
            "reason_needed": True,
        }
        for name, label, icon, said in acts
        if name != "take_second_factor" or each.two_factor
    ]


def _url(endpoint: str, pk: UUID, verb: str) -> str:
    return url_for(endpoint, pk=pk, verb=verb, search=request.args.get("search") or None)


def _locked(each: Account) -> bool:
    return each.locked_until is not None and each.locked_until > clock()


def _workers() -> int | None:
    """Count the workers that are alive; None where Redis does not answer."""
    try:
        return len(Worker.all(connection=current_app.extensions["redis"]))
    except RedisError:
        return None
