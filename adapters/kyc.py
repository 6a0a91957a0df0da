"""Checks of persons by a provider over REST: a bearer key, and signed notices that only ring."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any, Protocol
from urllib.parse import quote

from adapters.answers import Answer
from adapters.payments import ProviderUnavailable
from adapters.signatures import SignatureRefused, verify
from adapters.wire import PATIENCE, Limits, Wire

NAME = "kyc"
SIGNATURE_HEADER = "kyc-signature"
NOTICE_BYTES_MAX = 64 * 1024
SUMMARY_MAX = 400


class Found(StrEnum):
    """How a check stands at the provider."""

    pending = auto()
    passed = auto()
    failed = auto()
    unclear = auto()


class NoticeRefused(Exception):
    """The notice is forged, stale or cannot be read."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is to be checked, and for which of our checks; asked twice it is asked once."""

    check_id: str
    kind: str
    name: str
    email: str
    phone: str
    identity_kind: str
    identity: str = field(repr=False)
    notice_url: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of a check; `details` are short texts by name."""

    reference: str
    found: Found
    summary: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class CheckProvider(Protocol):
    """Somebody who finds out about persons."""

    def begin(self, subject: Subject) -> Report:
        """Ask for a check, once per `check_id`."""

    def status(self, reference: str) -> Report:
        """Ask how a check stands now."""

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> str:
        """Prove a notice and give the id of our check that it is about."""


@dataclass(frozen=True, slots=True)
class HttpChecks:
    """The provider at an address. `secrets` sign its notices: the current, and the one before."""

    address: str
    key: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    limits: Limits = PATIENCE
    clock: Callable[[], float] = time.time

    def begin(self, subject: Subject) -> Report:
        """Ask for a check, once per `check_id`.

        Raises:
            ProviderUnavailable: no good answer; it may have been taken up all the same.
            ProviderRefused: it does not take such a person.

        """
        body = {
            "check_id": subject.check_id,
            "kind": subject.kind,
            "person": {
                "name": subject.name,
                "email": subject.email,
                "phone": subject.phone,
                "identity_kind": subject.identity_kind,
                "identity": subject.identity,
            },
            "webhook_url": subject.notice_url,
        }
        return _report(self._wire.call("POST", "/v1/checks", body, subject.check_id))

    def status(self, reference: str) -> Report:
        """Ask how a check stands now.

        Raises:
            ProviderUnavailable, ProviderRefused: as `begin`.

        """
        report = _report(self._wire.call("GET", f"/v1/checks/{quote(reference, safe='')}"))
        if report.reference != reference:
            raise ProviderUnavailable("the answer is about another check")
        return report

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> str:
        """Prove a notice and give the id of our check that it is about.

        Raises:
            NoticeRefused: too long, forged, stale or unreadable.

        """
        if len(raw_body) > NOTICE_BYTES_MAX:
            raise NoticeRefused("the notice is too long")
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            verify(raw_body, lowered.get(SIGNATURE_HEADER, ""), self.secrets, self.clock())
            return Answer(Answer(json.loads(raw_body)).part("data")).text("check_id")
        except SignatureRefused as error:
            raise NoticeRefused(str(error)) from error
        except (ValueError, RecursionError, ProviderUnavailable) as error:
            raise NoticeRefused("the notice cannot be read") from error

    @property
    def _wire(self) -> Wire:
        return Wire(self.address, {"Authorization": f"Bearer {self.key}"}, self.limits)


def configured(settings: Mapping[str, Any]) -> CheckProvider | None:
    """Give the provider that the settings name; None where staff check by hand alone."""
    address, secrets = settings["KYC_URL"], settings["KYC_WEBHOOK_SECRET"].split()
    if not address or not secrets:
        return None
    return HttpChecks(address, settings["KYC_KEY"], secrets)


def _report(said: dict[str, Any]) -> Report:
    answer = Answer(said)
    details = said.get("details") or {}
    if not isinstance(details, dict) or len(details) > 20:
        raise ProviderUnavailable("the answer has no good details")
    return Report(
        reference=answer.text("reference")[:120],
        found=answer.member("state", Found),
        summary=answer.text("summary", empty=True)[:SUMMARY_MAX],
        details={str(key)[:40]: str(value)[:200] for key, value in details.items()},
    )
