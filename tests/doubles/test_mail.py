"""Mail from our client to the mailbox and back out as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.mail import Attachment, Mailer, MailRefused, MailUnavailable, Message
from tests.doubles.running import running


@dataclass
class Mailbox:
    mailer: Mailer
    api: str

    def get(self, path: str) -> Any:
        return httpx.get(self.api + path, trust_env=False).raise_for_status().json()


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with running("doubles.mail", tmp_path, "--port", "0", "--http-port", "0") as (addresses, _):
        mailer = Mailer(addresses[0], "Acacia Höhen <office@example.com>")
        yield Mailbox(mailer, addresses[1])


def test_a_mail_arrives_whole(mailbox: Mailbox) -> None:
    text = "Habari Wanjikũ,\n\n" + "your invoice is attached. " * 60 + "\n.\nشقة\n"
    mailbox.mailer.send(
        Message(
            to="wanjiku@example.org",
            subject="Invoice INV-0001: KES 10,400,000.00 • due " + "soon " * 30,
            text=text,
            html="<p>Habari <b>Wanjikũ</b></p>",
            attachments=[Attachment("Rechnung ü.pdf", "application/pdf", b"%PDF-1.7\r\n\x00\xff")],
            message_id="<invoice-1@example.com>",
            headers={"List-Unsubscribe": "<http://127.0.0.1/stop>"},
        )
    )
    (listed,) = mailbox.get("/mails")["mails"]
    assert (listed["sender"], listed["recipients"]) == ("office@example.com", "wanjiku@example.org")
    mail = mailbox.get(f"/mails/{listed['id']}")
    headers = dict(mail["headers"])
    assert headers["From"] == "Acacia Höhen <office@example.com>"
    assert headers["Message-ID"] == "<invoice-1@example.com>"
    assert headers["List-Unsubscribe"] == "<http://127.0.0.1/stop>"
    assert mail["subject"].startswith("Invoice INV-0001: KES 10,400,000.00 • due soon")
    assert mail["text"].replace("\r\n", "\n") == text
    assert "<b>Wanjikũ</b>" in mail["html"]
    assert mail["attachments"] == [
        {"name": "Rechnung ü.pdf", "mime": "application/pdf", "size": 12}
    ]
    attached = httpx.get(f"{mailbox.api}/mails/{listed['id']}/attachments/0", trust_env=False)
    assert attached.content == b"%PDF-1.7\r\n\x00\xff"
    assert attached.headers["Content-Disposition"].startswith("attachment")


def test_mails_are_listed_newest_first_by_page_and_person(mailbox: Mailbox) -> None:
    for number in range(5):
        to = f"{'amina' if number % 2 else 'otieno'}@example.org"
        mailbox.mailer.send(Message(to, f"Mail {number}", "Text"))
    page = mailbox.get("/mails?limit=2&offset=1")
    assert (page["count"], [mail["subject"] for mail in page["mails"]]) == (5, ["Mail 3", "Mail 2"])
    assert mailbox.get("/mails?to=AMINA")["count"] == 2
    assert httpx.delete(f"{mailbox.api}/mails", trust_env=False).status_code == 200
    assert mailbox.get("/mails") == {"count": 0, "mails": []}


def test_mails_outlive_the_process(tmp_path: Path) -> None:
    for number in (1, 2):
        with running("doubles.mail", tmp_path, "--port", "0", "--http-port", "0") as (where, _):
            mailbox = Mailbox(Mailer(where[0], "office@example.com"), where[1])
            mailbox.mailer.send(Message("amina@example.org", "Kept", "Text"))
            assert mailbox.get("/mails")["count"] == number


def test_a_mailbox_may_refuse_for_good_or_for_now(mailbox: Mailbox) -> None:
    with pytest.raises(MailRefused, match="550"):
        mailbox.mailer.send(Message("never@example.org", "Subject", "Text"))
    with pytest.raises(MailUnavailable, match="451"):
        mailbox.mailer.send(Message("later@example.org", "Subject", "Text"))
    assert mailbox.get("/mails")["count"] == 0


@pytest.mark.parametrize(
    "path",
    ["/mails/99", "/mails/99/attachments/0", "/mails?limit=all", "/mails?offset=-1", "/elsewhere"],
)
def test_what_is_not_there_is_said_so(mailbox: Mailbox, path: str) -> None:
    assert httpx.get(mailbox.api + path, trust_env=False).status_code in {400, 404}
