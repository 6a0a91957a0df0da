"""Acts on the web: a service function as a button, as an endpoint, and as the guard of a form."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect
from flask_appbuilder.actions import action
from flask_appbuilder.api import expose, safe
from flask_appbuilder.security.decorators import permission_name, protect
from werkzeug.wrappers import Response as BaseResponse

from core import db
from core.db import Base
from core.errors import NotFound, Refused
from core.scope import OrganizationScoped
from core.work import Work, unit_of_work
from views.fab import Api, View, parsed
from views.person import actor
from views.refusals import REPORTED, answer, sentence

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Act:
    """A button: one service function, offered on rows, with a permission of its own name."""

    do: Callable[[Work, UUID], object]
    label: str
    confirm: str | None = None
    icon: str = "fa-check"

    @property
    def name(self) -> str:
        """The verb: button name, permission and audit entry are all this one word."""
        return self.do.__name__


def button(act: Act) -> Callable[..., BaseResponse]:
    """Offer the act on the rows of a list and on the page of one."""

    def press(self: View, rows: Base | list[Base] | None) -> BaseResponse:
        """Do the act on each row by itself: one refusal must not undo the others."""
        ids = [row.id for row in (rows if isinstance(rows, list) else [rows]) if row]
        done, refusals = 0, []
        with unit_of_work(db.session(), actor()) as work:
            for row_id in ids:
                try:
                    with work.session.begin_nested():
                        act.do(work, row_id)
                    done += 1
                except Refused as refusal:
                    refusals.append(sentence(refusal))
        flash(f"{act.label}: {done}", "success" if done else "warning")
        for reason in refusals:
            flash(reason, "danger")
        self.update_redirect()
        return redirect(self.get_redirect())

    press.__name__ = act.name
    pressed: Callable[..., BaseResponse] = action(act.name, act.label, act.confirm, act.icon)(press)
    return pressed


def endpoint(act: Act) -> Callable[..., Response]:
    """Offer the act as `POST /api/v1/<table>/<id>/<verb>`."""

    def call(self: Api, pk: str) -> Response:
        """Do the act on one row.

        ---
        post:
          parameters:
          - {in: path, name: pk, schema: {type: string, format: uuid}}
          responses: {200: {description: Done}, 409: {description: Refused}}
        """
        try:
            row_id = parsed(pk)
            if row_id is None:
                raise NotFound
            with unit_of_work(db.session(), actor()) as work:
                act.do(work, row_id)
        except Refused as refusal:
            return answer(refusal)
        response: Response = self.response(200, id=pk)
        return response

    call.__name__ = act.name
    guarded = protect()(safe(permission_name(act.name)(call)))
    exposed: Callable[..., Response] = expose(f"/<pk>/{act.name}", methods=["POST"])(guarded)
    return exposed


def guards(
    kind: type[View | Api], before_save: Callable[[Work, Any], None] | None
) -> dict[str, Callable[..., None]]:
    """Run the guard of the form before Flask-AppBuilder commits."""

    def pre_add(self: View | Api, row: Base) -> None:
        checked(row, before_save)

    def pre_update(self: View | Api, row: Base) -> None:
        checked(row, before_save)
        kind.pre_update(self, row)

    return {"pre_add": pre_add, "pre_update": pre_update}


def checked(row: Base, before_save: Callable[[Work, Any], None] | None) -> None:
    """Check a row, or refuse it. Flask-AppBuilder shows whatever this raises, and logs nothing."""
    session = db.session()
    work = Work(session, actor())
    try:
        with session.no_autoflush:
            if before_save:
                before_save(work, row)
            if isinstance(row, OrganizationScoped) and row.organization_id is None:
                row.organization_id = work.scope.home()
    except Exception as error:
        session.rollback()
        if isinstance(error, Refused):
            raise
        log.exception("saving a %s", type(row).__name__)
        raise Refused(REPORTED) from error
