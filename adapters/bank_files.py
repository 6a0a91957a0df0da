"""Statements of banks as files: CSV by a mapping, OFX, and camt.053, read into plain lines.

What cannot be read is told row by row, and nothing is guessed. XML brings no entities and no
documents from elsewhere; sizes are limited.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from ofxtools.Parser import OFXTree

from core.text import N_

BYTES_MAX = 5 * 1024 * 1024
LINES_MAX = 20_000
TEXT_MAX = 400
TOO_MANY = N_("The file has more than 20,000 lines. Ask for fewer days.")
FORMATS = ("csv", "ofx", "camt")
DATES = {
    "ymd": "%Y-%m-%d",
    "dmy/": "%d/%m/%Y",
    "dmy.": "%d.%m.%Y",
    "dmy-": "%d-%m-%Y",
    "mdy/": "%m/%d/%Y",
    "dmy ": "%d %b %Y",
    "compact": "%Y%m%d",
}
"""How a day is written in a CSV file, by the name of a mapping."""


class UnreadableFile(Exception):
    """The file is none of a bank, or some of its rows cannot be read; `problems` says which."""

    def __init__(self, says: str, problems: Sequence[tuple[int, str]] = ()) -> None:
        """Keep a message id, and by row (counted from 1, the head included) what is wrong."""
        super().__init__(says)
        self.says = says
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One movement: money in is positive. `key` tells it from all others of its account."""

    booked_on: date
    amount: Decimal
    payer: str
    reference: str
    description: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class FileStatement:
    """What a file says: its lines, and the balances around them where it tells them."""

    lines: Sequence[FileLine]
    currency: str = ""
    account: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """How to read a CSV file: names of its columns, how it writes days and amounts.

    Either `amount` is signed, or `debit` (out) and `credit` (in) are columns of their own.
    `decimal` is the mark before the cents; `balance` the one after each line, if it is told.
    """

    date: str
    amount: str = ""
    debit: str = ""
    credit: str = ""
    payer: str = ""
    reference: str = ""
    description: str = ""
    identity: str = ""
    balance: str = ""
    dates: str = "ymd"
    decimal: str = "."
    delimiter: str = ","


def read(data: bytes, kind: str, zone: ZoneInfo, mapping: Columns | None) -> FileStatement:
    """Read a file of one of FORMATS; instants become days in `zone`.

    Raises:
        UnreadableFile: it is too large, none of the kind, or has rows that cannot be read.

    """
    if len(data) > BYTES_MAX:
        raise UnreadableFile(N_("The file is larger than 5 MB. Ask the bank for fewer days."))
    if kind == "csv":
        if mapping is None:
            raise UnreadableFile(N_("Say first which column is what."))
        found = _csv(data, mapping)
    elif kind == "ofx":
        found = _ofx(data, zone)
    else:
        found = _camt(data, zone)
    if not found.lines:
        raise UnreadableFile(N_("There are no lines in this file."))
    return replace(found, lines=_keyed(found.lines))


def kind_of(data: bytes) -> str:
    """Say of which kind a file is, by how it begins."""
    start = data[:4000].lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    if start.startswith(b"OFXHEADER") or b"<OFX>" in start or b"<?OFX" in start:
        return "ofx"
    return "camt" if start.startswith(b"<") else "csv"


def delimiter_of(data: bytes) -> str:
    """Say what stands between the columns of the first row."""
    first = _text(data).partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def head(data: bytes, delimiter: str = ",") -> list[str]:
    """Give the names of the columns of a CSV file."""
    rows = csv.reader(io.StringIO(_text(data)), delimiter=delimiter, strict=True)
    try:
        return [each.strip() for each in next(rows, [])]
    except csv.Error:
        raise UnreadableFile(N_("This is no CSV file.")) from None


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise UnreadableFile(N_("This is no text. Save it as CSV in UTF-8."))


def _csv(data: bytes, mapping: Columns) -> FileStatement:
    rows = csv.reader(io.StringIO(_text(data)), delimiter=mapping.delimiter, strict=True)
    try:
        names = [each.strip() for each in next(rows, [])]
        wanted = {
            name
            for name in (mapping.date, mapping.amount, mapping.debit, mapping.credit)
            if name and name not in names
        }
        if wanted or not mapping.date or not (mapping.amount or mapping.credit):
            raise UnreadableFile(N_("The file does not have the columns that were chosen."))
        lines, problems, balances = [], [], []
        for number, row in enumerate(islice(rows, LINES_MAX + 1), 2):
            if not any(map(str.strip, row)):
                continue
            cells = dict(zip(names, map(str.strip, row), strict=False))
            try:
                lines.append(_row(cells, mapping))
                if mapping.balance:
                    balances.append(_number(cells.get(mapping.balance, ""), mapping.decimal))
            except ValueError as wrong:
                problems.append((number, str(wrong)))
    except csv.Error:
        raise UnreadableFile(N_("This is no CSV file.")) from None
    if len(lines) + len(problems) > LINES_MAX:
        raise UnreadableFile(TOO_MANY)
    if problems:
        raise UnreadableFile(N_("Some rows cannot be read. Nothing was taken in."), problems)
    opening, closing = _around(lines, balances)
    return FileStatement(lines, opening=opening, closing=closing)


def _around(
    lines: Sequence[FileLine], balances: Sequence[Decimal]
) -> tuple[Decimal | None, Decimal | None]:
    """Find opening and closing from the balance after each line, whichever end comes first."""
    if not balances:
        return None, None
    newest_first = lines[0].booked_on > lines[-1].booked_on
    first, last = (-1, 0) if newest_first else (0, -1)
    return balances[first] - lines[first].amount, balances[last]


def _row(cells: Mapping[str, str], mapping: Columns) -> FileLine:
    written = cells.get(mapping.date, "")
    try:
        day = datetime.strptime(written, DATES[mapping.dates]).date()  # noqa: DTZ007  # a day
    except ValueError:
        raise ValueError(N_("The day cannot be read.")) from None
    if not 1990 <= day.year <= 2200:
        raise ValueError(N_("The year is not plausible."))
    if mapping.amount:
        amount = _number(cells.get(mapping.amount, ""), mapping.decimal)
    else:
        came, went = (
            _number(cells.get(name, ""), mapping.decimal) if cells.get(name) else Decimal(0)
            for name in (mapping.credit, mapping.debit)
        )
        if came and went:
            raise ValueError(N_("It is both in and out."))
        amount = came - abs(went)
    if not amount:
        raise ValueError(N_("It moves no money."))
    payer, reference, description, key = (
        _clean(cells.get(name, "")) if name else ""
        for name in (mapping.payer, mapping.reference, mapping.description, mapping.identity)
    )
    return FileLine(day, amount, payer, reference, description, key[:80])


def _number(text: str, decimal: str) -> Decimal:
    """Read an amount with one mark before its cents; the other marks group thousands."""
    plain = re.sub(r"[\s\u00a0\u202f']", "", text).replace("\u2212", "-")
    negative = plain.startswith("(") and plain.endswith(")")
    plain = plain.strip("()")
    grouping = "," if decimal == "." else "."
    pattern = rf"[+-]?(\d+|\d{{1,3}}(\{grouping}\d{{3}})+)(\{decimal}\d{{1,4}})?"
    if not plain.isascii() or not re.fullmatch(pattern, plain):
        raise ValueError(N_("The amount cannot be read."))
    try:
        amount = Decimal(plain.replace(grouping, "").replace(decimal, "."))
    except InvalidOperation:
        raise ValueError(N_("The amount cannot be read.")) from None
    if abs(amount) >= Decimal(10) ** 13:
        raise ValueError(N_("The amount cannot be read."))
    return -amount if negative else amount


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:TEXT_MAX]


def _ofx(data: bytes, zone: ZoneInfo) -> FileStatement:
    if b"<!DOCTYPE" in data.upper() or b"<!ENTITY" in data.upper():
        raise UnreadableFile(N_("This is no statement in OFX."))
    try:
        tree = OFXTree()
        tree.parse(io.BytesIO(data))
        root = tree.getroot()
        rows_of_it = root.iter("STMTTRN") if root is not None else ()
        written = [each.findtext("DTPOSTED") or "" for each in rows_of_it]
        statements = tree.convert().statements
    except Exception:  # noqa: BLE001  # its parser raises what it likes over what is no OFX
        raise UnreadableFile(N_("This is no statement in OFX.")) from None
    if len(statements) != 1:
        raise UnreadableFile(N_("The file has statements of several accounts. Ask for one each."))
    (statement,) = statements
    rows = list(statement.transactions or ())
    if len(rows) > LINES_MAX:
        raise UnreadableFile(TOO_MANY)
    lines = [
        FileLine(
            _posted(each.dtposted, as_written, zone),
            Decimal(each.trnamt),
            _clean(str(getattr(each, "name", "") or "")),
            _clean(str(each.refnum or each.checknum or "")),
            _clean(str(each.memo or "")),
            str(each.fitid)[:80],
        )
        for each, as_written in zip(rows, written, strict=True)
        if each.trnamt
    ]
    closing = statement.ledgerbal.balamt if statement.ledgerbal is not None else None
    opening = (
        closing - sum((each.amount for each in lines), Decimal(0)) if closing is not None else None
    )
    account = str(getattr(statement.account, "acctid", "") or "")
    return FileStatement(lines, str(statement.curdef or ""), account, opening, closing)


def _posted(instant: datetime, as_written: str, zone: ZoneInfo) -> date:
    """Give the day of a line: as it is written where no time is told, or midnight of nowhere."""
    day = re.fullmatch(r"(\d{8})(000000(\.0+)?)?", as_written.strip())
    if day:
        return date.fromisoformat(day[1])
    return instant.astimezone(zone).date()


def _camt(data: bytes, zone: ZoneInfo) -> FileStatement:
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise UnreadableFile(N_("This is no statement in camt.053.")) from None
    statements = _all(root, "BkToCstmrStmt/Stmt")
    if len(statements) != 1:
        raise UnreadableFile(N_("The file has statements of several accounts. Ask for one each."))
    (statement,) = statements
    try:
        lines = [line for entry in _all(statement, "Ntry") for line in _entry(entry, zone)]
        balances = {
            _said(each, "Tp/CdOrPrtry/Cd"): _signed(each) for each in _all(statement, "Bal")
        }
    except (ValueError, InvalidOperation):
        raise UnreadableFile(N_("This is no statement in camt.053.")) from None
    if len(lines) > LINES_MAX:
        raise UnreadableFile(TOO_MANY)
    account = _said(statement, "Acct/Id/IBAN") or _said(statement, "Acct/Id/Othr/Id")
    currency = _said(statement, "Acct/Ccy")
    if not currency:
        amounts = _all(statement, "Ntry/Amt")
        currency = amounts[0].get("Ccy", "") if amounts else ""
    opening = balances.get("OPBD", balances.get("PRCD"))
    return FileStatement(lines, currency, account, opening, balances.get("CLBD"))


def _entry(entry: Element, zone: ZoneInfo) -> Iterable[FileLine]:
    """Give the lines of an entry: one for each of its details, if they tell their amounts."""
    if _said(entry, "Sts") == "PDNG" or _said(entry, "Sts/Cd") == "PDNG":
        return
    day, whole = _day(entry, zone), _signed(entry)
    key = _said(entry, "AcctSvcrRef") or _said(entry, "NtryRef")
    details = _all(entry, "NtryDtls/TxDtls")
    amounts = [_all(each, "Amt") for each in details]
    if len(details) > 1 and all(amounts):
        parts = [Decimal((each[0].text or "").strip()) for each in amounts]
        sign = 1 if whole > 0 else -1
        if sum(parts) == abs(whole):
            for number, (each, part) in enumerate(zip(details, parts, strict=True), 1):
                own = f"{key}/{number}" if key else ""
                yield FileLine(day, sign * part, *_told(each, entry, whole), own[:80])
            return
    yield FileLine(day, whole, *_told(details[0] if details else entry, entry, whole), key[:80])


def _told(detail: Element, entry: Element, whole: Decimal) -> tuple[str, str, str]:
    """Give who it was, the reference, and what they wrote."""
    side = "Dbtr" if whole > 0 else "Cdtr"
    who = _said(detail, f"RltdPties/{side}/Nm") or _said(detail, f"RltdPties/{side}/Pty/Nm")
    reference = _said(detail, "RmtInf/Strd/CdtrRefInf/Ref") or _said(detail, "Refs/EndToEndId")
    texts = [each.text or "" for each in _all(detail, "RmtInf/Ustrd")]
    said = " ".join(texts) or _said(entry, "AddtlNtryInf")
    plain = "" if reference == "NOTPROVIDED" else reference
    return _clean(who), _clean(plain), _clean(said)


def _day(entry: Element, zone: ZoneInfo) -> date:
    day = _said(entry, "BookgDt/Dt")
    if day:
        return date.fromisoformat(day)
    return datetime.fromisoformat(_said(entry, "BookgDt/DtTm")).astimezone(zone).date()


def _signed(row: Element) -> Decimal:
    amount = Decimal(_said(row, "Amt"))
    return amount if _said(row, "CdtDbtInd") == "CRDT" else -amount


def _all(root: Element, path: str) -> list[Element]:
    """Find what a path names, in whichever version of the standard the file is."""
    return root.findall("/".join(f"{{*}}{name}" for name in path.split("/")))


def _said(root: Element, path: str) -> str:
    found = _all(root, path)
    return (found[0].text or "").strip() if found else ""


def _keyed(lines: Sequence[FileLine]) -> list[FileLine]:
    """Give each line the bank's id, or a digest of what it says.

    Of lines that say the same in one file each has another number, so that the same file taken in
    again finds them all.
    """
    seen: Counter[str] = Counter()
    made = []
    for line in lines:
        said = "\0".join(
            (
                str(line.booked_on),
                f"{line.amount:.4f}",
                line.payer,
                line.reference,
                line.description,
            )
        )
        key = f"id:{line.key}" if line.key else hashlib.sha256(said.encode()).hexdigest()
        seen[key] += 1
        again = f"#{seen[key]}" if seen[key] > 1 else ""
        made.append(replace(line, key=f"{key}{again}"[:100]))
    return made
