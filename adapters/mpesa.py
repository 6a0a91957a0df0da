"""M-Pesa (Safaricom's Daraja): a prompt on the payer's phone, and payments to phones.

A prompt is never sent twice: what became of one whose answer got lost the callback alone tells.
Callbacks are not signed. Each goes to an address with a secret of its own, and is only evidence:
the status query decides, and what the callback says of sum and phone has to be what was asked.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from adapters.answers import Answer
from adapters.payments import (
    Checkout,
    CheckoutRequest,
    DisputeOutcome,
    Heard,
    NotCalled,
    Notice,
    NoticeRefused,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundOutcome,
    RefundRequest,
    RefundState,
    State,
    Topic,
)
from adapters.wire import PATIENCE, Limits, Wire

CURRENCY = "KES"
NAIROBI = timedelta(hours=3)
NOTICE_BYTES_MAX = 64 * 1024
STALE_TOKEN = "404.001.03"  # noqa: S105  # the code of an answer
BUSY = "500.003.02"
REFUSED = "500.001.1001"
"""What a request that it understood and did not take on is answered with."""
UNDER_WAY = ("4999",)
SENTENCES = {
    "1": "There is not enough money on the M-Pesa account.",
    "1019": "The request on the phone has expired.",
    "1032": "The request on the phone was cancelled.",
    "1037": "The phone did not answer. It may have been off.",
    "2001": "The PIN was not right.",
}
WENT_WRONG = ("failed", "declined", "cancelled", "expired", "reversed")


@dataclass(frozen=True, slots=True)
class Till:
    """The business's numbers and secrets: for prompts, and (`initiator` ...) for paying out."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    shortcode: str
    passkey: str = field(repr=False)
    initiator: str = ""
    credential: str = field(default="", repr=False)
    payout_shortcode: str = ""


class _Tokens:
    """Access tokens last an hour, and are kept for most of it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def get(self, place: tuple[str, str], now: float) -> str | None:
        with self._lock:
            token, until = self._kept.get(place, ("", 0.0))
        return token if now < until else None

    def keep(self, place: tuple[str, str], token: str, until: float) -> None:
        with self._lock:
            self._kept[place] = token, until

    def forget(self, place: tuple[str, str]) -> None:
        with self._lock:
            self._kept.pop(place, None)


TOKENS = _Tokens()


@dataclass(frozen=True, slots=True)
class MpesaProvider:
    """Daraja at an address, for one till."""

    address: str
    till: Till
    limits: Limits = PATIENCE
    clock: Callable[[], float] = time.time
    repeats: ClassVar[bool] = False
    signs: ClassVar[bool] = False

    def create(self, request: CheckoutRequest) -> Checkout:
        """Ask the payer's phone, once: there is no page, and no key that would make it once."""
        amount, phone = _whole(request.amount, request.currency), _digits(request.phone)
        body = {
            **self._signed(),
            "TransactionType": "CustomerPayBillOnline",
            "Amount": amount,
            "PartyA": phone,
            "PartyB": self.till.shortcode,
            "PhoneNumber": phone,
            "CallBackURL": request.webhook_url,
            "AccountReference": request.description.split()[-1][:12],
            "TransactionDesc": "Payment",
        }
        answer = self._asked("/mpesa/stkpush/v1/processrequest", body)
        if answer.text("ResponseCode") != "0":
            raise ProviderRefused(answer.text("ResponseCode"), answer.text("ResponseDescription"))
        return Checkout(answer.text("CheckoutRequestID"), "", None)

    def status(self, reference: str, heard: Heard = ()) -> Outcome:
        """Ask what became of a prompt; sum, phone and receipt are as the callback says."""
        body = {**self._signed(), "CheckoutRequestID": reference}
        try:
            answer = self._asked("/mpesa/stkpushquery/v1/query", body)
        except ProviderRefused as refusal:
            if refusal.code == REFUSED and "process" in refusal.sentence.lower():
                return Outcome(State.requires_action, None, CURRENCY, reference)
            raise
        if answer.text("CheckoutRequestID") != reference:
            raise ProviderUnavailable("the answer is about another prompt")
        code = str(answer.any("ResultCode"))
        if code in UNDER_WAY:
            return Outcome(State.requires_action, None, CURRENCY, reference)
        if code != "0":
            said = SENTENCES.get(code) or answer.text("ResultDesc", empty=True)
            return Outcome(State.failed, None, CURRENCY, reference, code, said)
        told = _callback(reference, heard)
        return Outcome(
            State.succeeded,
            _amount(told["Amount"]) if "Amount" in told else None,
            CURRENCY,
            reference,
            receipt=str(told.get("MpesaReceiptNumber", ""))[:120],
            phone=str(told.get("PhoneNumber", ""))[:20],
        )

    def refund(self, request: RefundRequest) -> RefundOutcome:
        """Pay to the phone that paid; the same key is taken once. What came of it is told later."""
        return self._sent(request, "Refund")

    def pay_out(self, request: RefundRequest) -> RefundOutcome:
        """Pay to a phone; the same key is taken once. What came of it is told later."""
        return self._sent(request, "Withdrawal")

    def _sent(self, request: RefundRequest, remarks: str) -> RefundOutcome:
        reference = request.key.replace(":", "-")
        body = {
            "OriginatorConversationID": reference,
            "InitiatorName": self.till.initiator,
            "SecurityCredential": self.till.credential,
            "CommandID": "BusinessPayment",
            "Amount": _whole(request.amount, request.currency),
            "PartyA": self.till.payout_shortcode,
            "PartyB": _digits(request.phone),
            "Remarks": remarks,
            "QueueTimeOutURL": request.webhook_url,
            "ResultURL": request.webhook_url,
            "Occassion": "",
        }
        try:
            answer = self._asked("/mpesa/b2c/v3/paymentrequest", body)
        except ProviderRefused as refusal:
            words = refusal.sentence.lower()
            if not ("originatorconversationid" in words and ("dupl" in words or "exist" in words)):
                raise
        else:
            if answer.text("ResponseCode") != "0":
                raise ProviderRefused(
                    answer.text("ResponseCode"), answer.text("ResponseDescription")
                )
        return RefundOutcome(RefundState.pending, request.amount, request.currency, reference)

    def refund_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Say what the transaction's status is; where it is not known yet, ask for it.

        The answer to that comes to the secret address as well.
        """
        refused = ""
        for result in _results(heard):
            told = _parameters(result)
            status = str(told.get("TransactionStatus", "")).lower()
            if status == "completed":
                if _amount(told.get("Amount")) != request.amount:
                    raise ProviderUnavailable("the answer is about another sum")
                receipt = str(told.get("ReceiptNo") or result.get("TransactionID") or "")[:120]
                return RefundOutcome(
                    RefundState.succeeded,
                    request.amount,
                    request.currency,
                    reference,
                    receipt=receipt,
                )
            if status in WENT_WRONG:
                sentence = refused or f"M-Pesa says that it is {status}."
                return RefundOutcome(
                    RefundState.failed, request.amount, request.currency, reference, sentence
                )
            if not status and str(result.get("ResultCode")) != "0":
                refused = str(result.get("ResultDesc", ""))[:200]
        self._query(request, reference)
        return RefundOutcome(RefundState.pending, request.amount, request.currency, reference)

    def payout_status(
        self, request: RefundRequest, reference: str, heard: Heard = ()
    ) -> RefundOutcome:
        """Say what the transaction's status is, as of a refund."""
        return self.refund_status(request, reference, heard)

    def dispute(self, reference: str) -> DisputeOutcome:
        """Refuse: M-Pesa knows no disputes, only reversals that the business itself asks for."""
        raise ProviderRefused("no_disputes", "This provider tells of no disputes.")

    def parse_notice(self, raw_body: bytes, headers: Mapping[str, str]) -> Notice:
        """Read a callback; that it came to the secret address is all the proof there is.

        Raises:
            NoticeRefused: too long or unreadable.

        """
        if len(raw_body) > NOTICE_BYTES_MAX:
            raise NoticeRefused("the notice is too long")
        try:
            body = Answer(json.loads(raw_body))
            if body.any("Result") is not None:
                result = Answer(body.part("Result"))
                event_id = f"result:{result.text('ConversationID')}"[:120]
                return Notice(event_id, "result", topic=Topic.refund)
            told = Answer(Answer(body.part("Body")).part("stkCallback"))
            reference = told.text("CheckoutRequestID")
            return Notice(f"stk:{reference}"[:120], "stkCallback", reference)
        except (ValueError, RecursionError, ProviderUnavailable) as error:
            raise NoticeRefused("the notice cannot be read") from error

    def _query(self, request: RefundRequest, reference: str) -> None:
        body = {
            "Initiator": self.till.initiator,
            "SecurityCredential": self.till.credential,
            "CommandID": "TransactionStatusQuery",
            "TransactionID": "",
            "OriginalConversationID": reference,
            "PartyA": self.till.payout_shortcode,
            "IdentifierType": "4",
            "ResultURL": request.webhook_url,
            "QueueTimeOutURL": request.webhook_url,
            "Remarks": "Refund",
            "Occasion": "",
        }
        answer = self._asked("/mpesa/transactionstatus/v1/query", body)
        if answer.text("ResponseCode") != "0":
            raise ProviderUnavailable("the status query was not taken")

    def _signed(self) -> dict[str, str]:
        """Give what proves a prompt to be ours: the time, and a word made of it."""
        local = datetime.fromtimestamp(self.clock(), UTC) + NAIROBI
        stamp = local.strftime("%Y%m%d%H%M%S")
        word = f"{self.till.shortcode}{self.till.passkey}{stamp}"
        return {
            "BusinessShortCode": self.till.shortcode,
            "Password": base64.b64encode(word.encode()).decode(),
            "Timestamp": stamp,
        }

    def _asked(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Ask with a token. An error that its gateway words says that nothing was done."""
        wire = Wire(self.address, {"Authorization": f"Bearer {self._token()}"}, self.limits)
        status, answer = wire.ask("POST", path, body, errors_speak=True)
        code = answer.get("errorCode")
        if status == 200 and code is None:
            return Answer(answer)
        sentence = str(answer.get("errorMessage") or code)[:200]
        if code in {STALE_TOKEN, BUSY} or status == 401:
            TOKENS.forget(self._place)
            raise NotCalled(f"{path}: {sentence}")
        if isinstance(code, str) and status >= 400 and (code.startswith("4") or code == REFUSED):
            raise ProviderRefused(code, sentence)
        raise ProviderUnavailable(f"{path}: answered {status}, {sentence}")

    def _token(self) -> str:
        now = self.clock()
        if kept := TOKENS.get(self._place, now):
            return kept
        pair = base64.b64encode(f"{self.till.key}:{self.till.secret}".encode()).decode()
        wire = Wire(self.address, {"Authorization": f"Basic {pair}"}, self.limits)
        try:
            status, said = wire.ask("GET", "/oauth/v1/generate?grant_type=client_credentials")
            token, lasts = Answer(said).text("access_token"), str(said.get("expires_in", "0"))
        except ProviderUnavailable as error:
            raise NotCalled(str(error)) from error
        if status != 200 or not lasts.isdecimal():
            raise NotCalled(f"no token was given: {status}")
        TOKENS.keep(self._place, token, now + int(lasts) * 0.9)
        return token

    @property
    def _place(self) -> tuple[str, str]:
        return self.address, self.till.key


def configured(settings: Mapping[str, Any]) -> MpesaProvider | None:
    """Give M-Pesa as the settings name it; None where they do not."""
    till = Till(
        settings["MPESA_KEY"],
        settings["MPESA_SECRET"],
        settings["MPESA_SHORTCODE"],
        settings["MPESA_PASSKEY"],
        settings["MPESA_INITIATOR"],
        settings["MPESA_CREDENTIAL"],
        settings["MPESA_PAYOUT_SHORTCODE"] or settings["MPESA_SHORTCODE"],
    )
    whole = till.key and till.secret and till.shortcode and till.passkey
    return MpesaProvider(settings["MPESA_URL"], till) if whole else None


def _whole(amount: Decimal, currency: str) -> int:
    if currency != CURRENCY or amount != amount.to_integral_value() or amount <= 0:
        raise ProviderRefused("whole_only", "M-Pesa moves whole Kenyan shillings only.")
    return int(amount)


def _digits(phone: str) -> str:
    digits = phone.lstrip("+")
    if not (digits.isascii() and digits.isdecimal() and 9 <= len(digits) <= 15):
        raise ProviderRefused("no_phone", "There is no phone number to ask.")
    return digits


def _amount(given: object) -> Decimal:
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        return Decimal(-1)  # agrees with nothing
    return amount if amount.is_finite() else Decimal(-1)


def _callback(reference: str, heard: Heard) -> dict[str, Any]:
    """Find what the callback of a prompt says was paid; nothing where none came."""
    for body in heard:
        told = (body.get("Body") or {}).get("stkCallback") or {}
        if told.get("CheckoutRequestID") == reference:
            items = (told.get("CallbackMetadata") or {}).get("Item") or []
            return {str(each.get("Name")): each.get("Value") for each in items if "Value" in each}
    return {}


def _results(heard: Heard) -> list[Mapping[str, Any]]:
    return [body["Result"] for body in heard if isinstance(body.get("Result"), dict)]


def _parameters(result: Mapping[str, Any]) -> dict[str, Any]:
    rows = (result.get("ResultParameters") or {}).get("ResultParameter") or []
    return {str(each.get("Key")): each.get("Value") for each in rows if isinstance(each, dict)}
