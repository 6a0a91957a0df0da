"""All screens and pages, by domain."""

from flask import current_app
from flask_appbuilder import AppBuilder

from views import (
    aml,
    applying,
    approvals,
    availability,
    bank_imports,
    bank_statements,
    billing,
    bills,
    bookings,
    cheques,
    contacts,
    dunning,
    estate,
    events,
    files,
    financials,
    holds,
    home,
    imports,
    inspections,
    invoice_drafts,
    lease_papers,
    leasing,
    ledger,
    manual_entries,
    notices,
    onboarding,
    organizations,
    paper_styles,
    papers,
    payments,
    people,
    platform,
    profile,
    rents,
    sales,
    scheduled_bills,
    signing,
    taxes,
    wallets,
)
from views.admin import registry, search
from views.admin.pages import view_of
from views.portal import VIEWS as PORTAL
from views.rest import openapi
from views.rest.resources import api_of
from views.web import mailbox

SCREENS = [
    *bookings.SCREENS,
    *sales.SCREENS,
    *estate.SCREENS,
    *leasing.SCREENS,
    *lease_papers.SCREENS,
    *rents.SCREENS,
    *inspections.SCREENS,
    *bills.SCREENS,
    *billing.SCREENS,
    *taxes.SCREENS,
    *payments.SCREENS,
    *cheques.SCREENS,
    *bank_statements.SCREENS,
    *dunning.SCREENS,
    *wallets.SCREENS,
    *scheduled_bills.SCREENS,
    *ledger.SCREENS,
    *people.SCREENS,
    *onboarding.SCREENS,
    *aml.SCREENS,
    *organizations.SCREENS,
    *paper_styles.SCREENS,
    *approvals.SCREENS,
    *signing.SCREENS,
    *events.SCREENS,
]
VIEWS = [
    home.HomeView,
    profile.ProfileView,
    contacts.ContactsView,
    notices.NoticesView,
    notices.ShortNoticeView,
    files.FilesView,
    search.SearchView,
    imports.ImportsView,
    holds.HoldsView,
    availability.AvailabilityView,
    financials.ReportsView,
    manual_entries.ManualEntryView,
    invoice_drafts.InvoiceDraftsView,
    papers.PapersView,
    inspections.InspectionsView,
    bank_imports.BankImportsView,
    organizations.OrganizationView,
    organizations.InvitationView,
    applying.ApplyingView,
    platform.PlatformView,
    mailbox.MailboxView,
    mailbox.TextsView,
    openapi.OpenApi,
    *PORTAL,
]


def register(appbuilder: AppBuilder) -> None:
    """Give every screen its pages and its resource, and every page its address."""
    registry.enrol(SCREENS)
    for screen in SCREENS:
        appbuilder.add_view_no_menu(view_of(screen), endpoint=screen.name)
        appbuilder.add_api(api_of(screen))
    for view in VIEWS:
        made = appbuilder.add_view_no_menu(view)
        if view is applying.ApplyingView and appbuilder.sm.is_auth_limited:
            limit = current_app.config["APPLYING_RATE_LIMIT"]
            appbuilder.sm.limiter.limit(limit, methods=["POST"])(made.blueprint)
