"""Mail servers that misbehave, and headers nobody may smuggle in."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.mail import Attachment, Mailer, MailRefused, MailUnavailable, Message

TO = "amina@example.org"


def _refusal(message: Message) -> None:
    """Nothing listens at port 1: a refusal proves that the message never left."""
    with pytest.raises(MailRefused):
        Mailer("smtp://127.0.0.1:1", "office@example.com").send(message)


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\x00", "\x0b", "\u2028", "\x85"])
def test_no_header_can_be_smuggled_in(break_: str) -> None:
    smuggled = f"x{break_}Bcc: everybody@example.org"
    _refusal(Message(TO, smuggled, "Text"))
    _refusal(Message(TO + smuggled, "Subject", "Text"))
    _refusal(Message(TO, "Subject", "Text", message_id=f"<{smuggled}@example.com>"))
    _refusal(Message(TO, "Subject", "Text", headers={"X-Reason": smuggled}))
    _refusal(Message(TO, "Subject", "Text", headers={f"X{break_}Bcc": "a"}))
    _refusal(Message(TO, "Subject", "Text", attachments=[Attachment(smuggled, "text/csv", b"")]))
    _refusal(Message(TO, "Subject", "Text", attachments=[Attachment("a", smuggled, b"")]))
    with pytest.raises(ValueError, match="sender"):
        Mailer("smtp://127.0.0.1:1", f'"x{break_}y" <office@example.com>')


@pytest.mark.parametrize("name", ["Bcc", "to", "From", "Content-Type", "Resent-To", "Sender", ""])
def test_headers_of_ours_cannot_be_set(name: str) -> None:
    _refusal(Message(TO, "Subject", "Text", headers={name: "everybody@example.org"}))


@pytest.mark.parametrize(
    "to",
    [
        "",
        "amina",
        "a@b@c",
        "a@example.org, b@example.org",
        "Amina <a@example.org>",
        "a b@example.org",
        "a@" + "x" * 300,
        "a..b@example.org" + chr(0xD800),
    ],
)
def test_what_is_no_address_gets_no_mail(to: str) -> None:
    _refusal(Message(to, "Subject", "Text"))


@pytest.mark.parametrize("address", ["", "http://127.0.0.1", "smtp://", "127.0.0.1:25"])
def test_a_wrong_server_address_is_told_at_start(address: str) -> None:
    with pytest.raises(ValueError, match="smtp"):
        Mailer(address, "office@example.com")


def test_too_much_to_attach_is_refused() -> None:
    _refusal(Message(TO, "S", "T", attachments=[Attachment("a", "text/csv", b"x" * 21_000_000)]))


def test_nobody_there_means_later() -> None:
    with pytest.raises(MailUnavailable):
        Mailer("smtp://127.0.0.1:1", "office@example.com").send(Message(TO, "Subject", "Text"))


@contextmanager
def _server(drip: bytes, pause_seconds: float) -> Iterator[str]:
    """A server that greets with these bytes, one at a time, and then falls silent."""
    stop = threading.Event()

    def drip_out() -> None:
        connection, _ = listener.accept()
        with connection:
            for at in range(len(drip)):
                if stop.wait(pause_seconds):
                    return
                try:
                    connection.sendall(drip[at : at + 1])
                except OSError:
                    return
            stop.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip_out)
        thread.start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("drip", "pause_seconds"), [(b"220 " + b"x" * 900, 0.05), (b"220 hello\r\n", 0.001)]
)
def test_a_dripping_or_silent_server_is_left_in_time(drip: bytes, pause_seconds: float) -> None:
    with (
        _server(drip, pause_seconds) as address,
        pytest.raises(MailUnavailable, match="in time"),
    ):
        Mailer(address, "office@example.com", total_seconds=0.7).send(Message(TO, "S", "T"))


def test_a_server_that_speaks_no_smtp_means_later() -> None:
    with _server(b"HTTP/1.1 400 Bad Request\r\n", 0.001) as address, pytest.raises(MailUnavailable):
        Mailer(address, "office@example.com", total_seconds=2).send(Message(TO, "S", "T"))


class _Keeper:
    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.kept.append(envelope.content)
        return "250 OK"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return file


@contextmanager
def _signed_in_server(certificate: Path, *, tls: bool) -> Iterator[tuple[int, _Keeper]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def knows(_server: Any, _session: Any, _envelope: Any, _way: Any, given: Any) -> AuthResult:
        right = given == LoginPassword(b"makao@example.com", b"p@ss:word")
        return AuthResult(success=right, handled=False)

    keeper, loop = _Keeper(), asyncio.new_event_loop()
    options: dict[str, Any] = {
        "tls_context": None if tls else context,
        "require_starttls": not tls,
        "auth_required": not tls,  # it warns of doing so behind TLS that it cannot see
        "auth_require_tls": not tls,
        "authenticator": knows,
    }
    server = loop.run_until_complete(
        loop.create_server(
            lambda: SMTP(keeper, loop=loop, **options), "127.0.0.1", ssl=context if tls else None
        )
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], keeper
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_ended(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended() -> None:
    """Let the conversations that are still open end with the loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@pytest.mark.parametrize(("scheme", "query"), [("smtp", "?starttls=1"), ("smtps", "")])
def test_it_signs_in_over_an_encrypted_line_it_can_trust(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, query: str
) -> None:
    with _signed_in_server(certificate, tls=scheme == "smtps") as (port, keeper):
        address = f"{scheme}://makao%40example.com:p%40ss%3Aword@localhost:{port}{query}"
        with pytest.raises(MailUnavailable, match=r"(?i)certificate"):
            Mailer(address, "office@example.com").send(Message(TO, "Untrusted", "Text"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        Mailer(address, "office@example.com").send(Message(TO, "Trusted", "Text"))
        with pytest.raises(MailUnavailable, match="know us"):
            Mailer(address.replace("p%40ss", "wrong"), "office@example.com").send(
                Message(TO, "Stranger", "Text")
            )
    assert [b"Subject: Trusted" in mail for mail in keeper.kept] == [True]
