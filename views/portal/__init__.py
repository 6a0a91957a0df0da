"""The portal: what visitors and buyers see, phone first. One file a place."""

from views.portal.applications import PortalApplicationsView
from views.portal.autopay import PortalAutopayView
from views.portal.bills import PortalBillsView
from views.portal.bookings import PortalBookingsView
from views.portal.browse import CatalogueView
from views.portal.cards import PortalCardsView
from views.portal.home import PortalHomeView
from views.portal.homes import PortalHomesView
from views.portal.inspections import PortalInspectionsView
from views.portal.leases import PortalLeasesView
from views.portal.papers import PortalPapersView
from views.portal.payments import PortalPaymentsView
from views.portal.signing import PortalSigningView
from views.portal.statement import PortalStatementView
from views.portal.wallet import PortalWalletView
from views.portal.wallet_acts import PortalWalletActsView
from views.portal.wallet_statement import PortalWalletStatementView
from views.portal.wizard import PortalWizardView

VIEWS = (
    PortalHomeView,
    PortalHomesView,
    PortalLeasesView,
    PortalInspectionsView,
    PortalBookingsView,
    PortalWizardView,
    PortalPaymentsView,
    PortalPapersView,
    PortalStatementView,
    PortalWalletView,
    PortalWalletActsView,
    PortalWalletStatementView,
    PortalAutopayView,
    PortalCardsView,
    PortalBillsView,
    PortalSigningView,
    PortalApplicationsView,
    CatalogueView,
)
