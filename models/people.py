"""Parties: people and companies that an organization deals with. Their roles are relations."""

from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, Synonym, mapped_column, synonym

from core.db import Name
from core.scope import PartyScoped, Record, keyed
from core.text import N_


class PartyKind(StrEnum):
    """A human being, or a company or trust."""

    person = auto()
    company = auto()


PARTY_KIND_LABELS = {PartyKind.person: N_("Person"), PartyKind.company: N_("Company")}


class Party(PartyScoped, Record):
    """Somebody known to one organization: customer, owner, resident, vendor, staff."""

    __tablename__ = "party"
    __table_args__ = keyed(
        Index("ix_party_name", "organization_id", "name"),
        Index("ix_party_email", "organization_id", "email"),
        CheckConstraint(
            "btrim(name) <> ''", "has_name", info={"says": N_("A party needs a name.")}
        ),
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
    party_id: Synonym[UUID] = synonym("id")

    def __str__(self) -> str:
        return self.name
