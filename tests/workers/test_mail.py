"""What people are called, and what they have written, gets into a mail whatever it is made of."""

import pytest
from flask import Flask

from adapters.mail import Mailer, MailUnavailable
from core.text import N_
from workers import letters
from workers.letters import Letter

SAYS = N_("%(author)s wrote on %(record)s: %(text)s")


@pytest.mark.req("S5.01")
@pytest.mark.parametrize(
    "written",
    [
        "\u0645\u0631\u062d\u0628\u0627\u200f!",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "x\r\nBcc: somebody@example.org",
        "\u202egnp.exe",
        "\x07\x1b[31m",
        "<script>alert(1)</script>",
        "x" * 5000,
    ],
)
def test_a_mail_is_written_so_that_it_can_go(app: Flask, written: str) -> None:
    values = {"author": written, "record": written, "text": written}
    with app.test_request_context():
        letter = Letter("a@example.org", written, "en", written, SAYS, values, "/x")
        message = letters.written(letter, "<1@example.org>")

    assert "<script" not in (message.html or "")
    # Nothing listens at port 1: what is refused for good never gets so far.
    with pytest.raises(MailUnavailable):
        Mailer("smtp://127.0.0.1:1", "office@example.com").send(message)
