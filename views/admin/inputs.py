"""What people type and programs send: fields as data, and reading them without guessing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import Base
from core.errors import BadInput
from core.money import decimals, parsed
from core.text import N_
from views.admin.columns import Column, Kind, in_words, name_key

MOST_NAMES, LONGEST_NAME = 50, 80
MOST_COUNTED = 200
LARGEST_WHOLE = 2**31 - 1
MISSING = N_("Fill this in.")
NOT_OFFERED = N_("Choose one of those that are offered.")
KINDS = {
    Kind.long: "long",
    Kind.number: "number",
    Kind.money: "money",
    Kind.day: "date",
    Kind.choice: "choice",
    Kind.yesno: "yesno",
    Kind.relation: "search",
    Kind.counts: "counts",
    Kind.shares: "shares",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to fill in. `kind` says how it is read; a relation names its `target`.

    `choices` are values with message ids, for texts that take only a few; `start` gives what stands
    there at first, from the row that an act is done on, and `offers` what can be counted, or taken
    a share of, there.
    """

    name: str
    label: str
    kind: Kind = Kind.text
    required: bool = True
    hint: str = ""
    target: type[Base] | None = None
    enum: type[Enum] | None = None
    choices: Mapping[str, str] | None = None
    length: int | None = None
    whole: bool = False
    scale: int = 2
    nullable: bool = False
    shape: str = ""
    value: str = ""
    start: Callable[[Any], Any] | None = None
    offers: Callable[[Any], list[dict[str, Any]]] | None = None

    @classmethod
    def of(cls, column: Column, **more: Any) -> "Input":
        """Make the input that fills a column."""
        text = column.kind in (Kind.text, Kind.long)
        required = not column.nullable and not column.defaulted
        made = cls(
            name=column.key,
            label=column.label,
            kind=column.kind,
            required=required and column.kind is not Kind.yesno,
            target=column.target,
            enum=column.enum,
            length=column.length,
            whole=column.whole,
            scale=column.scale,
            nullable=column.nullable and not text,
        )
        return replace(made, **more)


def read(session: Session, field: Input, raw: Any, currency: str = "") -> Any:
    """Read what was typed or sent for one field.

    Raises:
        BadInput: it is missing, cannot be read, too long, or names what is not in sight.

    """
    if isinstance(raw, str):
        raw = raw.strip()
        _refuse_unwritable(field, raw)
    if raw in (None, "", [], {}):
        if field.required:
            raise BadInput(MISSING, field=field.name)
        return _nothing(field)
    if field.kind in (Kind.text, Kind.long):
        return _text(field, raw)
    if field.kind is Kind.money:
        return parsed(_as_text(field, raw), currency or "KES", field.name)
    if field.kind is Kind.relation:
        return _known(session, field, raw)
    if field.kind is Kind.shares:
        return _shares(field, raw, currency or "KES")
    return READERS[field.kind](field, raw)


def _nothing(field: Input) -> Any:
    if field.kind in (Kind.text, Kind.long) and field.choices is None:
        return ""
    return {Kind.yesno: False, Kind.names: [], Kind.counts: {}, Kind.shares: {}}.get(field.kind)


def _refuse_unwritable(field: Input, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(
            N_("A text has a character that cannot be kept."), field=field.name
        ) from None
    if "\0" in text:
        raise BadInput(N_("A text has a character that cannot be kept."), field=field.name)


def _as_text(field: Input, raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise BadInput(N_('Send this as text, like "10400000.00".'), field=field.name)
    return str(raw)


def _text(field: Input, raw: Any) -> str:
    if not isinstance(raw, str):
        raise BadInput(N_("This takes a text."), field=field.name)
    if field.choices is not None and raw not in field.choices:
        raise BadInput(NOT_OFFERED, field=field.name)
    if field.length and len(raw) > field.length:
        raise BadInput(
            N_("Write at most %(length)s characters; these are %(count)s."),
            field=field.name,
            length=field.length,
            count=len(raw),
        )
    return raw


def _number(field: Input, raw: Any) -> Any:
    text = _as_text(field, raw).replace("\u2212", "-")
    pattern = r"-?\d{1,10}" if field.whole else rf"-?\d{{1,12}}(\.\d{{1,{field.scale or 1}}})?"
    if not (text.isascii() and re.fullmatch(pattern, text)):
        said = N_("Write a whole number.") if field.whole else N_("Write a number, like 12.5.")
        raise BadInput(said, field=field.name)
    if field.whole and abs(int(text)) > LARGEST_WHOLE:
        raise BadInput(N_("The number is too large."), field=field.name)
    return int(text) if field.whole else Decimal(text) + 0


def _day(field: Input, raw: Any) -> date:
    try:
        if not isinstance(raw, str) or len(raw) != 10:
            raise ValueError  # noqa: TRY301  # said below, as any other day that cannot be read
        day = date.fromisoformat(raw)
    except ValueError:
        raise BadInput(N_("Write a date like 2026-03-12."), field=field.name) from None
    if not 1900 <= day.year <= 2200:
        raise BadInput(N_("The year is between 1900 and 2200."), field=field.name)
    return day


def _moment(field: Input, raw: Any) -> datetime:
    try:
        at = datetime.fromisoformat(str(raw))
    except ValueError:
        raise BadInput(N_("Write a time like 2026-03-12T14:05Z."), field=field.name) from None
    if at.tzinfo is None:
        raise BadInput(N_("Say the time zone, like 2026-03-12T14:05Z."), field=field.name)
    return at


def _choice(field: Input, raw: Any) -> Any:
    assert field.enum
    try:
        return field.enum(raw)
    except ValueError:
        raise BadInput(NOT_OFFERED, field=field.name) from None


def _yesno(field: Input, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("1", "true", "yes", "on"):
        return True
    if raw in ("0", "false", "no", "off"):
        return False
    raise BadInput(N_("Say yes or no."), field=field.name)


def _names(field: Input, raw: Any) -> list[str]:
    given = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise BadInput(N_("Write names with commas between them."), field=field.name)
    for each in given:
        _refuse_unwritable(field, each)
    found = [each.strip() for each in given if each.strip()]
    if len(found) > MOST_NAMES or any(len(each) > LONGEST_NAME for each in found):
        raise BadInput(N_("At most 50 names of 80 characters."), field=field.name)
    if field.choices is not None and not set(found) <= set(field.choices):
        raise BadInput(NOT_OFFERED, field=field.name)
    return found


def _counts(field: Input, raw: Any) -> dict[UUID, int]:
    """Read how many of each: an object of numbers by ids."""
    if not isinstance(raw, dict) or len(raw) > MOST_COUNTED:
        raise BadInput(N_("Send an object: how many, by id."), field=field.name)
    found = {}
    for key, count in raw.items():
        try:
            wanted = UUID(str(key))
        except ValueError:
            raise BadInput(NOT_OFFERED, field=field.name) from None
        text = str(count).strip()
        if isinstance(count, bool) or not (text.isascii() and re.fullmatch(r"\d{0,6}", text)):
            raise BadInput(N_("Write a whole number."), field=field.name)
        found[wanted] = int(text or 0)
    return found


def _shares(field: Input, raw: Any, currency: str) -> dict[UUID, dict[str, Decimal]]:
    """Read what share of each: by ids, objects of a quantity or an amount. Empty ones are none."""
    if not isinstance(raw, dict) or len(raw) > MOST_COUNTED:
        raise BadInput(N_("Send an object: a quantity or an amount, by id."), field=field.name)
    found = {}
    for key, given in raw.items():
        try:
            wanted = UUID(str(key))
        except ValueError:
            raise BadInput(NOT_OFFERED, field=field.name) from None
        if not isinstance(given, dict) or not set(given) <= {"quantity", "amount"}:
            raise BadInput(N_("Send an object: a quantity or an amount, by id."), field=field.name)
        share: dict[str, Decimal] = {}
        if quantity := _as_text(field, given.get("quantity") or "").strip():
            share["quantity"] = _number(replace(field, scale=3), quantity)
        if amount := _as_text(field, given.get("amount") or "").strip():
            share["amount"] = parsed(amount, currency, field.name)
        if any(each < 0 for each in share.values()):
            raise BadInput(N_("Write an amount above zero."), field=field.name)
        if share:
            found[wanted] = share
    if not found and field.required:
        raise BadInput(MISSING, field=field.name)
    return found


def _known(session: Session, field: Input, raw: Any) -> UUID:
    """Read a key, and make sure that whoever types it may see the row: else it is not offered."""
    assert field.target
    try:
        wanted = raw if isinstance(raw, UUID) else UUID(str(raw))
    except ValueError:
        raise BadInput(NOT_OFFERED, field=field.name) from None
    if session.scalar(select(field.target.id).where(field.target.id == wanted)) is None:
        raise BadInput(NOT_OFFERED, field=field.name)
    return wanted


READERS = {
    Kind.number: _number,
    Kind.day: _day,
    Kind.moment: _moment,
    Kind.choice: _choice,
    Kind.yesno: _yesno,
    Kind.names: _names,
    Kind.counts: _counts,
}


def control(  # noqa: PLR0913  # what one field of a page is made of
    field: Input,
    value: Any,
    *,
    source: str = "",
    errors: tuple[str, ...] = (),
    currency: str = "",
    chosen: str = "",
) -> dict[str, Any]:
    """Write a field for `ui.field`; `chosen` is the name of the related row that `value` names."""
    made: dict[str, Any] = {
        "name": field.name,
        "label": gettext(field.label),
        "kind": "choice" if field.choices is not None else KINDS.get(field.kind, "text"),
        "value": _written(field, value, currency),
        "hint": gettext(field.hint) if field.hint else "",
        "required": field.required,
        "errors": errors,
        "maxlength": field.length,
        "multiple": field.kind is Kind.names and field.choices is not None,
    }
    if field.kind is Kind.money:
        made |= {"currency": currency, "decimals": decimals(currency) if currency else 2}
    elif field.kind is Kind.number:
        made["step"] = 1 if field.whole else "any"
    elif field.enum is not None:
        made["options"] = [{"value": each.value, "label": in_words(each)} for each in field.enum]
    elif field.choices is not None:
        made["options"] = [
            {"value": key, "label": gettext(said)} for key, said in field.choices.items()
        ]
    elif field.kind is Kind.relation:
        made["source"] = source
        made["options"] = [{"value": str(value), "label": chosen or str(value)}] if value else []
    elif field.kind is Kind.names:
        made["hint"] = made["hint"] or gettext(N_("With commas between them."))
    if field.shape:
        made["kind"] = field.shape
    return made


def _written(field: Input, value: Any, currency: str) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        places = decimals(currency) if field.kind is Kind.money and currency else field.scale
        return f"{value:.{places}f}"
    if isinstance(value, list) and field.choices is None:
        return ", ".join(str(each) for each in value)
    if isinstance(value, (UUID, date)):
        return str(value)
    return value


def name_of(session: Session, target: type[Base], row_id: UUID | None) -> str:
    """Find what a row is called; nothing for one out of sight."""
    if row_id is None:
        return ""
    named = getattr(target, name_key(target))
    return str(session.scalar(select(named).where(target.id == row_id)) or "")


def source_of(table: str, field: str, verb: str = "") -> str:
    """Give the address that a select box searches at."""
    return url_for(f"{table}.options", field=field, act=verb or None)
