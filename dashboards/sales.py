"""The dashboard "Sales": pipeline, inventory, velocity, revenue booked and collected, remaining."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import format_compact_decimal
from dash import Dash, Input, Output, dcc, html, no_update
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _

from core import db
from core.errors import NotFound
from core.text import N_
from core.work import Actor, Work
from dashboards import charts
from dashboards.charts import Chart, listed, money
from dashboards.theme import PALETTES
from services import reports
from services.reports import Period, Totals

TITLE = N_("Sales")
SENTENCE = N_("What is sold, and what is paid.")
PERIODS = {
    "30": N_("Last 30 days"),
    "90": N_("Last 90 days"),
    "365": N_("Last 12 months"),
    "": N_("All"),
}
STANDARD = "365"
LIVE = ("in_progress", "under_review", "approved")
CONFIG: Any = {"displaylogo": False, "responsive": True, "displayModeBar": False}


def filters(said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Describe the bar of filters, set to what the address says."""
    work = _work()
    projects = [{"label": each.name, "value": str(each.id)} for each in reports.projects(work)]
    days = said.get("days", STANDARD)
    bar: list[dict[str, Any]] = [
        {
            "name": "project",
            "label": _("Project"),
            "options": [{"label": _("All projects"), "value": ""}, *projects],
            "value": said.get("project", ""),
        },
        {
            "name": "days",
            "label": _("Period"),
            "options": [{"label": _(label), "value": value} for value, label in PERIODS.items()],
            "value": days if days in PERIODS else STANDARD,
        },
    ]
    currencies = reports.currencies(work)
    if len(currencies) > 1:
        chosen = said.get("currency") or reports.period(work, None).currency
        options = [{"label": each, "value": each} for each in currencies]
        bar.append(
            {"name": "currency", "label": _("Currency"), "options": options, "value": chosen}
        )
    return bar


def layout(**said: str) -> Any:
    """Draw what the address says; Dash calls it again whenever the address changes."""
    work = _work()
    asked = _asked(work, said)
    if not reports.currencies(work):
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
    return html.Div(
        [
            html.Div(_figures(now, before, months, asked), className="mk-dash-figures"),
            html.Div(
                [_card(each) for each in charts.of(work, months, asked)], className="mk-dash-charts"
            ),
            _table(work, asked),
        ]
    )


def listen(served: Dash, check: Callable[[], None]) -> None:
    """Let a click on a bar lead to the rows that it counts."""

    def lead(clicked: dict[str, Any] | None) -> Any:
        check()
        told = (clicked or {}).get("points", [{}])[0].get("customdata")
        return told[0] if told else no_update

    for name in ("pipeline", "inventory", "tries"):
        told = Input(f"sales-{name}", "clickData")
        leave = Output("leave", "href", allow_duplicate=True)
        served.callback(leave, told, prevent_initial_call=True)(lead)


def _work() -> Work:
    return Work(db.session(), Actor("dashboard", "sales"))


def _asked(work: Work, said: Mapping[str, str]) -> Period:
    days = said.get("days", STANDARD)
    number = int(days) if days in PERIODS and days else None
    try:
        project = UUID(said["project"]) if said.get("project") else None
        return reports.period(work, number, project, said.get("currency", ""))
    except (ValueError, NotFound):
        return reports.period(work, number)


def _figures(now: Totals, before: Totals | None, months: Any, asked: Period) -> list[html.A]:
    confirmed = listed("booking", asked, "confirmed_at")
    return [
        _figure(
            _("Bookings confirmed"),
            str(now.confirmed),
            confirmed,
            _change(now.confirmed, before.confirmed if before else None),
            bars=[row.confirmed for row in months],
        ),
        _figure(
            _("Revenue booked"),
            _short(now.booked, asked),
            listed("booking", asked, "confirmed_at", status=LIVE),
            _change(now.booked, before.booked if before else None),
            exact=money(now.booked, asked),
            bars=[row.booked for row in months],
        ),
        _figure(
            _("Collected"),
            _short(now.collected, asked),
            listed("payment_intent", asked, "succeeded_at"),
            _less_refunds(now, asked)
            or _change(now.collected, before.collected if before else None),
            exact=money(now.collected, asked),
            bars=[row.collected for row in months],
        ),
        _figure(
            _("Remaining"),
            _short(now.remaining, asked),
            listed("booking", asked, status=LIVE),
            _("of all live bookings, now"),
            exact=money(now.remaining, asked),
        ),
        _figure(
            _("Days to approve"),
            "\u2013" if now.days_to_approve is None else f"{now.days_to_approve:f}",
            listed("booking", asked, "status_at", status="approved"),
            _("median of those approved in the period"),
        ),
    ]


def _figure(  # noqa: PLR0913  # the parts of one card
    label: str, value: str, url: str, note: str, *, exact: str = "", bars: Sequence[Any] = ()
) -> html.A:
    most = max(bars, default=0) or 1
    heights = [max(float(each), 0) / float(most) for each in bars]
    drawn = [html.Span(style={"height": f"{each:.0%}"}) for each in heights]
    parts: list[Any] = [
        html.Span(label, className="mk-figure-label"),
        html.Span(value, className="mk-figure-value", title=exact or value),
        html.Span(note, className="mk-small mk-quiet"),
    ]
    if len(drawn) > 1:
        unheard: Any = {"aria-hidden": "true"}
        parts.append(html.Span(drawn, className="mk-bars", **unheard))
    return html.A(parts, href=url, className="card mk-dash-figure")


def _change(now: Decimal | int, before: Decimal | int | None) -> str:
    if not before:
        return ""
    percent = (Decimal(now) - Decimal(before)) * 100 / Decimal(before)
    sign = "+" if percent >= 0 else "\u2212"
    return str(_("%(change)s %% against the period before", change=f"{sign}{abs(percent):.0f}"))


def _less_refunds(now: Totals, asked: Period) -> str:
    """Say what was paid back, which the figure no longer has in it."""
    if not now.refunded:
        return ""
    return str(_("after %(amount)s paid back", amount=_short(now.refunded, asked)))


def _short(amount: Decimal, asked: Period) -> str:
    """Write a large sum as people say it: KES 475M. The exact one stands on hover."""
    said = format_compact_decimal(amount, locale=get_locale() or "en", fraction_digits=1)
    return f"{asked.currency} {said}".replace("\u00a0", " ")


def _card(chart: Chart) -> html.Section:
    theme = f"makao_{request.cookies.get('makao-theme', 'light')}"
    template = theme if theme in PALETTES else "makao_light"
    chart.figure.update_layout(template=template, height=300)
    behind = html.Details(
        [html.Summary(_("As a table")), _rows(chart.title, chart.heads, chart.rows)],
        className="mk-behind",
    )
    graph = dcc.Graph(id=f"sales-{chart.name}", figure=chart.figure, config=CONFIG)
    title = html.H2(chart.title, className="mk-card-title")
    return html.Section([title, graph, behind], className="card mk-dash-card")


def _table(work: Work, asked: Period) -> html.Section:
    title = _("Live bookings that owe most")
    heads = (_("Booking"), _("Customer"), _("Total"), _("Paid"), _("Remaining"))
    rows = [
        [
            (row.number, f"/admin/booking/{row.id}"),
            (row.customer, ""),
            *((money(each, asked), "") for each in (row.total, row.paid, row.remaining)),
        ]
        for row in reports.remaining(work, asked)
    ]
    parts = [html.H2(title, className="mk-card-title"), _rows(title, heads, rows, words=2)]
    return html.Section(parts, className="card mk-dash-card")


def _rows(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]], words: int = 1
) -> html.Div:
    """Make a table; its first `words` columns are words, the others numbers at the end."""
    ends = ["mk-right" if at >= words else "" for at in range(len(heads))]
    head = [
        html.Th(each, className=end, scope="col") for each, end in zip(heads, ends, strict=True)
    ]
    body = [
        html.Tr(
            [
                html.Td(html.A(text, href=url) if url else text, className=end)
                for (text, url), end in zip(row, ends, strict=True)
            ]
        )
        for row in rows
    ]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className="table mk-table")
    named: Any = {"aria-label": title}
    return html.Div(table, className="mk-scroll", tabIndex="0", role="region", **named)
