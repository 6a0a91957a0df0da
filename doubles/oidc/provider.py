"""What the provider of identities says and keeps: codes by which one signs in, and its keys."""

import base64
import hashlib
import html
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

FAULTS = (
    *("wrong_nonce", "wrong_audience", "wrong_issuer", "expired", "unknown_key", "forged"),
    *("unsigned", "unverified", "no_address", "garbage", "error", "denied"),
)
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Who are you?</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>
<h1>Who are you?</h1><p>This is a provider of identities for tests: it believes everybody.</p>
<form method="post" action="/authorize">{hidden}
<p><label>E-mail <input name="email" type="email" required></label></p>
<p><label>Name <input name="name"></label></p><button>Sign in</button></form></main>
</body></html>"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    body: str = ""
    location: str = ""


@dataclass
class Provider:
    """One provider with one client."""

    address: str
    client: str
    secret: str
    faults: set[str] = field(default_factory=set)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the key that it signs with, and one that nobody knows of."""
        self.key, self.other = (rsa.generate_private_key(65537, 2048) for _ in range(2))

    def answer(self, method: str, path: str, given: dict[str, str], authorization: str) -> Answer:
        """Answer a request."""
        if "error" in self.faults:
            return Answer(503, "{}")
        if "garbage" in self.faults and path != "/authorize":
            return Answer(200, "<html>{]")
        if path == "/authorize":
            return self._authorize(method, given)
        if path == "/token" and method == "POST":
            return self._token(given, authorization)
        documents = {
            "/.well-known/openid-configuration": self._metadata(),
            "/jwks": {"keys": [_public(self.key)]},
            "/userinfo": self.tokens.get(authorization.removeprefix("Bearer ")),
        }
        found = documents.get(path)
        return Answer(200, json.dumps(found)) if found else Answer(404, "{}")

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _authorize(self, method: str, given: dict[str, str]) -> Answer:
        fits = given.get("client_id") == self.client and given.get("response_type") == "code"
        if not fits or given.get("code_challenge_method") != "S256" or "nonce" not in given:
            return Answer(400, "<p>The client asks wrongly.</p>")
        back, state = given.get("redirect_uri", ""), given.get("state", "")
        if "denied" in self.faults:
            return Answer(
                303, location=f"{back}?{urlencode({'error': 'access_denied', 'state': state})}"
            )
        if method == "GET":
            hidden = "".join(
                f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                for name, value in given.items()
            )
            return Answer(200, PAGE.format(hidden=hidden))
        code = secrets.token_urlsafe(24)
        self.codes[code] = given
        return Answer(303, location=f"{back}?{urlencode({'code': code, 'state': state})}")

    def _token(self, given: dict[str, str], authorization: str) -> Answer:
        asked = self.codes.pop(given.get("code", ""), None)
        known = f"{self.client}:{self.secret}".encode()
        basic = authorization == f"Basic {base64.b64encode(known).decode()}"
        posted = (given.get("client_id"), given.get("client_secret")) == (self.client, self.secret)
        proof = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if asked is None or not (basic or posted) or _text(proof) != asked["code_challenge"]:
            return Answer(400, json.dumps({"error": "invalid_grant"}))
        if given.get("redirect_uri") != asked["redirect_uri"]:
            return Answer(400, json.dumps({"error": "invalid_grant"}))
        claims, access = self._claims(asked), secrets.token_urlsafe(24)
        self.tokens[access] = {"sub": claims["sub"], "email": asked["email"]}
        body = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        return Answer(200, json.dumps(body | {"id_token": self._signed(claims)}))

    def _claims(self, asked: dict[str, str]) -> dict[str, Any]:
        now, faults = int(time.time()), self.faults
        claims = {
            "iss": "https://elsewhere.example" if "wrong_issuer" in faults else self.address,
            "aud": "somebody-else" if "wrong_audience" in faults else self.client,
            "sub": hashlib.sha256(asked["email"].lower().encode()).hexdigest()[:24],
            "iat": now - 3600 * ("expired" in faults),
            "exp": now + 300 - 3600 * ("expired" in faults),
            "nonce": "of-another-time" if "wrong_nonce" in faults else asked["nonce"],
            "email": asked["email"],
            "email_verified": "unverified" not in faults,
            "name": asked.get("name", ""),
        }
        return {
            key: each
            for key, each in claims.items()
            if key != "email" or "no_address" not in faults
        }

    def _signed(self, claims: dict[str, Any]) -> str:
        head = {"typ": "JWT", "alg": "RS256", "kid": "one"}
        if "unsigned" in self.faults:
            head["alg"] = "none"
        if "unknown_key" in self.faults:
            head["kid"] = "two"
        text = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(claims).encode())}"
        if "unsigned" in self.faults:
            return f"{text}."
        wrong = {"unknown_key", "forged"} & self.faults
        signer = self.other if wrong else self.key
        return f"{text}.{_text(signer.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _public(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    n, e = (_text(each.to_bytes((each.bit_length() + 7) // 8)) for each in (numbers.n, numbers.e))
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "n": n, "e": e}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
