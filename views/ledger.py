"""Admin screens: accounts and journal entries, read only."""

from core.text import N_
from models.ledger import Account, Entry, Posting
from views.admin.registry import Group, Related, Screen

ACCOUNT = Screen(
    Account,
    title=N_("Accounts"),
    one=N_("Account"),
    sentence=N_("What each party owes or is owed; the others keep no balance of their own."),
    menu=N_("Money"),
    columns="code type party balance currency",
    labels={"party": N_("Party")},
    search="code party.name",
    filters="code type party balance currency",
    order="code",
    called="code",
    related=(
        Related(
            Posting,
            "account_id",
            N_("Postings"),
            "entry amount",
            order="-id",
            labels={"entry": N_("Entry")},
        ),
    ),
    drawing="money",
)
ENTRY = Screen(
    Entry,
    title=N_("Journal"),
    one=N_("Journal entry"),
    sentence=N_("Every business fact in money, as it was posted. Nothing here ever changes."),
    menu=N_("Money"),
    columns="memo booked_on posted_at source_table actor",
    search="memo key",
    filters="booked_on posted_at source_table",
    groups=(Group(N_("Entry"), "memo booked_on posted_at source_table actor key"),),
    related=(
        Related(
            Posting,
            "entry_id",
            N_("Postings"),
            "account account.party amount",
            labels={
                "account": N_("Account"),
                "account.party": N_("Party"),
                "amount": N_("Debit, or credit (\u2212)"),
            },
        ),
    ),
    drawing="money",
)
SCREENS = [ACCOUNT, ENTRY]
