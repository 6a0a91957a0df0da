"""Add wallets, their PINs, what is asked of them, and their movements.

Revision ID: 5e0b7a91c3f2
Revises: b8d5a1f0c372
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "5e0b7a91c3f2"
down_revision = "b8d5a1f0c372"

METHODS = "('card', 'cash', 'invoice', 'bank_transfer', 'mobile_money', 'wallet')"
METHOD_COLUMNS = {
    "payment_intent": "method",
    "invoice": "payment_method",
    "booking": "payment_method",
}


def upgrade() -> None:
    for table, column in METHOD_COLUMNS.items():
        name = f"ck_{table}_paymentmethod"
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(
            op.f(name), table, sa.text(f"{column} IN {METHODS}"), postgresql_not_valid=True
        )
        op.execute(sa.text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))
    op.create_table(
        "wallet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "frozen",
                "closed",
                name="walletstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column(
            "status_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checksum", sa.LargeBinary(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "name ~ '^[a-z0-9][a-z0-9.-]{2,39}$'", name=op.f("ck_wallet_name_is_plain")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id", "currency"],
            ["account.organization_id", "account.id", "account.currency"],
            name=op.f("fk_wallet_organization_id_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_wallet_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_wallet_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet")),
        sa.UniqueConstraint(
            "organization_id", "account_id", name=op.f("uq_wallet_organization_id_account_id")
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_wallet_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_wallet_organization_id_name")),
        sa.UniqueConstraint(
            "organization_id", "party_id", "id", name=op.f("uq_wallet_organization_id_party_id_id")
        ),
    )
    op.create_index("ix_wallet_party", "wallet", ["organization_id", "party_id"], unique=False)
    op.create_index("ix_wallet_status", "wallet", ["organization_id", "status", "id"], unique=False)
    op.create_table(
        "wallet_pin",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proved_in", sa.String(length=20), server_default="", nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_wallet_pin_tries_are_few")),
        sa.ForeignKeyConstraint(
            ["organization_id", "wallet_id"],
            ["wallet.organization_id", "wallet.id"],
            name=op.f("fk_wallet_pin_organization_id_wallet_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_wallet_pin_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_wallet_pin_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_pin")),
        sa.UniqueConstraint(
            "organization_id",
            "wallet_id",
            "profile_id",
            name=op.f("uq_wallet_pin_organization_id_wallet_id_profile_id"),
        ),
    )
    op.create_table(
        "wallet_transaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("processor", sa.String(length=40), nullable=False),
        sa.Column(
            "processor_data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "success",
                "failed",
                name="transactionstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "categories",
            postgresql.ARRAY(sa.String(length=40)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("customer_reference", sa.String(length=80), server_default="", nullable=False),
        sa.Column("debit_account_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("debit_account_locked", sa.String(length=400), server_default="", nullable=False),
        sa.Column("debit_account_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("destination_bank_code", sa.String(length=40), server_default="", nullable=False),
        sa.Column(
            "destination_bank_name", sa.String(length=120), server_default="", nullable=False
        ),
        sa.Column("credit_account_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column(
            "credit_account_locked", sa.String(length=400), server_default="", nullable=False
        ),
        sa.Column("credit_account_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "local_transfer",
                "inter_bank_transfer",
                "air_time",
                "bill_payment",
                "card_request",
                "saving",
                name="transactiontype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("session_id", sa.String(length=120), server_default="", nullable=False),
        sa.Column("payment_reference", sa.String(length=120), server_default="", nullable=False),
        sa.Column("narration", sa.String(length=200), server_default="", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("biller_id", sa.String(length=80), server_default="", nullable=False),
        sa.Column("biller_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("item_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("item_code", sa.String(length=80), server_default="", nullable=False),
        sa.Column("amount", sa.Numeric(19, 4), nullable=False),
        sa.Column("fee", sa.Numeric(19, 4), nullable=True),
        sa.Column("response_code", sa.String(length=40), server_default="", nullable=False),
        sa.Column(
            "record_type",
            sa.Enum(
                "debit",
                "credit",
                name="recordtype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("recharge_pin", sa.String(length=40), server_default="", nullable=False),
        sa.Column("recharge_pin_locked", sa.String(length=400), server_default="", nullable=False),
        sa.Column("customer_address", sa.String(length=400), server_default="", nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("balance_after", sa.Numeric(19, 4), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("checksum", sa.LargeBinary(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "CASE status WHEN 'success' THEN entry_id IS NOT NULL WHEN 'failed' THEN entry_id IS NULL ELSE true END",
            name=op.f("ck_wallet_transaction_success_has_an_entry"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_wallet_transaction_amount_positive")),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_wallet_transaction_fee_not_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id", "entry_id"],
            ["journal_entry.organization_id", "journal_entry.id"],
            name=op.f("fk_wallet_transaction_organization_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
            name=op.f("fk_wallet_transaction_organization_id_party_id_wallet_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_wallet_transaction_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transaction")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_wallet_transaction_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "reference",
            name=op.f("uq_wallet_transaction_organization_id_reference"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "wallet_id",
            "entry_id",
            name=op.f("uq_wallet_transaction_organization_id_wallet_id_entry_id"),
        ),
    )
    op.create_index(
        "ix_wallet_transaction_wallet",
        "wallet_transaction",
        ["organization_id", "wallet_id", "id"],
        unique=False,
    )
    op.create_table(
        "wallet_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "payment",
                "transfer",
                "withdrawal",
                "bill",
                name="orderkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "set_aside",
                "done",
                "failed",
                name="orderstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(19, 4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("to_wallet_id", sa.Uuid(), nullable=True),
        sa.Column(
            "parts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "bank",
                "mobile_money",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("bank_code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("bank_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("account_locked", sa.String(length=400), server_default="", nullable=False),
        sa.Column("biller_id", sa.String(length=80), server_default="", nullable=False),
        sa.Column("biller_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("item_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("item_code", sa.String(length=80), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("failure", sa.String(length=400), server_default="", nullable=False),
        sa.Column("reference", sa.String(length=120), server_default="", nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'transfer') = (to_wallet_id IS NOT NULL)",
            name=op.f("ck_wallet_order_transfer_has_a_target"),
        ),
        sa.CheckConstraint(
            "(kind IN ('withdrawal', 'bill')) = (channel IS NOT NULL)",
            name=op.f("ck_wallet_order_payout_has_a_channel"),
        ),
        sa.CheckConstraint(
            "status <> 'set_aside' OR hold_id IS NOT NULL",
            name=op.f("ck_wallet_order_aside_is_held"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_wallet_order_amount_positive")),
        sa.CheckConstraint("to_wallet_id <> wallet_id", name=op.f("ck_wallet_order_not_to_itself")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["profile.id"], name=op.f("fk_wallet_order_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "hold_id"],
            ["ledger_hold.organization_id", "ledger_hold.id"],
            name=op.f("fk_wallet_order_organization_id_hold_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "intent_id"],
            ["payment_intent.organization_id", "payment_intent.id"],
            name=op.f("fk_wallet_order_organization_id_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "to_wallet_id"],
            ["wallet.organization_id", "wallet.id"],
            name=op.f("fk_wallet_order_organization_id_to_wallet_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "wallet_id"],
            ["wallet.organization_id", "wallet.id"],
            name=op.f("fk_wallet_order_organization_id_wallet_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_wallet_order_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_order")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_wallet_order_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "wallet_id",
            "key",
            name=op.f("uq_wallet_order_organization_id_wallet_id_key"),
        ),
    )
    op.create_index(
        "ix_wallet_order_due",
        "wallet_order",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'requested'"),
    )
    op.create_index(
        "ix_wallet_order_wallet",
        "wallet_order",
        ["organization_id", "wallet_id", "id"],
        unique=False,
    )
    op.add_column("payment_intent", sa.Column("wallet_id", sa.Uuid(), nullable=True))
    op.add_column("payment_intent", sa.Column("form_key", sa.String(80), nullable=True))
    op.create_unique_constraint(
        op.f("uq_payment_intent_organization_id_wallet_id_form_key"),
        "payment_intent",
        ["organization_id", "wallet_id", "form_key"],
    )
    op.create_foreign_key(
        op.f("fk_payment_intent_organization_id_party_id_wallet_id"),
        "payment_intent",
        "wallet",
        ["organization_id", "party_id", "wallet_id"],
        ["organization_id", "party_id", "id"],
    )
    ddl.run("wallets", "wallets", "chain")
