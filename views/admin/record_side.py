"""What people put to a record from its page: comments, files, and that they follow it."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.errors import BadInput, NotFound
from core.text import N_
from core.work import unit_of_work
from models.files import Document, DocumentUse
from services import files, followers
from views.admin import uploading
from views.admin.records import name_of
from views.admin.registry import READ_VERB, WRITE_VERB, Screen
from views.admin.rights import needs, require
from views.web.person import actor, signed_in
from views.web.refusals import in_words, sentence


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

    @expose("/<uuid:pk>/comments", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def comment(self, pk: UUID) -> Any:
        """Write on a record."""
        require("record_comment", WRITE_VERB)
        self._row(pk)
        try:
            with unit_of_work(db.session(), actor()) as work, in_words(work.session):
                said = request.form.get("text", "")
                files.comment(work, self.screen.name, pk, said, name_of(self.screen, pk))
        except BadInput as refusal:
            flash(sentence(refusal), "danger")
        return redirect(url_for(".record", pk=pk))

    @expose("/<uuid:pk>/files", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def upload(self, pk: UUID) -> Any:
        """Put a file to a record, or one of its pictures."""
        require("document", WRITE_VERB)
        self._row(pk)
        try:
            use = self._use(request.form.get("use", ""))
            sent = request.files.getlist("file")
            for each in sent:
                uploading.keep(self.screen.name, pk, each, use)
            if not sent:
                raise BadInput(N_("Choose a file first."), field="file")  # noqa: TRY301
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

    @expose("/<uuid:pk>/files/<uuid:document>/remove", methods=["POST"])  # type: ignore[untyped-decorator]
    @needs(READ_VERB)
    def remove_file(self, pk: UUID, document: UUID) -> Any:
        """Take a file from a record."""
        require("document", WRITE_VERB)
        self._use_of(document)
        self._row(pk)
        try:
            with unit_of_work(db.session(), actor()) as work, in_words(work.session):
                files.remove(work, self.screen.name, pk, document)
            flash(_("The file is gone."), "success")
        except files.PaperStays as refusal:
            flash(sentence(refusal), "danger")
        return redirect(url_for(".record", pk=pk))

    def _use(self, wish: str) -> DocumentUse:
        """Say what a file is to the record; pictures of it are for who may change it."""
        if wish in ("", DocumentUse.attachment):
            return DocumentUse.attachment
        if wish not in self.screen.pictures.split():
            raise BadInput(N_("Choose one of those that are offered."), field="use")
        require(self.screen.name, WRITE_VERB)
        return DocumentUse(wish)

    def _use_of(self, document_id: UUID) -> None:
        query = select(Document.use).where(Document.id == document_id)
        use = db.session().scalar(query)
        if use in (DocumentUse.photo, DocumentUse.logo):
            require(self.screen.name, WRITE_VERB)
