"""Admin screens: documents out for signature, who is to sign, and what they did."""

from uuid import UUID

from core.text import N_
from core.work import Work
from models.signing import SignatureRequest, SignatureStep, Signer
from services import signing, signing_progress
from views.admin.acts import Act
from views.admin.columns import Kind
from views.admin.inputs import Input
from views.admin.registry import Group, Preset, Related, Screen

MENU = N_("Records of the system")
STEPS = {"kind": N_("What happened"), "at": N_("When")}
SIGNERS = {
    "request": N_("Document"),
    "role": N_("Signs as"),
    "position": N_("Turn"),
    "asked_at": N_("Asked"),
    "viewed_at": N_("Opened"),
    "signed_at": N_("Signed on"),
    "signed_name": N_("Name as written"),
    "reminded_at": N_("Reminded"),
}


def withdraw(work: Work, row_id: UUID, reason: str) -> object:
    """Ask nobody any more."""
    return signing.withdraw(work, row_id, reason)


REQUEST = Screen(
    SignatureRequest,
    title=N_("Signatures"),
    one=N_("Signature request"),
    sentence=N_("Documents out for signature, and those that all have signed."),
    menu=MENU,
    columns="title status expires_at closed_at created_at",
    more="ordered reason failure signed_document",
    search="title",
    filters="status expires_at created_at ordered",
    acts=(
        Act(
            signing_progress.remind,
            N_("Remind now"),
            move="withdraw",
            icon="bell",
            done=N_("Whoever is to sign now is reminded."),
        ),
        Act(
            withdraw,
            N_("Withdraw"),
            move="withdraw",
            icon="x",
            tone="danger",
            bulk=False,
            inputs=(Input("reason", N_("Reason"), Kind.long, length=400),),
            confirm=N_("Nobody can sign it any more; those who were asked are told why."),
            done=N_("It is withdrawn."),
        ),
    ),
    groups=(
        Group(N_("Document"), "title subject_table document sha256 signed_document"),
        Group(N_("Signing"), "ordered expires_at remind_days created_at closed_at reason failure"),
    ),
    related=(
        Related(
            Signer,
            "request_id",
            N_("Who is to sign"),
            "name role position status viewed_at signed_at",
            order="position",
            labels=SIGNERS,
        ),
    ),
    presets=(
        Preset(N_("Out for signature"), "status=open"),
        Preset(N_("Signed"), "status=completed"),
    ),
    labels={
        "subject_table": N_("Record"),
        "sha256": N_("SHA-256 of the document"),
        "signed_document": N_("Signed document"),
        "document": N_("Document"),
        "ordered": N_("One after the other"),
        "expires_at": N_("Sign until"),
        "remind_days": N_("Reminder after days"),
        "closed_at": N_("Closed"),
        "failure": N_("What went wrong"),
    },
    empty=N_("Nothing is out for signature. Send a document out at its record."),
    drawing="people",
)
SIGNER = Screen(
    Signer,
    title=N_("Signers"),
    one=N_("Signer"),
    sentence=N_("Who is to sign a document, and what they did about it."),
    menu=MENU,
    columns="name request role position status asked_at viewed_at signed_at",
    more="email signed_name reason reminded_at client",
    search="name email",
    filters="status signed_at asked_at request",
    groups=(
        Group(N_("Signer"), "name email role request position"),
        Group(N_("What they did"), "asked_at reminded_at viewed_at signed_at signed_name client"),
        Group(N_("Why not"), "reason"),
    ),
    related=(
        Related(
            SignatureStep, "signer_id", N_("Steps"), "kind at client", order="at", labels=STEPS
        ),
    ),
    labels=SIGNERS,
    empty=N_("Nobody was asked to sign anything yet."),
    drawing="people",
)
SCREENS = [REQUEST, SIGNER]
