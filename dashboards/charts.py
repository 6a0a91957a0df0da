"""The charts of the dashboard "Sales", each with what it draws as a table that leads on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from core.money import written
from core.work import Work
from models.billing import PAYMENT_METHOD_LABELS, PaymentMethod
from models.bookings import BOOKING_FLOW, BookingStatus
from models.sales import APARTMENT_FLOW, ApartmentStatus
from services import reports, ways
from services.reports import Period

CAME = ("succeeded", "partly_refunded", "refunded")
FAILED = ("failed", "expired", "cancelled", "reversed")
LABELS_SHOWN = 4
"""More names of months than these would lie over one another on a phone."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and the same as rows of (text, address or nothing) under `heads`."""

    name: str
    title: str
    figure: go.Figure
    heads: Sequence[str]
    rows: Sequence[Sequence[tuple[str, str]]]


def of(work: Work, months: Any, asked: Period) -> list[Chart]:
    """Make all charts of the page."""
    return [
        _revenue(months, asked),
        _pipeline(work, asked),
        _inventory(work, asked),
        _velocity(months),
        _tries(work, asked),
    ]


def listed(table: str, asked: Period | None = None, since: str = "", **wanted: Any) -> str:
    """Give the address of a list, filtered by what is asked; `since` names a column of days."""
    pairs = [(name, value) for name, value in wanted.items() if value]
    if asked and asked.project_id:
        project = {"booking": "original.project", "apartment": "project"}.get(table)
        pairs += [(project, asked.project_id)] if project else []
    if asked and since and asked.since.year > reports.BEGINNING.year:
        pairs.append((f"{since}_from", asked.since.isoformat()))
    return f"/admin/{table}/?{urlencode(pairs, doseq=True)}".rstrip("?")


def money(amount: Decimal, asked: Period) -> str:
    """Write an amount in the period's currency."""
    return written(amount, asked.currency, get_locale() or "en")


def _revenue(months: Any, asked: Period) -> Chart:
    days = [_month(row) for row in months]
    hover = f"%{{y:,.0f}} {asked.currency}"
    series = (
        (_("Booked"), [row.booked for row in months]),
        (_("Collected"), [row.collected for row in months]),
    )
    figure = go.Figure(
        [go.Bar(x=days, y=values, name=name, hovertemplate=hover) for name, values in series],
        {
            "barmode": "group",
            "yaxis": {"tickformat": "~s", "title": {"text": asked.currency}},
            "xaxis": _spaced(days),
        },
    )
    rows = [
        [(_month(row), ""), (money(row.booked, asked), ""), (money(row.collected, asked), "")]
        for row in months
    ]
    heads = (_("Month"), _("Booked"), _("Collected"))
    return Chart("revenue", _("Booked and collected by month"), figure, heads, rows)


def _pipeline(work: Work, asked: Period) -> Chart:
    found = {row.status: row for row in reports.pipeline(work, asked)}
    order = [status for status in BookingStatus if status.value in found]
    names = [_(BOOKING_FLOW.labels[each]) for each in order]
    urls = [listed("booking", asked, "created_at", status=each.value) for each in order]
    amounts = [money(found[each.value].amount, asked) for each in order]
    counts = [found[each.value].count for each in order]
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=names,
            orientation="h",
            text=counts,
            customdata=list(zip(urls, amounts, strict=True)),
            hovertemplate="%{x} \u00b7 %{customdata[1]}<extra></extra>",
        ),
        {"yaxis": {"autorange": "reversed"}, "hovermode": "closest"},
    )
    rows = [
        [(name, url), (str(count), ""), (amount, "")]
        for name, url, count, amount in zip(names, urls, counts, amounts, strict=True)
    ]
    heads = (_("Status"), _("Bookings"), _("Total"))
    title = _("Pipeline: bookings begun in the period")
    return Chart("pipeline", title, figure, heads, rows)


def _inventory(work: Work, asked: Period) -> Chart:
    found = reports.inventory(work, asked)
    names = list(dict.fromkeys(row.project or _("Standalone") for row in found))
    shown = [each for each in ApartmentStatus if any(row.status == each.value for row in found)]
    counts = {(row.project or _("Standalone"), row.status): row.count for row in found}
    urls = {each: listed("apartment", asked, status=each.value) for each in shown}
    figure = go.Figure(
        [
            go.Bar(
                y=names,
                x=[counts.get((name, status.value), 0) for name in names],
                name=_(APARTMENT_FLOW.labels[status]),
                orientation="h",
                customdata=[(urls[status],)] * len(names),
                hovertemplate="%{x}",
            )
            for status in shown
        ],
        {"barmode": "stack", "hovermode": "y unified", "legend": {"traceorder": "normal"}},
    )
    rows = [
        [
            (_(APARTMENT_FLOW.labels[status]), urls[status]),
            *((str(counts.get((name, status.value), 0)), "") for name in names),
        ]
        for status in shown
    ]
    title = _("Inventory by status, now")
    return Chart("inventory", title, figure, (_("Status"), *names), rows)


def _velocity(months: Any) -> Chart:
    days = [_month(row) for row in months]
    figure = go.Figure(
        go.Scatter(
            x=days,
            y=[row.confirmed for row in months],
            mode="lines+markers",
            name=_("Confirmed"),
            hovertemplate="%{y}",
        ),
        {"yaxis": {"rangemode": "tozero"}, "xaxis": _spaced(days)},
    )
    rows = [[(_month(row), ""), (str(row.confirmed), "")] for row in months]
    heads = (_("Month"), _("Confirmed"))
    return Chart("velocity", _("Bookings confirmed by month"), figure, heads, rows)


def _tries(work: Work, asked: Period) -> Chart:
    found = reports.tries(work, asked)
    names = [_taker(row.provider) for row in found]
    states = ((_("Made"), "made", CAME), (_("Not made"), "failed", FAILED))
    urls = {
        (row.provider, name): listed(
            "payment_intent", asked, "created_at", provider=row.provider, status=wanted
        )
        for row in found
        for _label, name, wanted in states
    }
    figure = go.Figure(
        [
            go.Bar(
                y=names,
                x=[getattr(row, name) for row in found],
                name=label,
                orientation="h",
                customdata=[(urls[row.provider, name],) for row in found],
                hovertemplate="%{x}",
            )
            for label, name, _wanted in states
        ],
        {
            "barmode": "stack",
            "hovermode": "y unified",
            "yaxis": {"autorange": "reversed"},
            "legend": {"traceorder": "normal"},
        },
    )
    rows = [
        [
            (who, ""),
            *((str(getattr(row, name)), urls[row.provider, name]) for _l, name, _w in states),
            (money(row.amount, asked), ""),
        ]
        for who, row in zip(names, found, strict=True)
    ]
    heads = (_("By"), _("Made"), _("Not made"), _("Sum of those not made"))
    return Chart("tries", _("Payments begun, and those that failed"), figure, heads, rows)


def _taker(provider: str) -> str:
    """Name who takes a payment: a provider, or the method that needs none."""
    way = ways.WAYS.get(provider)
    if way is None and provider in list(PaymentMethod):
        return str(_(PAYMENT_METHOD_LABELS[PaymentMethod(provider)]))
    return str(_(way.label)) if way else provider


def _month(row: Any) -> str:
    return str(format_date(row.month, "MMM y"))


def _spaced(names: list[str]) -> dict[str, Any]:
    step = -(-len(names) // LABELS_SHOWN) or 1
    return {"tickmode": "array", "tickvals": names[::step], "tickangle": 0}
