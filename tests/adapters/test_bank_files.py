"""Files of banks: read as they are, or told row by row what is wrong; nothing from elsewhere."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from adapters import bank_files
from adapters.bank_files import Columns, UnreadableFile

ZONE = ZoneInfo("Africa/Nairobi")
SIGNED = Columns(date="Date", amount="Amount", payer="Name", reference="Ref", balance="Balance")
OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260401
<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0
<SEVERITY>INFO</STATUS><STMTRS><CURDEF>KES<BANKACCTFROM><BANKID>1<ACCTID>77<ACCTTYPE>CHECKING
</BANKACCTFROM><BANKTRANLIST><DTSTART>20260301<DTEND>20260331<STMTTRN><TRNTYPE>CREDIT
<DTPOSTED>20260331220000.000[0:GMT]<TRNAMT>1500.00<FITID>A1<NAME>Wanjiru Kamau<MEMO>INV-000007
</STMTTRN><STMTTRN><TRNTYPE>FEE<DTPOSTED>20260331120000<TRNAMT>-50.00<FITID>A2<NAME>Charges
</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>2450.00<DTASOF>20260331</LEDGERBAL></STMTRS>
</STMTTRNRS></BANKMSGSRSV1></OFX>"""
CAMT = """<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
<BkToCstmrStmt><Stmt><Acct><Id><IBAN>DE1</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>
<Amt Ccy="EUR">10</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>
<Amt Ccy="EUR">25</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="EUR">20</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-03-02</Dt></BookgDt>
<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls>
<TxDtls><Refs><EndToEndId>INV-000001</EndToEndId></Refs><Amt Ccy="EUR">12</Amt>
<RltdPties><Dbtr><Pty><Nm>Ann</Nm></Pty></Dbtr></RltdPties></TxDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">8</Amt>
<RmtInf><Ustrd>Rent</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">5</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<BookgDt><DtTm>2026-03-02T22:30:00Z</DtTm></BookgDt><AddtlNtryInf>Charges</AddtlNtryInf></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def csv(*rows: str) -> bytes:
    return "\n".join(("Date,Amount,Name,Ref,Balance", *rows)).encode()


def test_csv_is_read_by_its_mapping_whichever_end_comes_first() -> None:
    data = csv('2026-03-02,"-1,000.50",Bank,,499.50', '2026-03-01,"1,500.00",Ann,INV-1,1500.00')

    told = bank_files.read(data, "csv", ZONE, SIGNED)

    assert [(each.booked_on, each.amount, each.payer) for each in told.lines] == [
        (date(2026, 3, 2), Decimal("-1000.50"), "Bank"),
        (date(2026, 3, 1), Decimal(1500), "Ann"),
    ]
    assert (told.opening, told.closing) == (Decimal(0), Decimal("499.50"))


def test_columns_of_their_own_for_in_and_out_and_a_comma_before_the_cents() -> None:
    columns = Columns(date="D", debit="Out", credit="In", dates="dmy.", decimal=",", delimiter=";")
    told = bank_files.read(
        b"D;Out;In\n31.03.2026;;1.234,50\n01.04.2026;2,5;\n", "csv", ZONE, columns
    )

    assert [each.amount for each in told.lines] == [Decimal("1234.50"), Decimal("-2.5")]


def test_two_lines_that_say_the_same_are_two_and_the_same_again_in_another_file() -> None:
    rows = ["2026-03-01,5,Ann,,5"] * 2
    keys = [
        [each.key for each in bank_files.read(csv(*each_file), "csv", ZONE, SIGNED).lines]
        for each_file in (rows, [*rows, "2026-03-02,7,Bob,,9"])
    ]

    assert len(set(keys[0])) == 2
    assert keys[1][:2] == keys[0]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-13-01,5,,,5", "The day cannot be read."),
        ("01/02/2026,5,,,5", "The day cannot be read."),
        ("2026-03-01,1e3,,,5", "The amount cannot be read."),
        ("2026-03-01,NaN,,,5", "The amount cannot be read."),
        ("2026-03-01,'1.234,50',,,5", "The amount cannot be read."),
        ("2026-03-01,0.00,,,5", "It moves no money."),
        ("2026-03-01,\u0665,,,5", "The amount cannot be read."),
        ("2026-03-01,99999999999999,,,5", "The amount cannot be read."),
        ("2026-03-01", "The amount cannot be read."),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_number(row: str, problem: str) -> None:
    with pytest.raises(UnreadableFile) as wrong:
        bank_files.read(csv("2026-03-01,5,Ann,,5", row), "csv", ZONE, SIGNED)

    assert wrong.value.problems == [(3, problem)]


def test_ofx_is_read_and_an_instant_is_a_day_in_the_organizations_zone() -> None:
    assert bank_files.kind_of(OFX.encode()) == "ofx"

    told = bank_files.read(OFX.encode(), "ofx", ZONE, None)

    first, second = told.lines
    assert (first.booked_on, first.amount, first.key) == (date(2026, 4, 1), Decimal(1500), "id:A1")
    assert (first.payer, first.description) == ("Wanjiru Kamau", "INV-000007")
    assert second.amount == -50
    assert (told.currency, told.opening, told.closing) == ("KES", Decimal(1000), Decimal(2450))


def test_camt_is_read_with_each_part_of_a_batch_as_a_line() -> None:
    assert bank_files.kind_of(CAMT.encode()) == "camt"

    told = bank_files.read(CAMT.encode(), "camt", ZONE, None)

    assert [(each.amount, each.payer, each.reference, each.description) for each in told.lines] == [
        (Decimal(12), "Ann", "INV-000001", ""),
        (Decimal(8), "", "", "Rent"),
        (Decimal(-5), "", "", "Charges"),
    ]
    assert told.lines[2].booked_on == date(2026, 3, 3)
    assert (told.opening, told.closing) == (Decimal(10), Decimal(25))


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (BOMB, "camt"),
        (OUTSIDE, "camt"),
        (b"<x/>", "camt"),
        (b"\xff\xfe\x00", "camt"),
        (b"OFXHEADER:100\n\n<OFX><!ENTITY x SYSTEM 'file:///etc/passwd'></OFX>", "ofx"),
        (b"OFXHEADER:100\nnonsense", "ofx"),
        (b'Date,Amount\n"2026', "csv"),
        (b"\x00\x01", "csv"),
        (b"", "csv"),
        (b"Date,Amount\n", "csv"),
        (b"x" * (bank_files.BYTES_MAX + 1), "csv"),
    ],
)
def test_what_is_no_statement_is_refused_in_words(data: bytes, kind: str) -> None:
    with pytest.raises(UnreadableFile):
        bank_files.read(data, kind, ZONE, Columns(date="Date", amount="Amount"))


@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Nairobi", "Pacific/Kiritimati"])
@pytest.mark.parametrize("written", ["20260401", "20260401000000", "20260401000000.000"])
def test_a_day_without_a_time_is_that_day_everywhere(zone: str, written: str) -> None:
    data = OFX.replace("20260331220000.000[0:GMT]", written).encode()

    told = bank_files.read(data, "ofx", ZoneInfo(zone), None)

    assert told.lines[0].booked_on == date(2026, 4, 1)


def test_more_lines_than_are_taken_in_are_refused_in_each_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bank_files, "LINES_MAX", 1)
    for data, kind in ((OFX, "ofx"), (CAMT, "camt")):
        with pytest.raises(UnreadableFile, match=r"20,000"):
            bank_files.read(data.encode(), kind, ZONE, None)
