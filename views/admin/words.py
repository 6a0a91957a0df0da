"""How values are written for people: money, days, times, yes and no, states, lists."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from babel.numbers import format_decimal
from flask import Flask
from flask_babel import format_date, format_datetime, get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from core.money import written
from models.billing import InvoiceLine
from services import instalments

SHOWN_NAMES = 3
CODED = re.compile(r"[A-Z]{1,6}-\d{3,}")
PROGRAMS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Marks in what browsers say of themselves; the first that is found counts."""
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def money(amount: Decimal | None, currency: str = "") -> str:
    """Write an amount with its code, grouped, in the currency's decimals: KES 10,400,000.00."""
    return written(amount, currency, get_locale())


def number(value: Decimal | int | None) -> str:
    """Write a number, grouped, without decimals that say nothing."""
    return "\u2013" if value is None else str(format_decimal(value, locale=get_locale()))


def day(value: date | datetime | None) -> str:
    """Write a day: 12 Mar 2026. A time is shown as the day it is in the organization's zone."""
    return str(format_date(value, "d MMM y")) if value else "\u2013"


def moment(value: datetime | None) -> str:
    """Write a time in the organization's zone: 12 Mar 2026, 14:05."""
    return str(format_datetime(value, "d MMM y, HH:mm")) if value else "\u2013"


def yesno(value: bool | None) -> str:  # noqa: FBT001  # a filter
    """Say yes or no."""
    return "\u2013" if value is None else str(_("Yes") if value else _("No"))


def dash(value: Any) -> Any:
    """Show a quiet dash for what is empty."""
    empty = value is None or value == "" or (isinstance(value, (list, tuple)) and not value)
    return Markup('<span class="mk-dash">\u2013</span>') if empty else value


def coded(value: Any) -> bool:
    """Whether what a cell shows is a number like INV-000012, which is not broken in two."""
    said = Markup(value).striptags() if isinstance(value, str) else ""  # noqa: S704  # only looked at
    return bool(CODED.fullmatch(said))


def names(values: Iterable[Any]) -> str:
    """List the first three and say how many more: a, b, c +4."""
    plain = [str(each) for each in values]
    rest = len(plain) - SHOWN_NAMES
    return ", ".join(plain[:SHOWN_NAMES]) + (f" +{rest}" if rest > 0 else "")


def device(user_agent: str) -> str:
    """Say what somebody came with: Firefox on Android. A program is named as it calls itself."""
    program = next((name for mark, name in PROGRAMS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if program and system:
        return str(_("%(program)s on %(system)s", program=program, system=system))
    return program or user_agent[:40] or str(_("A program"))


def said(value: Any, currency: str = "") -> Markup:  # noqa: PLR0911  # a kind a line
    """Write any value of a column as people read it."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, bool):
        return escape(yesno(value))
    if isinstance(value, datetime):
        return escape(moment(value))
    if isinstance(value, date):
        return escape(day(value))
    if isinstance(value, Decimal) and currency:
        return Markup('<span class="mk-money">{}</span>').format(money(value, currency))
    if isinstance(value, Enum):
        return escape(_(str(value.value).replace("_", " ").capitalize()))
    if isinstance(value, (int, Decimal)):
        return escape(number(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return escape(dash(names(value)))
    return escape(dash(value))


def line_in_words(line: InvoiceLine) -> str:
    """Say what a line of an invoice is for, in the language of who reads."""
    return instalments.in_words(line.description, line.position, _)


def init_app(app: Flask) -> None:
    """Give templates the same words, and leave the indentation of their tags out of pages."""
    app.jinja_env.lstrip_blocks = True
    for filter_ in (money, number, day, moment, yesno, dash, names, device, said, line_in_words):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.tests["coded"] = coded
