"""What people put to a record from its page: comments, files, and that they follow it."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.errors import BadInput, NotFound
from core.work import unit_of_work
from services import files, followers
from views import uploading
from views.person import actor, signed_in
from views.refusals import in_words, sentence
from views.registry import READ_VERB, WRITE_VERB, Screen
from views.rights import needs, require


class RecordSide:
    """The side of a record's page, shared by all screens."""

    screen: Screen

    def _row(self, pk: UUID) -> Any:
        rules = self.screen.rules(listed=False)
        row = db.session().scalar(
            select(self.screen.model).where(self.screen.model.id == pk, *rules)
        )
        if row is None:
            raise NotFound
        return row

    def _name(self, row: Any) -> str:
        return str(getattr(row, self.screen.name_key) or _(self.screen.one))

    @expose("/<uuid:pk>/comments", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def comment(self, pk: UUID) -> Any:
        """Write on a record."""
        require("record_comment", WRITE_VERB)
        row = self._row(pk)
        try:
            with unit_of_work(db.session(), actor()) as work, in_words(work.session):
                said = request.form.get("text", "")
                files.comment(work, self.screen.name, pk, said, self._name(row))
        except BadInput as refusal:
            flash(sentence(refusal), "danger")
        return redirect(url_for(".record", pk=pk))

    @expose("/<uuid:pk>/files", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def upload(self, pk: UUID) -> Any:
        """Put a file to a record."""
        require("document", WRITE_VERB)
        self._row(pk)
        try:
            uploading.keep(self.screen.name, pk, request.files.get("file"))
            flash(_("The file is kept with the record."), "success")
        except BadInput as refusal:
            flash(sentence(refusal), "danger")
        return redirect(url_for(".record", pk=pk))

    @expose("/<uuid:pk>/follow", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def follow(self, pk: UUID) -> Any:
        """Follow a record, or leave it; only the staff does."""
        at_hand = signed_in()
        if at_hand.member is None or not at_hand.member.staff:
            raise NotFound
        self._row(pk)
        with unit_of_work(db.session(), actor()) as work:
            if request.args.get("leave"):
                followers.leave(work, pk, at_hand.profile_id)
            else:
                followers.follow(work, self.screen.name, pk, [at_hand.profile_id])
        return redirect(url_for(".record", pk=pk))
