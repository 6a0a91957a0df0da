"""What people arrange for themselves: saved views of lists."""

from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, NotFound
from core.text import N_
from core.work import Work, locked
from models.builder import SavedView

LONGEST_QUERY = 2_000


def save_view(work: Work, screen: str, name: str, query: str, *, shared: bool) -> SavedView:
    """Keep a list as it is arranged; a view of one's own of the same name is replaced.

    Raises:
        BadInput: it has no name, or the arrangement is too long.

    """
    plain = name.strip()
    if not plain or len(plain) > 80:
        raise BadInput(N_("Give the view a name of at most 80 characters."), field="name")
    if len(query) > LONGEST_QUERY:
        raise BadInput(N_("That is more than a view can keep. Take some filters away."))
    mine = (
        SavedView.screen == screen,
        SavedView.profile_id == work.scope.profile_id,
        SavedView.name == plain,
    )
    view = work.session.scalar(select(SavedView).where(*mine).with_for_update())
    if view is None:
        view = SavedView(
            organization_id=work.scope.home(),
            screen=screen,
            profile_id=work.scope.profile_id,
            name=plain,
        )
        work.session.add(view)
    view.query, view.shared = {"query": query}, shared
    work.session.flush()
    return view


def drop_view(work: Work, view_id: UUID) -> None:
    """Forget a view of one's own.

    Raises:
        NotFound: there is none, or it is somebody else's.

    """
    view = locked(work, SavedView, view_id)
    if view.profile_id != work.scope.profile_id:
        raise NotFound
    work.session.delete(view)
    work.session.flush()
