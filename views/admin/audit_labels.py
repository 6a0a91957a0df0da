"""What columns are called that the audit trail alone tells of, and of which it tells nobody."""

from collections.abc import Mapping

from core.text import N_

AUDITED: Mapping[str, str] = {
    "accepted_at": N_("Accepted"),
    "account": N_("Account"),
    "account_locked_until": N_("Locked until"),
    "assigned_at": N_("Assigned on"),
    "account_locked": N_("Account number"),
    "author": N_("Author"),
    "author_name": N_("Author"),
    "body": N_("Text"),
    "booking": N_("Booking"),
    "approval": N_("Approval"),
    "content_type": N_("Kind of file"),
    "credit": N_("Credit"),
    "debit": N_("Debit"),
    "document": N_("File"),
    "email_notices": N_("Notices by mail"),
    "emergency_contacts": N_("Emergency contacts"),
    "ended_at": N_("Ended"),
    "entry": N_("Entry"),
    "email_confirmed_at": N_("Address confirmed"),
    "actor_name": N_("By"),
    "suspended_at": N_("Suspended"),
    "suspended_reason": N_("Why it is suspended"),
    "verb": N_("What was done"),
    "error": N_("What went wrong"),
    "failed_at": N_("Failed"),
    "failed_login_attempts": N_("Failed tries"),
    "handled_at": N_("Handled"),
    "hold": N_("Hold"),
    "holder": N_("Held by"),
    "import": N_("Import"),
    "item": N_("Item"),
    "kyc_status": N_("Identity check"),
    "label": N_("Name"),
    "last_seen_at": N_("Last seen"),
    "line": N_("Line"),
    "link": N_("Link"),
    "locale": N_("Language"),
    "locked_until": N_("Locked until"),
    "mailed": N_("Sent by mail"),
    "message": N_("Message"),
    "milestone": N_("Milestone"),
    "password_changed_at": N_("Password changed"),
    "priority": N_("Priority"),
    "problems": N_("What is wrong"),
    "public_catalogue": N_("Everybody may read the catalogue"),
    "quantity": N_("Quantity"),
    "query": N_("Search and filters"),
    "reached_at": N_("Reached"),
    "read_at": N_("Read"),
    "received_at": N_("Received"),
    "recorded_by": N_("Recorded by"),
    "replaces": N_("Replaces"),
    "reverses": N_("Reverses"),
    "agreed_by": N_("Agreed by"),
    "attempt": N_("Number of the try"),
    "autopay": N_("Automatic payment"),
    "bank_line": N_("Bank line"),
    "booked": N_("Posted by it"),
    "columns": N_("Columns of its files"),
    "credit_note": N_("Credit note"),
    "invoice_line": N_("Line of an invoice"),
    "tax_included": N_("In the price"),
    "schedule": N_("Schedule"),
    "scopes": N_("What it may do"),
    "screen": N_("Page"),
    "set_at": N_("Set on"),
    "shared": N_("Shared"),
    "sheet": N_("Sheet"),
    "size": N_("Size"),
    "slug": N_("Web address"),
    "started_by": N_("Started by"),
    "suggested_intent": N_("Suggested payment"),
    "suggested_invoice": N_("Suggested invoice"),
    "suggested_rule": N_("Suggested by the rule"),
    "days_before": N_("Days before it is due"),
    "order": N_("Order of the wallet"),
    "outcome": N_("What came of it"),
    "stopped_at": N_("Stopped"),
    "tried_on": N_("Tried on"),
    "to_wallet": N_("To wallet"),
    "tries": N_("Tries"),
    "two_factor_enabled": N_("Second factor"),
    "unit_price": N_("Unit price"),
    "units": N_("Units"),
    "uploaded_by": N_("Added by"),
    "use": N_("What it is"),
    "user_agent": N_("Device"),
    "value": N_("Value"),
    "values": N_("Values"),
    "withdrawn_at": N_("Withdrawn"),
    "refund": N_("Refund"),
    "topic": N_("About"),
}
"""What columns are called that the audit trail alone tells of; `x` stands for `x_id`, too."""
TECHNICAL = frozenset(
    """
    ab_user_id after before cancel_asked causation_id cells chain check_at code_hash correlation_id
    called_at custom digest first_position flow_version id invitation_id last last_position locked
    mapping notice_hash places notification_id once organization_id pay_url previous record_id
    checksum credit_account_locked debit_account_locked form_key parts postings proved_in
    recharge_pin_locked
    recovery_codes request_hash request_id return_url row_id rows salt seal_id sealed_at search
    secret_hash sequence series sha256 span storage_key two_factor_last_step two_factor_secret
    updated_at version
    """.split()  # noqa: SIM905  # read as a list of words
)
"""Columns by which the machine keeps its own order: nobody is told when they change."""
