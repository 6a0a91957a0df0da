"""Admin screens: the audit trail, facts and their deliveries, and sagas."""

from typing import Any

from core.scope import current
from core.text import N_
from models.events import AuditEntry, Delivery, Event, Saga, SagaStatus
from services import events, sagas
from views.admin.acts import Act
from views.admin.registry import Group, Preset, Related, Screen
from views.admin.waiting import Waiting, facts

MENU = N_("Records of the system")
AUDIT = Screen(
    AuditEntry,
    title=N_("Audit trail"),
    one=N_("Audit entry"),
    sentence=N_("Who changed what, when and from where. It is sealed, and nobody can rewrite it."),
    menu=MENU,
    columns="at table_name action changed actor severity client",
    search="table_name actor",
    filters="at table_name action actor severity",
    groups=(
        Group(N_("Entry"), "at table_name action changed actor severity client request_id"),
        Group(N_("Before"), "before"),
        Group(N_("After"), "after"),
    ),
    called="table_name",
    heading=N_("Change of: %(name)s"),
    labels={
        "request_id": N_("Request"),
        "before": N_("As it was"),
        "after": N_("As it became"),
    },
    presets=(Preset(N_("Critical"), "severity=critical"),),
    scope=lambda model: model.organization_id == current().organization_id,
)
EVENT = Screen(
    Event,
    title=N_("Events"),
    one=N_("Event"),
    sentence=N_("What happened, in the order it did, and who was told."),
    menu=MENU,
    columns="type happened_at subject_table actor",
    search="type",
    filters="type subject_table happened_at",
    groups=(
        Group(N_("Event"), "type version happened_at subject_table sequence actor source"),
        Group(N_("Details"), "data"),
    ),
    labels={"version": N_("Version"), "sequence": N_("Number"), "source": N_("Through")},
    related=(
        Related(
            Delivery,
            "event_id",
            N_("Deliveries"),
            "subscriber attempts done_at parked_at last_error",
        ),
    ),
)


def _not_parked(row: Delivery) -> str:
    return "" if row.parked_at else N_("It was not given up.")


DELIVERY = Screen(
    Delivery,
    title=N_("Deliveries"),
    one=N_("Delivery"),
    sentence=N_("Who is told of which event, and whether they have been."),
    menu=MENU,
    columns="subscriber event attempts due_at done_at parked_at last_error",
    called="event",
    heading=N_("Delivery of %(name)s"),
    search="subscriber event.type",
    filters="subscriber due_at done_at parked_at",
    acts=(
        Act(
            events.replay,
            N_("Replay"),
            icon="refresh",
            confirm=N_("The listener is told of it again."),
            done=N_("It is told again in a moment."),
        ),
        Act(
            events.skip,
            N_("Skip"),
            icon="player-skip-forward",
            tone="danger",
            unless=_not_parked,
            confirm=N_("The listener never hears of it; what came after it goes on."),
            done=N_("It is skipped, and what waited behind it goes on."),
        ),
    ),
    presets=(Preset(N_("Parked"), "parked_at_from=2000-01-01"),),
)


def _parked(_at_hand: Any) -> Any:
    parked = facts(Saga.id, Saga.kind, Saga.created_at, about=Saga.last_error)
    return parked.where(Saga.status == SagaStatus.parked).order_by(Saga.created_at)


SAGA = Screen(
    Saga,
    title=N_("Long-running work"),
    one=N_("Long-running work"),
    sentence=N_("Acts that belong together and take a while; those that are parked need you."),
    menu=MENU,
    waiting=(Waiting("resume", N_("Parked: %(name)s"), "player-pause", _parked, "stopped"),),
    columns="kind status step attempts due_at last_error finished_at created_at",
    filters="status kind created_at",
    called="kind",
    acts=(
        Act(
            sagas.resume,
            N_("Go on"),
            move="resume",
            icon="player-play",
            money=True,  # it may be a refund that stopped
            done=N_("It goes on where it stopped."),
        ),
    ),
    presets=(Preset(N_("Parked"), "status=parked"),),
)
SCREENS = [AUDIT, EVENT, DELIVERY, SAGA]
