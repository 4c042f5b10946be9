"""Names, streets and places to draw from: common ones, combined at random, so nobody's in particular."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A place with its state and one of its postal codes."""

    name: str
    state: str
    postal_code: str


# Most live near the practice; some where other rules on calling hours and another time zone hold.
CITIES = {
    City("Springfield", "MA", "01108"): 34,
    City("Holyoke", "MA", "01040"): 16,
    City("Chicopee", "MA", "01013"): 14,
    City("Northampton", "MA", "01060"): 10,
    City("Enfield", "CT", "06082"): 14,
    City("Providence", "RI", "02903"): 5,
    City("Naples", "FL", "34102"): 4,
    City("Austin", "TX", "78701"): 3,
}

STREETS = (
    "Maple Street",
    "Orchard Lane",
    "Elm Court",
    "River Road",
    "Chestnut Avenue",
    "Quarry Street",
    "Meadow Drive",
    "Church Street",
    "Birch Terrace",
    "Canal Street",
    "Hilltop Road",
    "Union Street",
)

LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "pt": "Portuguese",
    "vi": "Vietnamese",
    "zh": "Chinese",
    "fr": "French",
}

_EN_FEMALE = (
    "Alice Brenda Carol Denise Ellen Fiona Grace Hannah Irene Joyce Kelly Laura Monica Nora Olive Paula Ruth Sandra"
)
_EN_MALE = (
    "Adam Brian Carl Dennis Edward Frank George Henry Ian James Keith Louis Martin Nathan Oscar Peter Ralph Stephen"
)
_EN_FAMILY = (
    "Abbott Barnes Carver Dalton Emerson Fletcher Gibbs Hollis Ingram Jarvis Kendall Lawson Mercer Norwood Osborne "
    "Prescott Quinn Radcliffe Sawyer Thornton Underwood Vaughn Winslow Yates"
)
_ES_FEMALE = "Ana Beatriz Carmen Dolores Elena Gabriela Isabel Juana Marta Pilar Rosa Teresa"
_ES_MALE = "Alberto Carlos Diego Esteban Felipe Gustavo Hugo Javier Luis Manuel Pablo Rafael"
_ES_FAMILY = (
    "Aguilar Benítez Castro Domínguez Espinoza Fuentes Guerrero Ibarra Lozano Molina Navarro Ortega Peña Rosales"
)

FEMALE = {
    "en": tuple(_EN_FEMALE.split()),
    "es": tuple(_ES_FEMALE.split()),
    "pt": ("Ana", "Beatriz", "Catarina", "Inês", "Luísa", "Sofia"),
    "vi": ("Hoa", "Lan", "Linh", "Mai", "Thu"),
    "zh": ("Fang", "Hui", "Jing", "Li", "Mei"),
}
MALE = {
    "en": tuple(_EN_MALE.split()),
    "es": tuple(_ES_MALE.split()),
    "pt": ("António", "Duarte", "João", "Nuno", "Rui", "Tiago"),
    "vi": ("Bao", "Duc", "Minh", "Quang", "Tuan"),
    "zh": ("Bo", "Jun", "Lei", "Ming", "Wei"),
}
FAMILY = {
    "en": tuple(_EN_FAMILY.split()),
    "es": tuple(_ES_FAMILY.split()),
    "pt": ("Almeida", "Carvalho", "Ferreira", "Lopes", "Pereira", "Teixeira"),
    "vi": ("Dang", "Hoang", "Le", "Pham", "Tran"),
    "zh": ("Chen", "Huang", "Lin", "Zhao", "Zhou"),
}
