"""JSON over HTTP with another party, who may be slow, broken or hostile."""

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.deadlines import Deadline, deadline
from adapters.payments import ProviderRefused, ProviderUnavailable

WORTH_RETRYING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much we listen."""

    connect_seconds: float = 3
    read_seconds: float = 10
    total_seconds: float = 15
    answer_bytes_max: int = 256 * 1024


PATIENCE = Limits()


@dataclass(frozen=True, slots=True)
class Wire:
    """A way to one provider's API: its address, our headers, our patience."""

    address: str
    headers: Mapping[str, str]
    limits: Limits = PATIENCE

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str = ""
    ) -> dict[str, Any]:
        """Ask once and give the answer's JSON object. Redirects are not followed.

        Raises:
            ProviderUnavailable: no answer in time, one cut short, too long, not JSON, or an error
                that is the provider's own. The request may have had its effect.
            ProviderRefused: the provider said no in its own words, with whatever HTTP status.

        """
        status, content = self.send(method, path, *_as_json(body), key=key)
        return _judged(status, content, f"{method} {path}")

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        errors_speak: bool = False,
    ) -> tuple[int, dict[str, Any]]:
        """Ask once and give status and JSON object, for who words refusals in a way of their own.

        Raises:
            ProviderUnavailable: as `call`; a status of 500 and more is none if `errors_speak`.

        """
        status, content = self.send(method, path, *_as_json(body))
        if status in WORTH_RETRYING or (status >= 500 and not errors_speak):
            raise ProviderUnavailable(f"{method} {path}: answered {status}")
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ProviderUnavailable(
                f"{method} {path}: answered {status} with what is no JSON"
            ) from error
        if not isinstance(answer, dict) or 300 <= status < 400:
            raise ProviderUnavailable(f"{method} {path}: answered {status} in an unknown form")
        return status, answer

    def send(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        content_type: str = "",
        *,
        key: str = "",
    ) -> tuple[int, bytes]:
        """Send bytes and give status and bytes, whatever they are.

        Raises:
            ProviderUnavailable: no answer in time, one cut short or too long.

        """
        # Plain bytes only: a packed answer could unfold far beyond the limit at once.
        headers = {**self.headers, "Accept-Encoding": "identity"}
        if key:
            headers["Idempotency-Key"] = key
        if content_type:
            headers["Content-Type"] = content_type
        with deadline(self.limits.total_seconds) as limit:
            try:
                answered = self._exchange(method, path, content, headers, limit)
            # ValueError: httpx has a few for answers that are no HTTP at all.
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
                late = "no answer in time" if limit.passed else str(error) or repr(error)
                raise ProviderUnavailable(f"{method} {path}: {late}") from error
        if limit.passed:
            raise ProviderUnavailable(f"{method} {path}: no answer in time")
        return answered

    def _exchange(
        self,
        method: str,
        path: str,
        content: bytes,
        headers: Mapping[str, str],
        limit: Deadline,
    ) -> tuple[int, bytes]:
        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
                stream = info["return_value"]
                limit.watch(lambda: _socket(stream))

        timeout = httpx.Timeout(self.limits.read_seconds, connect=self.limits.connect_seconds)
        # A connection a call: cutting one at its deadline must not hurt another call.
        with (
            httpx.Client(base_url=self.address, timeout=timeout, trust_env=False) as client,
            client.stream(
                method,
                path,
                content=content or None,
                headers=headers,
                extensions={"trace": trace},
            ) as answer,
        ):
            read = b""
            for chunk in answer.iter_bytes():
                read += chunk
                if len(read) > self.limits.answer_bytes_max:
                    raise httpx.DecodingError("the answer is too long", request=answer.request)
            return answer.status_code, read


def _as_json(body: Mapping[str, Any] | None) -> tuple[bytes, str]:
    return (b"", "") if body is None else (json.dumps(body).encode(), "application/json")


def _socket(stream: Any) -> socket.socket | ssl.SSLSocket | None:
    found: socket.socket | None = stream.get_extra_info("socket")
    return found


def _judged(status: int, content: bytes, asked: str) -> dict[str, Any]:
    """Tell an answer from a refusal from noise, by the content first: 200 may hold an error."""
    if status >= 500 or status in WORTH_RETRYING:
        raise ProviderUnavailable(f"{asked}: answered {status}")
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProviderUnavailable(f"{asked}: answered {status} with what is no JSON") from error
    refusal = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(refusal, dict) and isinstance(refusal.get("code"), str):
        sentence = str(refusal.get("message") or refusal["code"])
        if refusal.get("retry") is True:
            raise ProviderUnavailable(f"{asked}: {sentence}")
        raise ProviderRefused(refusal["code"], sentence)
    if not isinstance(answer, dict) or refusal is not None or not 200 <= status < 300:
        raise ProviderUnavailable(f"{asked}: answered {status} in a form we do not know")
    return answer
