"""Applying without a sign-in: a link with a secret opens one's own application, step by step."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from adapters import uploads
from core import db
from core.errors import BadInput, Mistakes, NotFound, Refused
from core.text import N_
from core.work import Work, unit_of_work
from models.onboarding import (
    APPLICANT_ROLE_LABELS,
    APPLICATION_FLOW,
    IDENTIFIER_LABELS,
    ApplicantRole,
    ApplicationStatus,
)
from models.people import PARTY_KIND_LABELS
from services import onboarding
from views.admin.uploading import storage
from views.web.person import actor
from views.web.refusals import sentence

STEPS = ("details", "contacts", "papers", "consent")
STEP_LABELS = {
    "details": N_("Who you are"),
    "contacts": N_("In an emergency"),
    "papers": N_("Your papers"),
    "consent": N_("Agree and hand in"),
}
PAPERS = uploads.PICTURES | {uploads.Kind.pdf}
PAPER_BYTES_MAX = 10 * 1024 * 1024
CONTACT_LINES = 2


class ApplyingView(BaseView):  # type: ignore[misc]
    """The open form, and what the link of an application opens."""

    route_base = ""
    default_view = "apply"

    @expose("/apply/<slug>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def apply(self, slug: str) -> Any:
        """Choose as what to apply; nothing is asked before there is a link to come back to."""
        name, refusal = onboarding.open_form(_reading(), slug), None
        if request.method == "POST":
            try:
                role = _role()
                with unit_of_work(db.session(), actor()) as work:
                    code = onboarding.begin(work, slug, role)
            except BadInput as refused:
                refusal = refused
            else:
                flash(
                    _("Keep this page's address: it brings you back to your application."), "info"
                )
                return redirect(url_for(".step", code=code, step=STEPS[0]))
        page = render_template(
            "door_form.html",
            title=_("Apply to %(name)s", name=name),
            sentence=_("It takes about five minutes. Have your identity card at hand."),
            fields=[_choice("role", _("I apply as"), APPLICANT_ROLE_LABELS, "", refusal)],
            submit=_("Begin"),
        )
        return page, refusal.status if refusal else 200

    @expose("/application/<code>")  # type: ignore[untyped-decorator]
    def state(self, code: str) -> str:
        """Show how an application stands, and what there is to do."""
        held = _held(code)
        status = ApplicationStatus(held["status"])
        return render_template(
            "applying/state.html",
            held=held,
            code=code,
            title=_("Application %(number)s", number=held["number"]),
            status=_(APPLICATION_FLOW.labels[status]),
            meaning=APPLICATION_FLOW.meanings[status],
            says=_(SAYS[status]),
            steps=_steps(held, code, "") if held["open"] else [],
            withdrawable=APPLICATION_FLOW.allows(status, "withdraw"),
        )

    @expose("/application/<code>/<step>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    def step(self, code: str, step: str) -> Any:
        """Fill in one step; what was typed is kept as one goes."""
        held, refusal = _held(code), None
        if step not in STEPS:
            raise NotFound
        if not held["open"]:
            return redirect(url_for(".state", code=code))
        if request.method == "POST":
            try:
                DO[step](code, held)
            except onboarding.ApplicationOver:
                raise
            except Refused as refused:
                db.session().rollback()
                refusal = refused
            else:
                return redirect(_next(code, step))
        page = render_template(
            "applying/step.html",
            held=held,
            code=code,
            step=step,
            title=_(STEP_LABELS[step]),
            steps=_steps(held, code, step),
            error=_beside(refusal),
            fields=_fields(step, held, refusal),
            consent=_(onboarding.CONSENT, organization=held["organization"]),
            version=onboarding.CONSENT_VERSION,
        )
        return page, refusal.status if refusal else 200

    @expose("/application/<code>/papers/<uuid:pk>/remove", methods=["POST"])  # type: ignore[untyped-decorator]
    def remove(self, code: str, pk: UUID) -> Any:
        """Take a paper back."""
        with unit_of_work(db.session(), actor()) as work:
            onboarding.drop_paper(work, code, pk)
        return redirect(url_for(".step", code=code, step="papers"))

    @expose("/application/<code>/withdraw", methods=["POST"])  # type: ignore[untyped-decorator]
    def withdraw(self, code: str) -> Any:
        """Give the application up."""
        with unit_of_work(db.session(), actor()) as work:
            onboarding.withdraw(work, code)
        flash(_("Your application is withdrawn."), "success")
        return redirect(url_for(".state", code=code))


SAYS = {
    ApplicationStatus.draft: N_("Fill in the steps below, and hand it in."),
    ApplicationStatus.submitted: N_("We have it. The checks begin in a moment."),
    ApplicationStatus.checking: N_("Your identity and background are being checked."),
    ApplicationStatus.more_asked: N_("Something is missing. Complete it, and hand it in again."),
    ApplicationStatus.ready: N_("The checks are done. Somebody decides soon."),
    ApplicationStatus.approved: N_("Welcome! An invitation to the portal is on its way by mail."),
    ApplicationStatus.rejected: N_("It was not accepted."),
    ApplicationStatus.withdrawn: N_("You have withdrawn it."),
    ApplicationStatus.expired: N_("It was not handed in in time. You may apply again."),
}


def _reading() -> Work:
    return Work(db.session(), actor())


def _held(code: str) -> dict[str, Any]:
    held = onboarding.read(_reading(), code)
    g.time_zone = held["time_zone"]
    return held


def _role() -> ApplicantRole:
    try:
        return ApplicantRole(request.form.get("role", ""))
    except ValueError:
        raise BadInput(N_("Choose one of those that are offered."), field="role") from None


def _save_details(code: str, held: dict[str, Any]) -> None:
    typed = dict(request.form.items())
    read = onboarding.details(typed, held["region"], has_identity=held["has_identity"])
    with unit_of_work(db.session(), actor()) as work:
        onboarding.save(work, code, read, typed.get("identity", ""))


def _save_contacts(code: str, held: dict[str, Any]) -> None:
    names, numbers = request.form.getlist("contact_name"), request.form.getlist("contact_phone")
    read = onboarding.contacts(names, numbers, held["region"])
    with unit_of_work(db.session(), actor()) as work:
        onboarding.save(work, code, {"contacts": read})


def _save_papers(code: str, held: dict[str, Any]) -> None:
    sent = request.files.get("paper")
    if sent is None or not sent.filename:
        if held["papers"]:
            return
        raise BadInput(N_("Choose a picture of your paper first."), field="paper")
    try:
        upload = uploads.check(sent.filename, sent.stream.read(), PAPERS, PAPER_BYTES_MAX)
    except BadInput as refused:
        refused.field = "paper"
        raise
    stored = storage().put(upload.content)
    with unit_of_work(db.session(), actor()) as work:
        kept = (stored.key, stored.sha256, stored.size)
        onboarding.keep_paper(work, code, upload.name, upload.mime, kept)
    flash(_("%(name)s is kept.", name=upload.name), "success")


def _hand_in(code: str, _kept: dict[str, Any]) -> None:
    if request.form.get("agreed") != "1":
        raise BadInput(N_("Without your consent nothing can be checked."), field="agreed")
    with unit_of_work(db.session(), actor()) as work:
        onboarding.submit(work, code, f"{request.remote_addr} {request.user_agent.string}")
    flash(_("Thank you. Your application is handed in."), "success")


DO: dict[str, Callable[[str, dict[str, Any]], None]] = {
    "details": _save_details,
    "contacts": _save_contacts,
    "papers": _save_papers,
    "consent": _hand_in,
}


def _next(code: str, step: str) -> str:
    """Go to the next step; papers are put one by one, until somebody goes on."""
    if step == "papers" and request.form.get("more") == "1":
        return url_for(".step", code=code, step=step)
    after = STEPS.index(step) + 1
    if after == len(STEPS):
        return url_for(".state", code=code)
    return url_for(".step", code=code, step=STEPS[after])


def _steps(held: dict[str, Any], code: str, at: str) -> list[dict[str, Any]]:
    done = {
        "details": bool(held["answers"].get("phone")) and held["has_identity"],
        "contacts": bool(held["answers"].get("contacts")),
        "papers": bool(held["papers"]),
    }
    return [
        {
            "label": _(STEP_LABELS[each]),
            "url": url_for(".step", code=code, step=each),
            "state": "current" if each == at else "done" if done.get(each) else "ahead",
        }
        for each in STEPS
    ]


def _fields(step: str, held: dict[str, Any], refusal: Refused | None) -> list[dict[str, Any]]:
    answers = held["answers"]
    if step == "papers":
        paper = _text("paper", _("Picture of your paper, or PDF"), "file", "", refusal)
        return [paper | {"accept": "image/png,image/jpeg,image/webp,application/pdf"}]
    if step == "consent":
        return [_text("agreed", _("I agree"), "yesno", "", refusal)]
    if step == "contacts":
        return _contacts(answers.get("contacts") or [])
    number = _text("identity", _("Number of the paper"), "text", "", refusal)
    if held["has_identity"]:
        number |= {
            "hint": _("It is kept locked. Type it again only to change it."),
            "required": False,
        }
    return [
        _choice("kind", _("I am"), PARTY_KIND_LABELS, answers.get("kind", "person"), refusal),
        _text("name", _("Name, as it stands on your paper"), "text", answers.get("name"), refusal),
        _text("email", _("E-mail address"), "email", answers.get("email"), refusal),
        _text("phone", _("Phone"), "phone", answers.get("phone"), refusal),
        _text("address", _("Address"), "text", answers.get("address"), refusal)
        | {"required": False, "maxlength": 400},
        _choice(
            "identity_kind",
            _("Paper"),
            IDENTIFIER_LABELS,
            answers.get("identity_kind", "national_id"),
            refusal,
        ),
        number,
    ]


def _contacts(kept: list[dict[str, str]]) -> list[dict[str, Any]]:
    typed = request.method == "POST"
    names = request.form.getlist("contact_name") if typed else [x["name"] for x in kept]
    phones = request.form.getlist("contact_phone") if typed else [x["phone"] for x in kept]
    return [
        field | {"required": line == 0}
        for line in range(max(CONTACT_LINES, len(names)))
        for field in (
            _text("contact_name", _("Name"), "text", _at(names, line)),
            _text("contact_phone", _("Phone"), "phone", _at(phones, line)),
        )
    ]


def _at(values: list[str], line: int) -> str:
    return values[line] if line < len(values) else ""


def _text(
    name: str, label: str, kind: str, value: Any, refusal: Refused | None = None
) -> dict[str, Any]:
    typed = request.form.get(name) if refusal is not None else None
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "value": value if typed is None else typed,
        "required": kind not in ("file", "yesno"),
        "maxlength": 320,
        "errors": _errors(name, refusal),
    }


def _choice(
    name: str, label: str, words: Any, value: str, refusal: Refused | None
) -> dict[str, Any]:
    options = [{"value": key.value, "label": _(said)} for key, said in words.items()]
    return _text(name, label, "choice", value, refusal) | {"options": options}


def _errors(name: str, refusal: Refused | None) -> tuple[str, ...]:
    if isinstance(refusal, Mistakes):
        return (sentence(refusal.found[name]),) if name in refusal.found else ()
    return (sentence(refusal),) if refusal is not None and refusal.field == name else ()


def _beside(refusal: Refused | None) -> str:
    """Say what no field says."""
    shown = ("paper", "agreed")
    if refusal is None or isinstance(refusal, Mistakes) or refusal.field in shown:
        return ""
    return sentence(refusal)
