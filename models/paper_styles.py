"""How an organization's papers look and what stands on them beside the facts."""

from enum import StrEnum, auto

from sqlalchemy import CheckConstraint, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.scope import Record, keyed
from core.text import N_


class PaperKind(StrEnum):
    """The papers that an organization may style."""

    invoice = auto()
    credit_note = auto()


class PaperStyle(Record):
    """Texts and colour of one kind of paper. Texts are shown as they are, never run.

    They may name facts in braces, like `{number}`: services/paper_styles.py says which.
    """

    __tablename__ = "paper_style"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id", "kind", info={"says": N_("There is a style for this paper.")}
        ),
        CheckConstraint(
            "accent ~ '^#[0-9a-f]{6}$'",
            "accent_is_a_colour",
            info={"says": N_("Write a colour as # and six digits, like #0f766e.")},
        ),
    )

    kind: Mapped[PaperKind]
    heading: Mapped[str] = mapped_column(String(60), server_default="")
    accent: Mapped[str] = mapped_column(String(7), server_default="#0f766e")
    opening: Mapped[str] = mapped_column(String(1000), server_default="")
    closing: Mapped[str] = mapped_column(String(1000), server_default="")
    foot: Mapped[str] = mapped_column(String(200), server_default="")
    show_bank: Mapped[bool] = mapped_column(server_default=text("true"))
    show_logo: Mapped[bool] = mapped_column(server_default=text("true"))

    def __str__(self) -> str:
        return self.kind.value
