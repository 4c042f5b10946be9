"""How a patient may be reached, as the EHR has it: addresses, preference, consents, who else reads along. Pure."""

from smartapp.messages.contact.facts import NOTHING_READ, Contact, Known, Statement
from smartapp.messages.contact.meanings import Meanings, built_in_meanings, read_meanings
from smartapp.messages.contact.resources import contact_from_resources

__all__ = [
    "NOTHING_READ",
    "Contact",
    "Known",
    "Meanings",
    "Statement",
    "built_in_meanings",
    "contact_from_resources",
    "read_meanings",
]
