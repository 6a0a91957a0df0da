"""The dashboard "Sales": pipeline, inventory, velocity, revenue booked and collected, remaining."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import plotly.graph_objects as go
from babel.numbers import format_compact_decimal
from dash import Dash, Input, Output, dcc, html, no_update
from flask import request
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from core import db
from core.errors import NotFound
from core.money import written
from core.text import N_
from core.work import Actor, Work
from dashboards.theme import PALETTES
from models.bookings import BOOKING_FLOW, BookingStatus
from models.sales import APARTMENT_FLOW, ApartmentStatus
from services import reports
from services.reports import Period, Totals

TITLE = N_("Sales")
PERIODS = {
    "30": N_("Last 30 days"),
    "90": N_("Last 90 days"),
    "365": N_("Last 12 months"),
    "": N_("All"),
}
STANDARD = "365"
SHOWN = (BookingStatus.pending, BookingStatus.in_progress, BookingStatus.under_review)
CONFIG: Any = {"displaylogo": False, "responsive": True, "displayModeBar": False}


def layout(project: str = "", days: str = STANDARD, currency: str = "", **_other: str) -> Any:
    """Make the page: the bar of filters, and the body for what the address says."""
    work = _work()
    projects = [{"label": each.name, "value": str(each.id)} for each in reports.projects(work)]
    currencies = reports.currencies(work)
    many = len(currencies) > 1
    bar = [
        _choice(
            "project", _("Project"), [{"label": _("All projects"), "value": ""}, *projects], project
        ),
        _choice(
            "days",
            _("Period"),
            [{"label": _(label), "value": value} for value, label in PERIODS.items()],
            days if days in PERIODS else STANDARD,
        ),
        _choice(
            "currency",
            _("Currency"),
            [{"label": c, "value": c} for c in currencies],
            currency or (currencies[0] if currencies else ""),
            hidden=not many,
        ),
    ]
    said = {"project": project, "days": days, "currency": currency}
    return html.Div(
        [
            html.Header(
                html.Div(
                    [html.H1(_("Sales")), html.P(_("What is sold, and what is paid."))],
                    className="mk-head-text",
                ),
                className="mk-head",
            ),
            html.Div(bar, className="mk-dash-bar"),
            html.Div(_body(work, said), id="sales-body"),
        ]
    )


def listen(served: Dash, check: Callable[[], None]) -> None:
    """Let the filters write the address, and the address draw the body."""

    @served.callback(
        Output("address", "search"),
        Input("sales-project", "value"),
        Input("sales-days", "value"),
        Input("sales-currency", "value"),
        prevent_initial_call=True,
    )
    def write(project: str | None, days: str | None, currency: str | None) -> str:
        check()
        said = {"project": project or "", "days": days or "", "currency": currency or ""}
        return "?" + urlencode(said)

    @served.callback(
        Output("sales-body", "children"),
        Input("address", "search"),
        Input("address", "pathname"),
        prevent_initial_call=True,
    )
    def draw(search: str | None, pathname: str | None) -> Any:
        check()
        if not (pathname or "").rstrip("/").endswith("/sales"):
            return no_update
        found = parse_qs((search or "").lstrip("?"), keep_blank_values=True)
        return _body(_work(), {key: values[0] for key, values in found.items()})


def _work() -> Work:
    return Work(db.session(), Actor("dashboard", "sales"))


def _choice(
    name: str, label: str, options: list[Any], value: str, *, hidden: bool = False
) -> html.Div:
    return html.Div(
        [
            html.Label(label, htmlFor=f"sales-{name}", className="form-label"),
            dcc.Dropdown(options, value, id=f"sales-{name}", clearable=False, searchable=False),
        ],
        className="mk-dash-choice",
        hidden=hidden,
    )


def _body(work: Work, said: Mapping[str, str]) -> Any:
    asked = _asked(work, said)
    if asked is None or not reports.currencies(work):
        return html.Div(
            [
                html.H2(_("Nothing to show yet")),
                html.P(_("Import a price list, and the first figures appear here.")),
                html.A(_("Import a price list"), href="/imports/new", className="btn btn-primary"),
            ],
            className="mk-state",
        )
    now = reports.totals(work, asked)
    before = reports.totals(work, asked.before()) if said.get("days", STANDARD) else None
    months = reports.months(work, asked)
    return [
        html.Div(_figures(now, before, months, asked), className="mk-dash-figures"),
        html.Div(
            [
                _card(_("Booked and collected by month"), _revenue(months, asked)),
                _card(_("Pipeline: bookings begun in the period"), _pipeline(work, asked)),
                _card(_("Inventory by status, now"), _inventory(work, asked)),
                _card(_("Bookings confirmed by month"), _velocity(months)),
            ],
            className="mk-dash-charts",
        ),
        _table(work, asked),
    ]


def _asked(work: Work, said: Mapping[str, str]) -> Period | None:
    days = said.get("days", STANDARD)
    number = int(days) if days in PERIODS and days else None
    try:
        project = UUID(said["project"]) if said.get("project") else None
        return reports.period(work, number, project, said.get("currency", ""))
    except (ValueError, NotFound):
        return reports.period(work, number)


def _figures(now: Totals, before: Totals | None, months: Any, asked: Period) -> list[html.A]:
    listed = "/admin/booking/"
    return [
        _figure(
            _("Bookings confirmed"),
            str(now.confirmed),
            listed,
            _change(now.confirmed, before.confirmed if before else None),
        ),
        _figure(
            _("Revenue booked"),
            _short(now.booked, asked),
            listed,
            _change(now.booked, before.booked if before else None),
            _money(now.booked, asked),
        ),
        _figure(
            _("Collected"),
            _short(now.collected, asked),
            "/admin/payment_intent/",
            _change(now.collected, before.collected if before else None),
            _money(now.collected, asked),
        ),
        _figure(
            _("Remaining"),
            _short(now.remaining, asked),
            "/admin/invoice/",
            _("of all live bookings, now"),
            _money(now.remaining, asked),
        ),
        _figure(
            _("Days to approve"),
            "\u2013" if now.days_to_approve is None else f"{now.days_to_approve:f}",
            f"{listed}?status=approved",
            _("median of those approved in the period"),
        ),
    ]


def _figure(label: str, value: str, url: str, note: str, exact: str = "") -> html.A:
    return html.A(
        [
            html.Span(label, className="mk-figure-label"),
            html.Span(value, className="mk-figure-value", title=exact or value),
            html.Span(note, className="mk-small mk-quiet"),
        ],
        href=url,
        className="card mk-dash-figure",
    )


def _change(now: Decimal | int, before: Decimal | int | None) -> str:
    if not before:
        return ""
    percent = (Decimal(now) - Decimal(before)) * 100 / Decimal(before)
    sign = "+" if percent >= 0 else "\u2212"
    return str(_("%(change)s %% against the period before", change=f"{sign}{abs(percent):.0f}"))


def _short(amount: Decimal, asked: Period) -> str:
    """Write a large sum as people say it: KES 475M. The exact one stands on hover."""
    said = format_compact_decimal(amount, locale=get_locale() or "en", fraction_digits=1)
    return f"{asked.currency}\u00a0{said}"


def _money(amount: Decimal, asked: Period) -> str:
    return written(amount, asked.currency, get_locale() or "en")


def _card(title: str, figure: go.Figure) -> html.Section:
    theme = f"makao_{request.cookies.get('makao-theme', 'light')}"
    figure.update_layout(template=theme if theme in PALETTES else "makao_light", height=300)
    return html.Section(
        [html.H2(title, className="mk-card-title"), dcc.Graph(figure=figure, config=CONFIG)],
        className="card mk-dash-card",
    )


def _revenue(months: Any, asked: Period) -> go.Figure:
    days = [format_date(row.month, "MMM y") for row in months]
    hover = f"%{{y:,.0f}} {asked.currency}"
    return go.Figure(
        [
            go.Bar(x=days, y=[row.booked for row in months], name=_("Booked"), hovertemplate=hover),
            go.Bar(
                x=days,
                y=[row.collected for row in months],
                name=_("Collected"),
                hovertemplate=hover,
            ),
        ],
        {"barmode": "group", "yaxis": {"tickformat": "~s", "title": {"text": asked.currency}}},
    )


def _pipeline(work: Work, asked: Period) -> go.Figure:
    rows = {row.status: row for row in reports.pipeline(work, asked)}
    order = [status for status in BookingStatus if status.value in rows]
    return go.Figure(
        go.Bar(
            x=[rows[each.value].count for each in order],
            y=[_(BOOKING_FLOW.labels[each]) for each in order],
            orientation="h",
            text=[rows[each.value].count for each in order],
            customdata=[_money(rows[each.value].amount, asked) for each in order],
            hovertemplate="%{x} \u00b7 %{customdata}<extra></extra>",
        ),
        {"yaxis": {"autorange": "reversed"}, "hovermode": "closest"},
    )


def _inventory(work: Work, asked: Period) -> go.Figure:
    rows = reports.inventory(work, asked)
    names = list(dict.fromkeys(row.project or _("Standalone") for row in rows))
    shown = [each for each in ApartmentStatus if any(row.status == each.value for row in rows)]
    counts = {(row.project or _("Standalone"), row.status): row.count for row in rows}
    return go.Figure(
        [
            go.Bar(
                y=names,
                x=[counts.get((name, status.value), 0) for name in names],
                name=_(APARTMENT_FLOW.labels[status]),
                orientation="h",
                hovertemplate="%{x}",
            )
            for status in shown
        ],
        {"barmode": "stack", "hovermode": "y unified"},
    )


def _velocity(months: Any) -> go.Figure:
    return go.Figure(
        go.Scatter(
            x=[format_date(row.month, "MMM y") for row in months],
            y=[row.confirmed for row in months],
            mode="lines+markers",
            name=_("Confirmed"),
            hovertemplate="%{y}",
        ),
        {"yaxis": {"rangemode": "tozero"}},
    )


def _table(work: Work, asked: Period) -> html.Section:
    rows = reports.remaining(work, asked)
    heads = (_("Booking"), _("Customer"), _("Total"), _("Paid"), _("Remaining"))
    right = (False, False, True, True, True)
    return html.Section(
        [
            html.H2(_("Live bookings that owe most"), className="mk-card-title"),
            html.Div(
                html.Table(
                    [
                        html.Thead(
                            html.Tr(
                                [
                                    html.Th(head, className="mk-right" if end else "", scope="col")
                                    for head, end in zip(heads, right, strict=True)
                                ]
                            )
                        ),
                        html.Tbody([_row(row, asked) for row in rows]),
                    ],
                    className="table mk-table",
                ),
                className="mk-scroll",
                tabIndex="0",
                role="region",
                **{"aria-label": _("Live bookings that owe most")},
            ),
        ],
        className="card mk-dash-card",
    )


def _row(row: Any, asked: Period) -> html.Tr:
    amounts = (row.total, row.paid, row.remaining)
    return html.Tr(
        [
            html.Td(html.A(row.number, href=f"/admin/booking/{row.id}")),
            html.Td(row.customer),
            *(html.Td(_money(each, asked), className="mk-right mk-money") for each in amounts),
        ]
    )
