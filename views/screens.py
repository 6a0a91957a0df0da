"""All screens, by domain: what the registry makes views and REST resources of."""

from views import home, sales

SCREENS = [*sales.SCREENS]
VIEWS = [home.HomeView, home.ProfileView]
