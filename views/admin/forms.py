"""Forms for adding and changing rows: one reading of what is written, for pages and programs."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from core import db
from core.db import Base
from core.errors import BadInput, Mistakes, NotFound, Refused
from core.scope import OrganizationScoped
from core.text import N_
from core.work import Work, locked, unit_of_work
from models.sales import Project
from views.admin import inputs
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Screen
from views.web.person import actor
from views.web.refusals import in_words, sentence


class ChangedMeanwhile(Refused):
    """Somebody else saved the row since it was opened."""

    code = "changed_meanwhile"
    says = N_(
        "Somebody else has changed this since you opened it. What is kept now is shown; write your"
        " changes again."
    )


def add(screen: Screen, given: Mapping[str, Any]) -> UUID:
    """Add a row as the form says. Fields of a page which the screen does not list are ignored.

    Raises:
        Mistakes: fields are missing or cannot be read.
        Refused: a rule of the business or of the database forbids it.

    """
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        return add_in(work, screen, given)


def add_in(work: Work, screen: Screen, given: Mapping[str, Any]) -> UUID:
    """Add a row within a unit of work."""
    row = screen.model()
    with work.session.no_autoflush:
        _fill(work, screen, row, given, adding=True)
        if isinstance(row, OrganizationScoped) and row.organization_id is None:
            row.organization_id = work.scope.home()
        if screen.before_save:
            screen.before_save(work, row)
    if screen.add:
        row = screen.add(work, row)
    else:
        work.session.add(row)
    work.session.flush()
    return row.id


def refuse_unknown(given: Mapping[str, Any], fields: Sequence[Input]) -> None:
    """Make sure that a program sends no field that would not be written: it may be misspelt.

    Raises:
        Mistakes: there are no such fields.

    """
    names = [each.name for each in fields]
    says = N_("There is no such field to write here. There are: %(fields)s.")
    strangers = {
        name: BadInput(says, field=name, fields=", ".join(names) or "\u2013")
        for name in given
        if name not in names
    }
    if strangers:
        raise Mistakes(strangers)


def change(
    screen: Screen, row_id: UUID, given: Mapping[str, Any], *, version: str = "", partial: bool
) -> None:
    """Change a row as the form says; with `partial` only the fields that are given.

    Raises:
        NotFound: it is not in sight.
        ChangedMeanwhile: `version` is not that of the row any more.
        Mistakes: fields are missing or cannot be read.
        Refused: a rule of the business or of the database forbids it.

    """
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        change_in(work, screen, row_id, given, version=version, partial=partial)


def change_in(  # noqa: PLR0913  # what a form knows
    work: Work,
    screen: Screen,
    row_id: UUID,
    given: Mapping[str, Any],
    *,
    version: str = "",
    partial: bool,
) -> None:
    """Change a row within a unit of work."""
    row = _locked(work, screen, row_id)
    if version and version != version_of(screen, row):
        raise ChangedMeanwhile
    with work.session.no_autoflush:
        _fill(work, screen, row, given, adding=False, partial=partial)
        if screen.before_save:
            screen.before_save(work, row)
    work.session.flush()


def _locked(work: Work, screen: Screen, row_id: UUID) -> Any:
    row = locked(work, screen.model, row_id)
    if not is_listed(work.session, screen, row_id):
        raise NotFound
    return row


def is_listed(session: Any, screen: Screen, row_id: UUID) -> bool:
    """Whether a row is one that forms change: not the copy that a booking configures, say."""
    model: Any = screen.model
    found = select(model.id).where(model.id == row_id, *screen.rules())
    return session.scalar(found) is not None


def delete(screen: Screen, row_id: UUID) -> None:
    """Delete a row.

    Raises:
        NotFound: it is not in sight.
        DatabaseRefused: others need it.

    """
    with unit_of_work(db.session(), actor()) as work, in_words(work.session):
        delete_in(work, screen, row_id)


def delete_in(work: Work, screen: Screen, row_id: UUID) -> None:
    """Delete a row within a unit of work."""
    row = _locked(work, screen, row_id)
    if screen.remove:
        screen.remove(work, row_id)
    else:
        work.session.delete(row)
    work.session.flush()


def _fill(  # noqa: PLR0913  # what a form knows
    work: Work,
    screen: Screen,
    row: Any,
    given: Mapping[str, Any],
    *,
    adding: bool,
    partial: bool = False,
) -> None:
    mistakes: dict[str, Refused] = {}
    fields = screen.fields(adding=adding)
    # Money is read last: it needs to know its currency, which another field may decide.
    for field in sorted(fields, key=lambda each: each.kind is Kind.money):
        if field.name not in given and (partial or _left_to_default(screen, field)):
            continue
        try:
            currency = currency_of(work.session, screen, row) if field.kind is Kind.money else ""
            value = inputs.read(work.session, field, given.get(field.name), currency)
            _set(screen, row, field, value)
        except Refused as refusal:
            mistakes[field.name] = refusal
    if mistakes:
        raise Mistakes(mistakes)


def _left_to_default(screen: Screen, field: Input) -> bool:
    """Whether a program that does not send a field gets what the table says; pages send all."""
    return not field.required and screen.column(field.name).defaulted


def _set(screen: Screen, row: Any, field: Input, value: Any) -> None:
    column = screen.column(field.name)
    if value is None and not column.nullable:
        if getattr(row, column.id_key, None) is None and column.defaulted:
            return  # left out: the default counts
        raise BadInput(inputs.MISSING, field=field.name)
    setattr(row, column.id_key, value)


def currency_of(session: Any, screen: Screen, row: Base | None) -> str:
    """Find the currency of a row's money, also of one that is not saved yet."""
    if row is None or not screen.money_path:
        return ""
    if screen.money_path == "currency":
        found = getattr(row, "currency", "") or ""
        project_id = getattr(row, "project_id", None)
        if found or project_id is None:
            return found
        return str(session.scalar(select(Project.currency).where(Project.id == project_id)) or "")
    project_id = getattr(row, "project_id", None)
    found = session.scalar(select(Project.currency).where(Project.id == project_id))
    return str(found or "")


def version_of(screen: Screen, row: Any) -> str:
    """Name the state of a row's form fields, to notice when somebody else changes them."""
    values = [
        str(getattr(row, screen.column(each.name).id_key)) for each in screen.fields(adding=False)
    ]
    return hashlib.sha256("\0".join(values).encode()).hexdigest()[:24]


def form_page(
    screen: Screen,
    row: Any = None,
    typed: Mapping[str, Any] | None = None,
    refusal: Refused | None = None,
    begun: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe the form: what was typed stands in it, and what is wrong beside it.

    A form that somebody comes to with values in its address has `begun` with these.
    """
    session = db.session()
    found = refusal.found if isinstance(refusal, Mistakes) else {}
    if refusal and refusal.field:
        found = {refusal.field: refusal}
    currency = currency_of(session, screen, row)
    made = {}
    for field in screen.fields(adding=row is None):
        column = screen.column(field.name)
        value = (begun and _typed(field, begun)) or field.value or None
        if typed is not None:
            value = _typed(field, typed)
        elif row is not None:
            value = getattr(row, column.id_key)
        chosen = _chosen(session, field, value)
        errors = (sentence(found[field.name]),) if field.name in found else ()
        made[field.name] = inputs.control(
            field,
            value,
            source=inputs.source_of(screen.name, field.name),
            errors=errors,
            currency=currency,
            chosen=chosen,
        )
    return {
        "groups": _groups(screen, made),
        "errors": _errors(made, found, refusal),
        "currency": currency,
        "live": _live(screen, row),
    }


def _live(screen: Screen, row: Any) -> dict[str, str] | None:
    """Say where a form asks about what is typed, and which of its fields that takes."""
    if not screen.live:
        return None
    url = url_for(screen.live, row=row.id if row is not None else None)
    return {"url": url, "fields": ",".join(screen.live_fields.split())}


def _typed(field: Input, typed: Mapping[str, Any]) -> Any:
    if field.kind is Kind.names and field.choices is not None and hasattr(typed, "getlist"):
        return typed.getlist(field.name)
    return typed.get(field.name)


def _chosen(session: Any, field: Input, value: Any) -> str:
    if field.kind is not Kind.relation or not value:
        return ""
    assert field.target
    try:
        return inputs.name_of(session, field.target, UUID(str(value)))
    except ValueError:
        return ""


def _groups(screen: Screen, made: dict[str, Any]) -> list[dict[str, Any]]:
    groups = screen.form_groups or (Group(screen.one, screen.form),)
    named = [
        {"title": _(group.title), "fields": [made[n] for n in group.columns.split() if n in made]}
        for group in groups
    ]
    return [group for group in named if group["fields"]]


def _errors(
    made: dict[str, Any], found: Mapping[str, Refused], refusal: Refused | None
) -> list[dict[str, str]]:
    errors = [
        {"text": f"{made[name]['label']}: {sentence(each)}", "field_id": f"f-{name}"}
        for name, each in found.items()
        if name in made
    ]
    if refusal and not errors:
        errors = [{"text": sentence(refusal), "field_id": ""}]
    return errors
