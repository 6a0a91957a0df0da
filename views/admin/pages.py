"""The addresses of a screen: list, board, record, forms, acts, exports. One class per screen."""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import (
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from core import db
from core.errors import NotFound, Refused
from core.work import unit_of_work
from services import builder
from views.admin import acts, boards, downloads, forms, pickers, queries
from views.admin.acts import MOST_AT_ONCE, Act
from views.admin.columns import Kind
from views.admin.inputs import Input, control, source_of
from views.admin.lists import DROPPED, list_page
from views.admin.record_side import RecordSide
from views.admin.records import name_of, record_page
from views.admin.registry import BY_TABLE, READ_VERB, WRITE_VERB, Screen
from views.admin.rights import needs, require
from views.admin.words import number
from views.web.person import actor, signed_in
from views.web.refusals import in_words, sentence


class ScreenView(RecordSide, BaseView):  # type: ignore[misc]
    """The pages of one screen."""

    screen: Screen
    default_view = "index"

    @expose("/")  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def index(self) -> Any:
        """Show the list."""
        return render_template("admin/list.html", page=list_page(self.screen))

    @expose("/board")  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def board(self) -> Any:
        """Show the rows as cards by their states."""
        if self.screen.board is None:
            raise NotFound
        return render_template("admin/board.html", page=boards.board_page(self.screen))

    @expose("/export.<kind>")  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def export(self, kind: str) -> Response:
        """Send exactly what is filtered, as CSV or XLSX."""
        made = downloads.of(self.screen, kind)
        return send_file(made.file, made.content_type, as_attachment=True, download_name=made.name)

    @expose("/options/<field>")  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def options(self, field: str) -> Response:
        """Offer what a select box may choose, 50 at most."""
        return jsonify(options=pickers.options(self.screen, field, request.args.get("act", "")))

    @expose("/columns", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def choose_columns(self) -> Any:
        """Show other columns."""
        kept = [(k, v) for k, v in request.args.items(multi=True) if k not in (*DROPPED, "columns")]
        if picked := request.form.getlist("column"):
            kept.append(("columns", ",".join(picked)))
        return redirect(f"{url_for('.index')}?{urlencode(kept)}")

    @expose("/views", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def save_view(self) -> Any:
        """Keep the list as it is arranged now."""
        require("saved_view", WRITE_VERB)
        query = request.query_string.decode()
        shared = request.form.get("shared") == "1"
        with unit_of_work(db.session(), actor()) as work, in_words(work.session):
            name = request.form.get("name", "")
            builder.save_view(work, self.screen.name, name, query, shared=shared)
        flash(_("The view is kept as a tab."), "success")
        return redirect(f"{url_for('.index')}?{query}")

    @expose("/views/<uuid:pk>/delete", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def drop_view(self, pk: UUID) -> Any:
        """Forget a saved view."""
        with unit_of_work(db.session(), actor()) as work:
            builder.drop_view(work, pk)
        flash(_("The view is gone; nothing else is."), "success")
        return redirect(url_for(".index"))

    @expose("/bulk", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def bulk(self) -> Any:
        """Do an act on many rows, each by itself: one refusal does not undo the others."""
        act = self._act(request.form.get("act", ""))
        if act.asks or not act.bulk:
            raise NotFound
        done, refusals = 0, []
        for row_id in self._picked():
            try:
                acts.do(act, row_id, request.form)
                done += 1
            except Refused as refusal:
                refusals.append(sentence(refusal))
        label = _(act.label)
        flash(_("%(act)s: %(count)s done.", act=label, count=done), "success" if done else "info")
        for reason in dict.fromkeys(refusals[:100]):
            count = refusals.count(reason)
            flash(_("%(count)s not done: %(reason)s", count=count, reason=reason), "warning")
        query = request.query_string.decode()
        return redirect(f"{url_for('.index')}?{query}" if query else url_for(".index"))

    def _picked(self) -> list[UUID]:
        if request.form.get("everything") != "1":
            picked = [each for each in map(_id, request.form.getlist("id")) if each]
        else:
            wish = queries.wanted(self.screen, request.args)
            every = queries.all_rows(self.screen, wish, [], {}).limit(MOST_AT_ONCE + 1)
            picked = [row.id for row in db.session().execute(every)]
        if len(picked) > MOST_AT_ONCE:
            said = _("That was done to the first %(most)s rows only. Do it again for the others.")
            flash(said % {"most": number(MOST_AT_ONCE)}, "warning")
        return picked[:MOST_AT_ONCE]

    def _act(self, name: str) -> Act:
        act = self.screen.act(name)
        if act is None:
            raise NotFound
        acts.require(act, self.screen.name)
        return act

    @expose("/add", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs(WRITE_VERB)
    def add(self) -> Any:
        """Add a row."""
        screen = self.screen
        if not screen.form or not screen.addable:
            raise NotFound
        refusal = None
        if request.method == "POST":
            try:
                row_id = forms.add(screen, _given(screen, adding=True))
            except Refused as refused:
                refusal = refused
            else:
                flash(_("%(thing)s was added.", thing=_(screen.one)), "success")
                again = request.form.get("another") == "1"
                return redirect(url_for(".add") if again else url_for(".record", pk=row_id))
        typed = request.form if request.method == "POST" else None
        page = forms.form_page(screen, None, typed, refusal, begun=request.args)
        page |= {
            "title": _("Add %(thing)s", thing=_(screen.one).lower()),
            "crumbs": self._crumbs(_("Add")),
            "submit": _("Add %(thing)s", thing=_(screen.one).lower()),
            "another": _("Add and go on with another"),
            "cancel_url": url_for(".index"),
        }
        return render_template("admin/form.html", page=page), refusal.status if refusal else 200

    @expose("/<uuid:pk>/edit", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs(WRITE_VERB)
    def edit(self, pk: UUID) -> Any:
        """Change a row."""
        screen, refusal = self.screen, None
        if not screen.form:
            raise NotFound
        if request.method == "POST":
            given = _given(screen, adding=False)
            version = request.form.get("version", "")
            try:
                forms.change(screen, pk, given, version=version, partial=False)
            except NotFound:
                raise
            except Refused as refused:
                refusal = refused
            else:
                flash(_("Your changes are kept."), "success")
                return redirect(url_for(".record", pk=pk))
        row = self._row(pk)
        lost = isinstance(refusal, forms.ChangedMeanwhile)
        typed = request.form if request.method == "POST" and not lost else None
        page = forms.form_page(screen, row, typed, refusal)
        name = name_of(screen, pk)
        page |= {
            "title": _("Edit %(name)s", name=name),
            "crumbs": self._crumbs(name, _("Edit"), pk),
            "hidden": {"version": self._version(row, lost=lost)},
            "cancel_url": url_for(".record", pk=pk),
        }
        return render_template("admin/form.html", page=page), refusal.status if refusal else 200

    def _version(self, row: Any, *, lost: bool) -> str:
        kept = request.form.get("version", "")
        return kept if kept and not lost else forms.version_of(self.screen, row)

    @expose("/<uuid:pk>")  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def record(self, pk: UUID) -> Any:
        """Show one record. A page that waits asks again until nothing moves: then all is new."""
        page = record_page(self.screen, pk)
        response = make_response(render_template("admin/record.html", page=page))
        if "HX-Request" in request.headers and not page["moves"]:
            response.headers["HX-Refresh"] = "true"
        return response

    @expose("/<uuid:pk>/delete", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(WRITE_VERB)
    def delete(self, pk: UUID) -> Any:
        """Delete a row that nothing needs."""
        if not self.screen.deletable:
            raise NotFound
        try:
            forms.delete(self.screen, pk)
        except NotFound:
            raise
        except Refused as refusal:
            flash(sentence(refusal), "danger")
            return redirect(url_for(".record", pk=pk))
        flash(_("%(thing)s was deleted.", thing=_(self.screen.one)), "success")
        return redirect(url_for(".index"))

    @expose("/<uuid:pk>/<verb>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def act(self, pk: UUID, verb: str) -> Any:
        """Do an act on one row; what it asks for is asked on a page of its own."""
        act, row = self._act(verb), self._row(pk)
        back = url_for(".record", pk=pk)
        refusal = None
        if request.method == "POST":
            currency = forms.currency_of(db.session(), self.screen, row)
            asked = _asked(act)
            try:
                if act.preview and request.form.get("previewed") != _seen(asked):
                    return self._previewed(act, row, acts.foresee(act, pk, asked, currency))
                made = acts.do(act, pk, asked, currency)
            except Refused as refused:
                refusal = refused
            else:
                flash(_(act.outcome(made) if act.outcome else act.done), "success")
                return redirect(self._made(made) or _back(back))
        elif not act.asks:
            return redirect(back)
        if refusal and (not act.asks or isinstance(refusal, NotFound)):
            flash(sentence(refusal), "danger")
            return redirect(_back(back))
        page = self._act_page(act, self._row(pk), refusal)
        return render_template("admin/form.html", page=page), refusal.status if refusal else 200

    def _previewed(self, act: Act, row: Any, said: str) -> Any:
        page = self._act_page(act, row, None)
        page |= {
            "notice": {"text": said, "tone": "waiting"},
            "hidden": {"previewed": _seen(_asked(act))},
        }
        return render_template("admin/form.html", page=page)

    def _made(self, made: Any) -> str | None:
        """Give the page of what an act has made, where that is another kind of record."""
        target = BY_TABLE.get(getattr(type(made), "__tablename__", ""))
        if target is None or target is self.screen:
            return None
        if not signed_in().may(READ_VERB, target.name):
            return None
        return url_for(f"{target.name}.record", pk=made.id)

    def _act_page(self, act: Act, row: Any, refusal: Refused | None) -> dict[str, Any]:
        typed = request.form if request.method == "POST" else None
        session, currency = db.session(), forms.currency_of(db.session(), self.screen, row)
        fields = []
        for each in act.inputs:
            source = source_of(self.screen.name, each.name, act.name)
            value = _typed(each, typed) if typed is not None else acts.preset(each, row)
            wrong = refusal is not None and refusal.field == each.name
            errors = (sentence(refusal),) if refusal and wrong else ()
            chosen = pickers.chosen(session, each, value)
            fields.append(
                control(each, value, source=source, errors=errors, currency=currency, chosen=chosen)
                | ({"options": each.offers(row)} if each.offers else {})
            )
        name = name_of(self.screen, row.id)
        return {
            "title": f"{_(act.label)}: {name}",
            "sentence": _(act.confirm) if act.confirm else "",
            "crumbs": self._crumbs(name, _(act.label), row.id),
            "groups": [{"title": "", "fields": fields}],
            "errors": [{"text": sentence(refusal), "field_id": ""}] if refusal else [],
            "submit": _(act.label),
            "cancel_url": url_for(".record", pk=row.id),
        }

    def _crumbs(self, name: str, last: str = "", pk: UUID | None = None) -> list[dict[str, str]]:
        crumbs = [
            {"label": _(self.screen.menu)},
            {"label": _(self.screen.title), "url": url_for(".index")},
            {"label": name},
        ]
        if last:
            crumbs[-1]["url"] = url_for(".record", pk=pk)
            crumbs.append({"label": last})
        return crumbs


def _given(screen: Screen, *, adding: bool) -> dict[str, Any]:
    """Take the listed fields of the form at hand, and nothing else that was posted."""
    given: dict[str, Any] = {}
    for each in screen.fields(adding=adding):
        many = each.choices is not None and each.kind == "names"
        given[each.name] = request.form.getlist(each.name) if many else request.form.get(each.name)
    return given


def _asked(act: Act) -> dict[str, Any]:
    return {each.name: _typed(each, request.form) for each in act.inputs}


def _typed(field: Input, form: Mapping[str, str]) -> Any:
    """Take what was typed for a field; counts and shares come one a field, `name.id(.what)`."""
    if field.kind not in (Kind.counts, Kind.shares):
        return form.get(field.name)
    head = f"{field.name}."
    given = {key.removeprefix(head): form[key] for key in form if key.startswith(head)}
    if field.kind is Kind.counts:
        return given
    shares: dict[str, dict[str, str]] = {}
    for key, text in given.items():
        which, _dot, what = key.partition(".")
        shares.setdefault(which, {})[what] = text
    return shares


def _seen(asked: dict[str, Any]) -> str:
    """Name what was typed, so that only what was previewed is done."""
    typed = "\0".join(f"{key}={value}" for key, value in asked.items())
    return hashlib.sha256(typed.encode(errors="replace")).hexdigest()


def _back(record: str) -> str:
    """Go back to where the act was pressed: a list or board of ours, else the record."""
    came = request.headers.get("Referer", "")
    here = request.host_url.rstrip("/")
    path = came.removeprefix(here) if came.startswith(f"{here}/admin/") else ""
    return path if path and path.partition("?")[0].endswith(("/", "/board")) else record


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def view_of(screen: Screen) -> type[ScreenView]:
    """Make the view of a screen; its endpoint is the table's name."""
    attributes = {
        "screen": screen,
        "route_base": f"/admin/{screen.name}",
        "class_permission_name": screen.name,
        "base_permissions": [f"can_{verb}" for verb in screen.rights()],
    }
    return type(f"{screen.model.__name__}Screen", (ScreenView,), attributes)
