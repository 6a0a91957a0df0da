"""Who is asked to approve something, reminded of it, and told what became of it."""

from core.text import N_
from core.work import Work, found
from models.approvals import Approval, ApprovalStatus
from models.events import Event
from models.notices import Priority
from services import approvals, notices
from services.notices import Notice
from workers.jobs import Desk, homes
from workers.notices import doer_of, notice_of


def asked(work: Work, event: Event) -> None:
    """Ask those whom the rule names, but for whoever asks."""
    question = found(work, Approval, event.subject_id)
    approvers = notices.holders(work, question.roles) - {question.asked_by_id}
    notices.notify(work, approvers, _to_approve(question, f"event:{event.id}"))


def given(work: Work, event: Event) -> None:
    """Tell whoever asked that somebody agreed, and how many more have to."""
    question = found(work, Approval, event.subject_id)
    if not event.data["missing"] or question.asked_by_id in (None, doer_of(event)):
        return
    says = N_("%(record)s was approved by one more; %(missing)s still missing.")
    values = {"record": question.subject_name, "missing": event.data["missing"]}
    assert question.asked_by_id
    link = f"/admin/{question.subject_table}/{question.subject_id}"
    notices.notify(work, [question.asked_by_id], notice_of(event, says, link, **values))


def lapsed(work: Work, event: Event) -> None:
    """Tell whoever asked, and those who did not answer."""
    if event.data["new"] != ApprovalStatus.lapsed:
        return
    question = found(work, Approval, event.subject_id)
    told = notices.holders(work, question.roles)
    if question.asked_by_id:
        told.add(question.asked_by_id)
    says = N_("Nobody approved %(record)s in time.")
    link = f"/admin/{question.subject_table}/{question.subject_id}"
    notice = notice_of(event, says, link, record=question.subject_name)
    notices.notify(work, told, notice)


def remind() -> None:
    """Remind those who are asked, and end what nobody answered in time."""
    for home in homes():
        with Desk(home, "approvals.remind").work() as work:
            remind_in(work)


def remind_in(work: Work) -> None:
    """Do so in one organization."""
    for question in approvals.due(work):
        if question.lapses_at and question.lapses_at <= work.now:
            approvals.lapse(work, question.id)
            continue
        assert question.remind_at
        once = f"approval:{question.id}:{question.remind_at.timestamp():.0f}"
        notices.notify(work, notices.holders(work, question.roles), _to_approve(question, once))
        approvals.reminded(work, question)


def _to_approve(question: Approval, once: str) -> Notice:
    return Notice(
        N_("%(record)s (%(about)s) waits for your approval."),
        once,
        {"record": question.subject_name, "about": question.about},
        f"/admin/{question.subject_table}/{question.subject_id}",
        Priority.high,
    )
