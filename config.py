"""Settings, read from the environment once. The only module that reads it.

With no variable set, everything is kept beside this file in `.makao/`, and that is a demo. Whoever
gives DATABASE_URL runs in earnest: weak secrets then stop the start (docs/reference/settings.md).
"""

import hashlib
import hmac
import json
import os
import secrets
import string
import sys
from functools import partial
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from core import embedded
from core.startup import CannotStart, refuse_trust

SHORTEST_SECRET = 32
DEMO_SIGN_INS = (
    *("admin", "manager", "sales", "accountant", "executive", "guard", "technician"),
    *("owner", "resident", "buyer", "treasurer", "member", "staff", "auditor"),
)
PLATFORM_SIGN_IN = "platform"
FEWEST_DIFFERENT_CHARACTERS = 10
KNOWN_SECRETS = (
    *("changeme", "change_me", "change-me", "example", "secretkey", "secret_key", "password"),
    *("thisismy", "thisisasecret", "192b9bdd22ab9ed4d12e236c78afcb9a"),
)


def _text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def _flag(name: str, *, default: bool) -> bool:
    said = _text(name, str(default)).lower()
    if said not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise CannotStart(f"{name} is {said!r}: it takes 1 or 0.")
    return said in {"1", "true", "yes", "on"}


def _number(name: str, default: int, *, least: int = 1, most: int = 65_535) -> int:
    said = _text(name, str(default))
    if not (said.isascii() and said.isdigit() and least <= int(said) <= most):
        raise CannotStart(f"{name} is {said!r}: it takes a whole number from {least} to {most}.")
    return int(said)


def _kept(name: str, make: str) -> str:
    """Read a secret from the data folder; the first to ask puts `make` there (mode 0600)."""
    path = DATA / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise CannotStart(f"Cannot read {path}: {error.strerror}.") from error
    try:
        DATA.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{name}.{os.getpid()}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(make + "\n")
        try:
            os.link(fresh, path)  # fails if another process was first: then its secret counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {DATA}: {error.strerror}; set MAKAO_DATA to a folder of your own."
        ) from error
    return path.read_text().strip()


def _secret() -> str:
    """Read SECRET_KEY, or the generated one.

    Raises:
        CannotStart: outside the demo, it is short, or known to everybody.

    """
    given = _text("SECRET_KEY")
    if not given:
        return _kept("secret-key", secrets.token_urlsafe(48))
    plain = given.lower()
    weak = len(given) < SHORTEST_SECRET or len(set(given)) < FEWEST_DIFFERENT_CHARACTERS
    if not DEMO and (weak or any(known in plain for known in KNOWN_SECRETS)):
        raise CannotStart(
            f"SECRET_KEY is too short (under {SHORTEST_SECRET} characters) or too well known: give"
            " one that only you have, or none, and one is made."
        )
    return given


def _derived(purpose: str) -> str:
    """Make a secret out of SECRET_KEY, the same each time (64 hexadecimal digits)."""
    return hmac.new(SECRET_KEY.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _address(given: str, name: str) -> URL:
    try:
        url = make_url(given.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        raise CannotStart(f"{name} is no address: postgresql://USER@HOST/DATABASE.") from None
    if url.get_backend_name() != "postgresql":
        raise CannotStart(f"{name} must be a PostgreSQL address: there is no other database.")
    return url.set(drivername="postgresql+psycopg")


def _as_role(role: str, variable: str) -> str:
    """Give the address for a role: its own variable, or the owner's with name and password."""
    if given := _text(variable):
        return _plain(_address(given, variable))
    password = None if EMBEDDED else _derived(role)
    return _plain(_OWNER.set(username=role, password=password))


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _demo_password() -> str:
    """Make a password that passes the rules of passwords and can be read aloud."""
    letters, digits = string.ascii_lowercase.translate({ord("l"): None}), "23456789"
    parts = ["".join(secrets.choice(letters) for _ in range(4)).capitalize() for _ in range(2)]
    return "-".join([*parts, "".join(secrets.choice(digits) for _ in range(4))])


def doctor() -> None:
    """Look at what only a connection shows; the start of each server calls it.

    Raises:
        CannotStart: outside the demo, a database that asks for no password.

    """
    if DEMO:
        return
    for role in (OWNER_DATABASE_URI, SQLALCHEMY_DATABASE_URI, WORKER_DATABASE_URI):
        refuse_trust(role)
    refuse_trust(AUTH_DATABASE_URI)


def environment(**extra: str) -> dict[str, str]:
    """Give the environment for a process of ours: this one's, with `extra`."""
    return {**os.environ, **extra}


try:
    ROOT = Path(__file__).resolve().parent
    DATA = Path(_text("MAKAO_DATA", str(ROOT / ".makao"))).expanduser().absolute()
    EMBEDDED = not _text("DATABASE_URL")
    DEMO = _flag("MAKAO_DEMO", default=EMBEDDED)
    if EMBEDDED and not DEMO:
        raise CannotStart(  # noqa: TRY301  # the one place where refusals become an exit
            "The embedded database is for the demo: give DATABASE_URL, or leave MAKAO_DEMO unset."
        )
    SECRET_KEY = _secret()
    SECRET_KEYS_BEFORE = _text("SECRET_KEYS_BEFORE").split()
    DEMO_PASSWORD = _kept("demo-password", _demo_password()) if DEMO else ""

    # The databases: the owner migrates; web, jobs and sign-in each have a role that owns nothing.
    _OWNER = _address(
        _text("DATABASE_URL") or embedded.postgres_address(DATA).replace("://", "+psycopg://", 1),
        "DATABASE_URL",
    )
    OWNER_DATABASE_URI = _plain(_OWNER)
    OWNER_ADDRESS = _plain(_OWNER.set(drivername="postgresql")).replace(" ", "%20")
    SQLALCHEMY_DATABASE_URI = _as_role("makao_app", "DATABASE_APP_URL")
    WORKER_DATABASE_URI = _as_role("makao_worker", "DATABASE_WORKER_URL")
    AUTH_DATABASE_URI = _as_role("makao_auth", "DATABASE_AUTH_URL")
    REDIS_EMBEDDED = not _text("REDIS_URL")
    REDIS_URL = _text("REDIS_URL", embedded.redis_address(DATA))

    # Where it listens. Its neighbours' ports are those of the demo's doubles.
    HOST = _text("HOST", "127.0.0.1")
    PORT = _number("PORT", 8080, most=65_528)
    WEB_PROCESSES = _number("WEB_PROCESSES", 2, most=8)
    WEB_THREADS = _number("WEB_THREADS", 8, most=64)
    PUBLIC_URL = _text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
    MAP_TILES = _text("MAKAO_MAP_TILES")
    METRICS = _text("PROMETHEUS_MULTIPROC_DIR", str(DATA / "metrics"))
    LOG_JSON = _flag("LOG_JSON", default=not DEMO)
    LOG_LEVEL = _text("LOG_LEVEL", "INFO").upper()

    # The outside world. In the demo it is played by doubles/ on the ports after ours.
    CARD_DOUBLE = DEMO and not _text("CARD_PROVIDER_URL")
    CARD_PROVIDER_URL = _text("CARD_PROVIDER_URL", f"http://127.0.0.1:{PORT + 1}" * CARD_DOUBLE)
    CARD_PROVIDER_KEY = _text("CARD_PROVIDER_KEY", _derived("card key") * CARD_DOUBLE)
    CARD_WEBHOOK_SECRET = _text("CARD_WEBHOOK_SECRET", _derived("card webhook") * CARD_DOUBLE)
    PROVIDERS_DOUBLE = DEMO and not any(
        map(_text, ("STRIPE_KEY", "PAYSTACK_KEY", "FLUTTERWAVE_KEY", "MPESA_KEY"))
    )
    PROVIDERS_KEY = _derived("providers key") * PROVIDERS_DOUBLE
    PROVIDERS_SECRET = _derived("providers secret") * PROVIDERS_DOUBLE
    _PLAYED = f"http://127.0.0.1:{PORT + 4}" if PROVIDERS_DOUBLE else ""
    STRIPE_URL = _text("STRIPE_URL", f"{_PLAYED}/stripe" if _PLAYED else "https://api.stripe.com")
    STRIPE_KEY = _text("STRIPE_KEY", PROVIDERS_KEY)
    STRIPE_WEBHOOK_SECRET = _text("STRIPE_WEBHOOK_SECRET", PROVIDERS_SECRET)
    PAYSTACK_URL = _text(
        "PAYSTACK_URL", f"{_PLAYED}/paystack" if _PLAYED else "https://api.paystack.co"
    )
    PAYSTACK_KEY = _text("PAYSTACK_KEY", PROVIDERS_KEY)
    FLUTTERWAVE_URL = _text(
        "FLUTTERWAVE_URL", f"{_PLAYED}/flutterwave" if _PLAYED else "https://api.flutterwave.com"
    )
    FLUTTERWAVE_KEY = _text("FLUTTERWAVE_KEY", PROVIDERS_KEY)
    FLUTTERWAVE_WEBHOOK_HASH = _text("FLUTTERWAVE_WEBHOOK_HASH", PROVIDERS_SECRET)
    MPESA_URL = _text("MPESA_URL", f"{_PLAYED}/mpesa" if _PLAYED else "https://api.safaricom.co.ke")
    MPESA_KEY = _text("MPESA_KEY", PROVIDERS_KEY)
    MPESA_SECRET = _text("MPESA_SECRET", PROVIDERS_SECRET)
    MPESA_SHORTCODE = _text("MPESA_SHORTCODE", "174379" * PROVIDERS_DOUBLE)
    MPESA_PASSKEY = _text("MPESA_PASSKEY", PROVIDERS_SECRET)
    MPESA_INITIATOR = _text("MPESA_INITIATOR", "makao" * PROVIDERS_DOUBLE)
    MPESA_CREDENTIAL = _text("MPESA_CREDENTIAL", PROVIDERS_SECRET)
    MPESA_PAYOUT_SHORTCODE = _text("MPESA_PAYOUT_SHORTCODE")
    MPESA_PHONE_URL = f"{_PLAYED}/mpesa/phone" if _PLAYED else ""  # the payer's phone, in the demo
    NOTICE_SECRET = _derived("notices of payments")
    MAIL_DOUBLE = DEMO and not _text("SMTP_URL")
    SMTP_URL = _text("SMTP_URL", f"smtp://127.0.0.1:{PORT + 2}" * MAIL_DOUBLE)
    MAILBOX_URL = f"http://127.0.0.1:{PORT + 3}" * MAIL_DOUBLE  # what /dev/mail shows
    MAIL_FROM = _text("MAIL_FROM", "Makao <no-reply@makao.invalid>")

    # Text messages: where an account is given. In the demo a double takes them.
    SMS_DOUBLE = DEMO and not _text("SMS_KEY")
    SMS_URL = _text(
        "SMS_URL",
        f"http://127.0.0.1:{PORT + 7}" if SMS_DOUBLE else "https://api.africastalking.com",
    ).rstrip("/")
    SMS_USER = _text("SMS_USER", "sandbox" * SMS_DOUBLE)
    SMS_KEY = _text("SMS_KEY", _derived("texts") * SMS_DOUBLE)
    SMS_FROM = _text("SMS_FROM")
    SMS_BOX_URL = SMS_URL * SMS_DOUBLE  # what /dev/texts shows

    # Checks of applicants: without an address staff check by hand. In the demo doubles/ plays it.
    KYC_DOUBLE = DEMO and not _text("KYC_URL")
    KYC_URL = _text("KYC_URL", f"http://127.0.0.1:{PORT + 5}" * KYC_DOUBLE).rstrip("/")
    KYC_KEY = _text("KYC_KEY", _derived("kyc key") * KYC_DOUBLE)
    KYC_WEBHOOK_SECRET = _text("KYC_WEBHOOK_SECRET", _derived("kyc webhook") * KYC_DOUBLE)

    # A provider of identities beside the password: where one is given; in the demo, a double.
    OIDC_DOUBLE = DEMO and not _text("OIDC_ISSUER")
    _BELIEVES = f"http://127.0.0.1:{PORT + 6}" * OIDC_DOUBLE
    OIDC_ISSUER = _text("OIDC_ISSUER", _BELIEVES).rstrip("/")
    OIDC_CLIENT_ID = _text("OIDC_CLIENT_ID", "makao" * OIDC_DOUBLE)
    OIDC_CLIENT_SECRET = _text("OIDC_CLIENT_SECRET", _derived("identities") * OIDC_DOUBLE)
    OIDC_LABEL = _text("OIDC_LABEL", "the demo's directory" if OIDC_DOUBLE else "single sign-on")
    if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
        raise CannotStart(  # noqa: TRY301  # as above
            "OIDC_ISSUER is given without OIDC_CLIENT_ID and OIDC_CLIENT_SECRET."
        )
except CannotStart as refusal:
    sys.exit(f"makao: {refusal}")

# A thread holds one connection and, while it asks who is there, one of the door's. Any beyond what
# the pool keeps are opened and closed each time, which is dear. 2 web processes x 2 x 8 and the few
# of the jobs stay far below Postgres's 100 connections.
SQLALCHEMY_ENGINE_OPTIONS = {
    "json_serializer": partial(json.dumps, default=str),
    "pool_size": WEB_THREADS,
    "max_overflow": 2,
    "pool_timeout": 10,
    "pool_recycle": 1800,
    "connect_args": {"connect_timeout": 5},
}
WORKER_ENGINE_OPTIONS = {**SQLALCHEMY_ENGINE_OPTIONS, "pool_size": 2, "max_overflow": 6}
AUTH_ENGINE_OPTIONS = SQLALCHEMY_ENGINE_OPTIONS

APP_NAME = "Makao"
BABEL_DEFAULT_LOCALE = "en"
BABEL_DEFAULT_FOLDER = "translations"
LANGUAGES = {
    "en": {"flag": "gb", "name": "English"},
    "fr": {"flag": "fr", "name": "Français"},
    "sw": {"flag": "ke", "name": "Kiswahili"},
    "ar": {"flag": "sa", "name": "العربية"},
}

FAB_ADD_SECURITY_API = True
FAB_API_SWAGGER_UI = False  # its page needs scripts from elsewhere; see views/rest/openapi.py
FAB_API_KEY_ENABLED = True
FAB_API_MAX_PAGE_SIZE = 100
FAB_UPDATE_PERMS = False  # `flask prepare` writes permissions, once a release
FAB_CREATE_DB = True  # with its tables there it only adds the roles Admin and Public
FAB_PASSWORD_COMPLEXITY_ENABLED = True
AUTH_RATE_LIMITED = True  # does nothing unless RATELIMIT_ENABLED is set too
AUTH_RATE_LIMIT = "10 per 20 second"
OUTSIDE_RATE_LIMIT = "60 per minute"  # of an address: each may ask the provider something
APPLYING_RATE_LIMIT = "60 per 10 minute"  # of an address: an applicant sends some ten forms
FORGOTTEN_RATE_LIMIT = "20 per 10 minute"  # an office asks from one address, too
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = REDIS_URL.replace("unix://", "redis+unix://", 1)
RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True  # without Redis each process counts for itself

WTF_CSRF_ENABLED = True
WTF_CSRF_TIME_LIMIT = None  # as long as the session: a form left open over lunch is not lost
SESSION_COOKIE_NAME = "makao"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
MAX_CONTENT_LENGTH = 20 * 1024 * 1024  # bytes of one request
MAX_FORM_MEMORY_SIZE = 2 * 1024 * 1024  # bytes of the fields of one form
UPLOAD_FOLDER = str(DATA / "files")
SIGNING_FILE = _text("SIGNING_FILE", str(DATA / "signing.pem"))
