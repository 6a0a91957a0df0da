"""Mail out by SMTP: one message to one person at a time."""

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from adapters.deadlines import Deadline, deadline

WAIT_SECONDS = 10
TOTAL_SECONDS = 60
BYTES_MAX = 20 * 1024 * 1024
OURS = frozenset(
    ["to", "cc", "bcc", "from", "sender", "subject", "date", "message-id", "mime-version"]
)


class MailUnavailable(Exception):
    """The server cannot be reached, is busy, or does not know us. Try again later."""


class MailRefused(Exception):
    """This message will never go: a bad address, or the server said no for good."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along."""

    name: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is to read. `html` is the twin of `text`, and may be empty.

    Give the same `message_id` (`<...@...>`) on each try, so that a doubled mail shows as one.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    attachments: Sequence[Attachment] = ()
    message_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer:
    """Sends through the server at an address such as `smtp://user:pass@host:587?starttls=1`.

    `smtps://` speaks TLS from the first byte. `sender` may carry a name: `Acacia <a@example.com>`.
    """

    def __init__(self, address: str, sender: str, total_seconds: float = TOTAL_SECONDS) -> None:
        """Read the address.

        Raises:
            ValueError: it is no address of an SMTP server, or the sender is no mail address.

        """
        parts = urlsplit(address)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("the mail server's address must begin with smtp:// or smtps://")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._starttls = parse_qs(parts.query).get("starttls") == ["1"]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._total_seconds = total_seconds
        name, plain = parseaddr(sender)
        try:
            self._sender = Address(_line("sender", name), addr_spec=plain)
        except (MailRefused, HeaderParseError, ValueError, IndexError) as error:
            raise ValueError("the sender is no mail address") from error

    def send(self, message: Message) -> None:
        """Hand the message to the server, within `total_seconds`.

        Raises:
            MailUnavailable: try again later; it may have gone, so keep its `message_id`.
            MailRefused: it will never go.

        """
        built = _built(message, self._sender)
        with deadline(self._total_seconds) as limit:
            try:
                with self._connected(limit) as server:
                    server.send_message(built)
            except smtplib.SMTPRecipientsRefused as error:
                raise _judged(min(code for code, _ in error.recipients.values())) from error
            except smtplib.SMTPAuthenticationError as error:
                # Our own settings are wrong, not the message: it is kept until they are mended.
                raise MailUnavailable("the mail server does not know us") from error
            except smtplib.SMTPNotSupportedError as error:
                raise MailRefused("the mail server cannot take this address") from error
            except smtplib.SMTPResponseException as error:
                raise _judged(error.smtp_code) from error
            except (smtplib.SMTPException, OSError, ValueError) as error:
                late = "no answer in time" if limit.passed else str(error)
                raise MailUnavailable(f"the mail server cannot be reached: {late}") from error

    def _connected(self, limit: Deadline) -> smtplib.SMTP:
        """Give a server that has greeted us, encrypted and signed in as the address says."""
        open_server: Callable[..., smtplib.SMTP] = _TlsServer if self._tls else _PlainServer
        context = {"context": ssl.create_default_context()} if self._tls else {}
        server = open_server(limit, self._host, self._port, timeout=WAIT_SECONDS, **context)
        try:
            if self._starttls:
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


class _PlainServer(smtplib.SMTP):
    """Tells the deadline where the socket is before the first byte is awaited."""

    def __init__(self, limit: Deadline, *args: Any, **kwargs: Any) -> None:
        self.sock = None
        limit.watch(lambda: self.sock)
        super().__init__(*args, **kwargs)


class _TlsServer(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, limit: Deadline, *args: Any, **kwargs: Any) -> None:
        self.sock = None
        limit.watch(lambda: self.sock)
        super().__init__(*args, **kwargs)


def _built(message: Message, sender: Address) -> EmailMessage:
    built = EmailMessage(policy=SMTP)
    built["From"] = sender
    built["To"] = _address(message.to)
    built["Subject"] = _line("subject", message.subject)
    built["Date"] = formatdate()
    built["Message-ID"] = _message_id(message.message_id, sender)
    for name, value in message.headers.items():
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", name) or _is_ours(name):
            raise MailRefused(f"the header {name!r} cannot be set")
        built[name] = _line(name, value)
    built.set_content(message.text)
    if message.html:
        built.add_alternative(message.html, subtype="html")
    for attachment in message.attachments:
        kind, _, subkind = attachment.mime.partition("/")
        if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", attachment.mime):
            raise MailRefused(f"{attachment.mime!r} is no kind of file")
        name = _line("attachment", attachment.name)
        built.add_attachment(attachment.content, kind, subkind, filename=name)
    if sum(len(attachment.content) for attachment in message.attachments) > BYTES_MAX:
        raise MailRefused("the attachments are too large for a mail")
    return built


def _is_ours(name: str) -> bool:
    return name.lower() in OURS or name.lower().startswith(("content-", "resent-"))


def _line(name: str, value: str) -> str:
    """Give the value if it is one line: a line break would begin a header of somebody's choice."""
    if len(value) > 900 or not value.isprintable():
        raise MailRefused(f"the {name} is not one line of text")
    return value


def _address(to: str) -> Address:
    """Give the address if it is one, alone and plain: neither a list nor with a name."""
    if not re.fullmatch(r"[^\s@,;:<>()\[\]\"\\]{1,64}@[^\s@,;:<>()\[\]\"\\]{1,253}", to):
        raise MailRefused("this is no mail address")
    try:
        return Address(addr_spec=_line("address", to))
    except (HeaderParseError, ValueError, IndexError) as error:
        raise MailRefused("this is no mail address") from error


def _message_id(wanted: str, sender: Address) -> str:
    if wanted and not re.fullmatch(r"<[\w.+-]{1,120}@[\w.-]{1,120}>", wanted, re.ASCII):
        raise MailRefused("the message id is not of the form <...@...>")
    return wanted or make_msgid(domain=sender.domain)


def _judged(code: int) -> MailUnavailable | MailRefused:
    """Tell "not now" (4xx) from "never" (5xx)."""
    if code >= 500:
        return MailRefused(f"the mail server refused the message for good ({code})")
    return MailUnavailable(f"the mail server put the message off ({code})")
