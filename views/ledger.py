"""Admin screens: books, charts of accounts, periods, accounts and journal entries."""

from core.text import N_
from models.chart import Book, LedgerAccount
from models.holds import Hold
from models.ledger import Account, Entry, Posting
from models.periods import Period, PeriodStatus
from services import chart, manual_entries, periods
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Related, Screen

MENU = N_("Accounting")


def reopened(row: Period) -> str:
    """Say what asking, or approving, has brought about."""
    if row.status is PeriodStatus.reopened:
        return N_("The period is open. Close it again when what was missing is posted.")
    return N_("Whoever approves it is told. Until then the period stays closed.")


def standing_for_document(row: Entry) -> str:
    """Say why an entry is not taken back by hand."""
    if row.reverses_id is not None:
        return N_("It takes another entry back.")
    return "" if row.source_table in manual_entries.BY_HAND else manual_entries.NotByHand.says


BOOK = Screen(
    Book,
    title=N_("Books"),
    one=N_("Book"),
    sentence=N_("Accounts that balance in themselves: your own, and money held for others."),
    menu=MENU,
    columns="name kind closed_through created_at",
    order="name",
    acts=(
        Act(
            periods.close,
            N_("Close days"),
            icon="lock",
            bulk=False,
            verb="close",
            inputs=(
                Input("through", N_("Up to and including"), Kind.day),
                Input("note", N_("Note"), Kind.long, required=False, length=400),
            ),
            confirm=N_("Nothing can be posted on these days any more."),
            done=N_("The days are closed. A second person can open them again."),
        ),
    ),
    related=(
        Related(
            Period, "book_id", N_("Periods"), "begins_on ends_on status closed_by", order="-id"
        ),
        Related(
            LedgerAccount, "book_id", N_("Chart of accounts"), "code name type", "code", add=True
        ),
    ),
    groups=(Group(N_("Book"), "kind closed_through created_at"),),
    drawing="money",
)
CHART = Screen(
    LedgerAccount,
    title=N_("Chart of accounts"),
    one=N_("Ledger account"),
    sentence=N_("What postings are summed up under, in each book."),
    menu=MENU,
    columns="code name type parent book active",
    more="currency system note created_at",
    form="book code name type parent currency active note",
    fixed="book",
    search="code name",
    filters="book type active parent",
    order="code",
    before_save=chart.check,
    deletable=True,
    inputs={"currency": {"length": 3, "required": False}, "active": {"value": "1"}},
    hints={
        "code": N_("Digits or plain letters, like 4310."),
        "parent": N_("The heading that it stands under, if any."),
        "currency": N_("Leave it empty where every currency may be posted."),
        "active": N_("What is not active is not offered any more."),
    },
    groups=(Group(N_("Ledger account"), "code name type parent book currency active system note"),),
    related=(
        Related(LedgerAccount, "parent_id", N_("Under it"), "code name type active", order="code"),
    ),
    drawing="money",
)
PERIOD = Screen(
    Period,
    title=N_("Periods"),
    one=N_("Period"),
    sentence=N_("Days of a book that are closed, or were opened again."),
    menu=MENU,
    columns="begins_on ends_on status book closed_by closed_at",
    more="note reason reopened_at",
    called="ends_on",
    heading=N_("Closed through %(name)s"),
    filters="book status ends_on closed_at",
    order="-ends_on",
    acts=(
        Act(
            periods.ask_to_reopen,
            N_("Ask to open again"),
            move="reopen",
            icon="lock-open",
            verb="ask_to_reopen",
            bulk=False,
            inputs=(Input("reason", N_("Reason"), Kind.long, length=400),),
            outcome=reopened,
        ),
        Act(
            periods.reopen,
            N_("Approve opening"),
            move="reopen",
            icon="thumb-up",
            bulk=False,
            governs=periods.REOPEN,
            outcome=reopened,
        ),
    ),
    groups=(
        Group(N_("Period"), "book begins_on ends_on closed_by closed_at note"),
        Group(N_("Opened again"), "reopened_at reason"),
    ),
    empty=N_("Nothing is closed yet. Days are closed at their book."),
    drawing="calendar",
)
HOLD = Screen(
    Hold,
    title=N_("Holds"),
    one=N_("Hold"),
    sentence=N_("Money that is set aside for a posting to come."),
    menu=MENU,
    columns="memo status amount expires_at closed_at",
    more="key created_at",
    filters="status amount expires_at created_at",
    groups=(Group(N_("Hold"), "amount expires_at closed_at key created_at"),),
    empty=N_("Nothing is set aside now."),
    drawing="money",
)
ACCOUNT = Screen(
    Account,
    title=N_("Accounts"),
    one=N_("Account"),
    sentence=N_("What each party owes or is owed; the others keep no balance of their own."),
    menu=MENU,
    columns="code type party balance currency",
    more="book held cap",
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
    menu=MENU,
    columns="memo booked_on posted_at source_table actor",
    add_page="ManualEntryView.new",
    add_verb="post",
    acts=(
        Act(
            manual_entries.reverse,
            N_("Take back"),
            icon="arrow-back-up",
            tone="danger",
            bulk=False,
            money=True,
            unless=standing_for_document,
            inputs=(Input("reason", N_("Reason"), Kind.long, length=160),),
            confirm=N_("The opposite is posted today. Both entries stay."),
            done=N_("The entry is taken back by another."),
        ),
    ),
    search="memo key",
    filters="booked_on posted_at source_table",
    groups=(Group(N_("Entry"), "memo booked_on posted_at source_table actor key"),),
    related=(
        Related(
            Posting,
            "entry_id",
            N_("Postings"),
            "account account.party unit amount",
            labels={
                "account": N_("Account"),
                "account.party": N_("Party"),
                "amount": N_("Debit, or credit (\u2212)"),
            },
        ),
    ),
    drawing="money",
)
SCREENS = [ENTRY, ACCOUNT, CHART, BOOK, PERIOD, HOLD]
