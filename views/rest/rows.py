"""Rows as programs read them: money as text beside its currency, relations as id and name."""

from collections.abc import Sequence
from typing import Any

from core.money import rounded
from views.admin.columns import Column, Kind, plain


def plain_row(columns: Sequence[Column], held: Any, usual: str = "") -> dict[str, Any]:
    """Write a row; money is in the row's own currency, or else in the `usual` one."""
    currency = held.get("_currency") or usual
    row: dict[str, Any] = {"id": str(held["id"])}
    for each in columns:
        value = held[each.name]
        if each.kind is Kind.relation:
            key = held[f"{each.name}.id"]
            row[each.name] = None if key is None else {"id": str(key), "name": value}
        elif each.kind is Kind.money and value is not None and currency:
            row[each.name] = str(rounded(value, currency))
        else:
            row[each.name] = plain(each, value)
    if "_currency" in held and "currency" not in row:
        row["currency"] = held["_currency"]
    return row
