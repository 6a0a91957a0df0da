"""`flask ledger export`: the books in the formats of plain-text accounting, and as CSV."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from flask import current_app

from adapters import exports
from adapters.exports import Column, Kind
from core import db
from core.errors import Refused
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.chart import Book
from services import journal, organizations
from services.journal import Entered, Holder
from workers.imports import organization_named

KINDS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
"""What both plain-text formats call the five kinds of accounts."""


@click.group()
def ledger() -> None:
    """Give the books to other programs."""


@ledger.command()
@click.option("--format", "form", required=True, type=click.Choice(["beancount", "hledger", "csv"]))
@click.option("--book", default="main", show_default=True, help="The name of the book.")
@click.option("--organization", "-o", help="Its name or web address; else the oldest one.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file to write.")
def export(form: str, book: str, organization: str | None, output: Path | None) -> None:
    """Write every entry of a book, the oldest first: to a file, or to the screen."""
    db.use(current_app, "jobs")
    home, _name = organization_named(organization)
    session, actor = db.session(), Actor("command", "ledger")
    with seeing(session, Scope(home, actor=str(actor))):
        work = Work(session, actor, source="command")
        try:
            lines = FORMATS[form](work, journal.book_named(work, book))
        except Refused as refusal:
            raise click.ClickException(str(refusal)) from refusal
        _write(lines, output)


def _write(lines: Iterator[bytes], output: Path | None) -> None:
    if output is None:
        for each in lines:
            click.echo(each, nl=False)
        return
    try:
        with output.open("wb") as file:
            file.writelines(lines)
    except OSError as error:
        raise click.ClickException(f"Cannot write {output}: {error.strerror}.") from error


def beancount(work: Work, book: Book) -> Iterator[bytes]:
    """Write a book as Beancount reads it; accounts are opened on the day of the first entry."""
    home = organizations.home(work)
    yield f'option "title" "{_quoted(f"{home.name}, {book.name}")}"\n'.encode()
    yield f'option "operating_currency" "{home.currency}"\n\n'.encode()
    first = journal.begins_on(work, book.id)
    opened = {_beancount(each): each for each in journal.holders(work, book.id)}
    currencies: dict[str, list[str]] = {}
    for each in journal.holders(work, book.id):
        currencies.setdefault(_beancount(each), []).append(each.currency)
    for name, each in opened.items():
        yield f"{first} open {name} {','.join(currencies[name])}\n".encode()
        if each.party:
            yield f'  party: "{_quoted(each.party)}"\n'.encode()
    for entry in journal.entries(work, book.id):
        legs = "".join(
            f"  {_beancount(leg.holder)}  {leg.amount} {leg.holder.currency}\n"
            for leg in entry.legs
        )
        head = f'{entry.booked_on} * "{_quoted(entry.memo)}"\n'
        told = f'  entry: "{entry.id}"\n  key: "{_quoted(entry.key)}"\n'
        yield f"\n{head}{told}{legs}".encode()


def hledger(work: Work, book: Book) -> Iterator[bytes]:
    """Write a book as hledger reads it, its accounts declared first."""
    home = organizations.home(work)
    yield f"; {_plain(home.name)}, {_plain(book.name)}\n\n".encode()
    for name in dict.fromkeys(_hledger(each) for each in journal.holders(work, book.id)):
        yield f"account {name}\n".encode()
    for entry in journal.entries(work, book.id):
        legs = "".join(
            f"    {_hledger(leg.holder)}  {leg.amount} {leg.holder.currency}\n"
            for leg in entry.legs
        )
        tags = f"entry:{entry.id}, key:{_plain(entry.key)}"
        yield f"\n{entry.booked_on} {_plain(entry.memo)}  ; {tags}\n{legs}".encode()


def csv(work: Work, book: Book) -> Iterator[bytes]:
    """Write a book as a table, a line a posting."""
    titles = ("Date", "Entry", "Key", "Memo", "By", "Account", "Name", "Type", "Party", "Party id")
    columns = [*map(Column, titles), *(Column(n, Kind.number) for n in ("Debit", "Credit"))]
    rows = (row for entry in journal.entries(work, book.id) for row in _rows(entry))
    yield from exports.csv_chunks(exports.Table("journal", [*columns, Column("Currency")], rows))


FORMATS: dict[str, Callable[[Work, Book], Iterator[bytes]]] = {
    "beancount": beancount,
    "hledger": hledger,
    "csv": csv,
}


def _rows(entry: Entered) -> Iterator[list[Any]]:
    head = [entry.booked_on, str(entry.id), entry.key, entry.memo, entry.actor]
    for leg in entry.legs:
        held = leg.holder
        party_id = str(held.party_id or "")
        account = [held.code, held.name, held.type.value, held.party, party_id]
        debit, credit = (leg.amount, None) if leg.amount > 0 else (None, -leg.amount)
        yield [*head, *account, debit, credit, held.currency]


def _beancount(holder: Holder) -> str:
    line = re.sub(r"[^A-Za-z0-9]+", "-", f"{holder.code}-{holder.name}").strip("-")
    party = f":P-{str(holder.party_id).upper()}" if holder.party_id else ""
    return f"{KINDS[holder.type.value]}:{line}{party}"


def _hledger(holder: Holder) -> str:
    party = ""
    if holder.party_id:
        # The last digits of the id keep two of one name apart.
        party = f":{_plain(holder.party).replace(':', ' ')} {str(holder.party_id)[-6:]}"
    return f"{KINDS[holder.type.value].lower()}:{holder.code} {holder.name}{party}"


def _quoted(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())


def _plain(text: str) -> str:
    """Leave out what would begin a comment, or end a name: two spaces do."""
    return " ".join(text.replace(";", ",").replace("|", "/").split())
