"""Admin screens: the catalogue of sales."""

from models.people import Party
from models.sales import Project
from views.registry import Screen

SCREENS = [
    Screen(Project, menu="Sales", columns="name location currency published", form="name location currency"),
    Screen(Party, menu="People", columns="name kind email phone", form="name kind email phone"),
]
