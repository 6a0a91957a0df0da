"""Providers of identities by OpenID Connect: authorization code with PKCE, state and nonce.

What the provider says of itself is read from its discovery document. A token is believed only if it
is signed by a key of the provider, for us, just now, in answer to our own question.
"""

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from adapters.payments import ProviderRefused, ProviderUnavailable
from adapters.wire import Wire

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "PS256")
"""Signatures by a key that the provider alone holds; none with a secret that two hold."""
METADATA = "/.well-known/openid-configuration"
METADATA_LASTS_SECONDS = 3600.0
LEEWAY_SECONDS = 60
HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class OidcUnavailable(Exception):
    """The provider does not answer, or in a form that is none. Try again later."""


class OidcRefused(Exception):
    """What came is not what the provider would say to our question: forged, stale, or another's."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A question to the provider: where the person is sent, and what its answer is held against."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the provider says that it is. `subject` is its own name for them, for ever."""

    issuer: str
    subject: str
    email: str
    verified: bool


@dataclass
class Oidc:
    """Our client at one provider."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    _metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    _read_at: float = 0.0

    def begin(self, back: str) -> Begun:
        """Make the address to send a person to; the provider sends them `back`.

        Raises:
            OidcUnavailable: it cannot be asked what its addresses are.

        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url = prepare_grant_uri(
            self._address("authorization_endpoint"),
            self.client_id,
            "code",
            redirect_uri=back,
            scope="openid email",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(str(url), state, nonce, verifier)

    def finish(self, back: str, code: str, verifier: str, nonce: str) -> Claims:
        """Change the code that came for what the provider says of the person.

        Raises:
            OidcUnavailable: it does not answer.
            OidcRefused: it refuses the code, or what it says cannot be believed.

        """
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        answer = self._token(given)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcRefused("there is no id_token")
        said = self._believed(token, nonce)
        email, verified = said.get("email"), said.get("email_verified")
        return Claims(
            self.issuer,
            str(said["sub"]),
            email.strip().lower() if isinstance(email, str) else "",
            verified is True or verified == "true",
        )

    def _token(self, given: Mapping[str, str]) -> dict[str, Any]:
        who = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        basic = base64.b64encode(who.encode()).decode()
        wire = Wire(self.issuer, {"Authorization": f"Basic {basic}"})
        form = "application/x-www-form-urlencoded"
        try:
            status, content = wire.send(
                "POST", self._address("token_endpoint"), urlencode(given).encode(), form
            )
        except ProviderUnavailable as error:
            raise OidcUnavailable(str(error)) from error
        if 400 <= status < 500:
            raise OidcRefused(f"the code was refused ({status})")
        return _object(status, content)

    def _believed(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Check signature, issuer, audience, times and nonce; give what the token says."""
        options = {"iss": {"essential": True, "value": self.issuer}}
        options["aud"] = {"essential": True, "value": self.client_id}
        params = {"nonce": nonce, "client_id": self.client_id}
        try:
            keys = KeySet.import_key_set(self._get(self._address("jwks_uri")))  # type: ignore[arg-type]
            held = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            said = CodeIDToken(held.claims, held.header, options, params)
            said.validate(leeway=LEEWAY_SECONDS)
        except OidcUnavailable:
            raise
        # A token is made of whatever somebody sends: any error in reading it is a refusal.
        except Exception as error:
            raise OidcRefused(f"{type(error).__name__}: {error}") from error
        return dict(said)

    def _address(self, name: str) -> str:
        found = self._known().get(name)
        if not isinstance(found, str) or not safe(found):
            raise OidcUnavailable(f"the provider names no good {name}")
        return found

    def _known(self) -> dict[str, Any]:
        """Read the discovery document, and again after an hour."""
        if not self._metadata or time.monotonic() - self._read_at > METADATA_LASTS_SECONDS:
            read = self._get(f"{self.issuer}{METADATA}")
            if read.get("issuer") != self.issuer:
                raise OidcUnavailable("the provider calls itself otherwise than the settings")
            self._metadata, self._read_at = read, time.monotonic()
        return self._metadata

    def _get(self, url: str) -> dict[str, Any]:
        try:
            return _object(*Wire(self.issuer, {}).send("GET", url))
        except (ProviderUnavailable, ProviderRefused) as error:
            raise OidcUnavailable(str(error)) from error


def safe(url: str) -> bool:
    """Whether an address is one that nobody listens on between us: https, or this machine's."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)


def _object(status: int, content: bytes) -> dict[str, Any]:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OidcUnavailable(f"answered {status} with what is no JSON") from error
    if status != 200 or not isinstance(read, dict):
        raise OidcUnavailable(f"answered {status} in an unknown form")
    return read
