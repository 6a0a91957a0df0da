"""Parties: people and companies that an organization deals with. Their roles are relations."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Synonym, mapped_column, synonym

from core.db import Name
from core.flow import Flow
from core.scope import PartyScoped, Record, keyed
from core.text import N_


class PartyKind(StrEnum):
    """A human being, or a company or trust."""

    person = auto()
    company = auto()


PARTY_KIND_LABELS = {PartyKind.person: N_("Person"), PartyKind.company: N_("Company")}


class PartyStatus(StrEnum):
    """Where a party stands. Nothing new is begun with one that is not active."""

    draft = auto()
    active = auto()
    inactive = auto()
    blacklisted = auto()


_P = PartyStatus
PARTY_FLOW = Flow(
    start=_P.draft,
    moves={
        "admit": ({_P.draft}, _P.active),
        "set_aside": ({_P.draft, _P.active}, _P.inactive),
        "take_up": ({_P.inactive}, _P.active),
        "blacklist": ({_P.draft, _P.active, _P.inactive}, _P.blacklisted),
        # Whoever was blacklisted is taken up again by a second decision, not by the same one.
        "take_off": ({_P.blacklisted}, _P.inactive),
    },
    labels={
        _P.draft: N_("Draft"),
        _P.active: N_("Active"),
        _P.inactive: N_("Inactive"),
        _P.blacklisted: N_("Blacklisted"),
    },
    meanings={
        _P.draft: "waiting",
        _P.active: "good",
        _P.inactive: "over",
        _P.blacklisted: "stopped",
    },
)


class Party(PartyScoped, Record):
    """Somebody known to one organization: customer, owner, resident, vendor, staff.

    `status_reason` and `status_at` belong to the last move of its standing; the fact says whose.
    """

    __tablename__ = "party"
    __table_args__ = keyed(
        Index("ix_party_name", "organization_id", "name"),
        Index("ix_party_email", "organization_id", "email"),
        CheckConstraint(
            "btrim(name) <> ''", "has_name", info={"says": N_("A party needs a name.")}
        ),
        CheckConstraint(
            "status <> 'blacklisted' OR btrim(status_reason) <> ''",
            "blacklisted_for_a_reason",
            info={"says": N_("Say why they are blacklisted.")},
        ),
        CheckConstraint(
            "jsonb_typeof(emergency_contacts) = 'array'"
            " AND jsonb_array_length(emergency_contacts) <= 5 AND NOT jsonb_path_exists("
            "emergency_contacts, '$[*] ? (!exists(@.name) || !exists(@.phone))')",
            "emergency_contacts",
            info={"says": N_("Name at most five people to call, each with a number.")},
        ),
        Index("ix_party_status", "organization_id", "status", "id"),
    )

    kind: Mapped[PartyKind] = mapped_column(server_default=PartyKind.person)
    name: Mapped[Name]
    email: Mapped[str] = mapped_column(String(320), server_default="")
    phone: Mapped[str] = mapped_column(String(40), server_default="")
    address: Mapped[str] = mapped_column(String(400), server_default="")
    tax_number: Mapped[str] = mapped_column(String(40), server_default="")
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default=text("'{}'"))
    emergency_contacts: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=text("'[]'"), default=list
    )
    note: Mapped[str] = mapped_column(String(2000), server_default="")
    status: Mapped[PartyStatus] = mapped_column(
        server_default=PartyStatus.active, default=PartyStatus.active
    )
    status_reason: Mapped[str] = mapped_column(String(400), server_default="", default="")
    status_at: Mapped[datetime | None]
    party_id: Synonym[UUID] = synonym("id")

    def __str__(self) -> str:
        return self.name
