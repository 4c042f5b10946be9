"""Who a patient is, and the Patient resource: US Core race, ethnicity, sex; language, telecom, address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .chart import resource
from .codes import CDC_RACE, US_CORE, Code, Resource, hl7, snomed
from .dates import years_before
from .draw import Draw
from .names import CITIES, FAMILY, FEMALE, LANGUAGES, MALE, STREETS, City
from .practice import SANDBOX_IDS, organization, practitioner

# OMB categories as US Core uses them (CDC Race & Ethnicity code system), and about their share of US adults.
RACES = {
    Code(CDC_RACE, "2106-3", "White"): 60,
    Code(CDC_RACE, "2054-5", "Black or African American"): 16,
    Code(CDC_RACE, "2028-9", "Asian"): 9,
    Code(CDC_RACE, "1002-5", "American Indian or Alaska Native"): 2,
    Code(CDC_RACE, "2131-1", "Other Race"): 13,
}
HISPANIC = Code(CDC_RACE, "2135-2", "Hispanic or Latino")
NOT_HISPANIC = Code(CDC_RACE, "2186-5", "Not Hispanic or Latino")

# Values of the us-core-sex extension (US Core 7 and later).
SEX_CODES = {"female": "248152002", "male": "248153007"}


_INTERPRETER_NEEDED = {
    "url": US_CORE + "us-core-interpreter-needed",
    "valueCoding": snomed("373066001", "Yes (qualifier value)").coding(),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, apart from anything clinical."""

    sex: str  # female, male
    birth: date
    given: str
    family: str
    race: Code
    hispanic: bool
    language: str  # BCP 47
    city: City
    street: str
    phone: str
    email: str | None
    contact: str  # what the patient prefers: sms, phone or email
    clinician: str
    interpreter: bool = False
    deceased: date | None = None


def draw_person(
    draw: Draw,
    reference: date,
    *,
    sex: str | None = None,
    age: int | None = None,
    language: str | None = None,
    name: tuple[str, str] | None = None,
    extra_days: int | None = None,
    clinicians: tuple[str, ...],
) -> Person:
    """A person; what is given is kept, everything else is drawn."""
    sex = sex or draw.pick(("female", "male"))
    if age is None:
        age = _age(draw)
    birth = years_before(reference, age) - timedelta(days=extra_days or draw.between(1, 360))
    language = language or draw.weighted({"en": 84, "es": 11, "pt": 2, "vi": 1, "zh": 1, "fr": 1})
    group = language if language in FAMILY else "en"
    given = draw.pick((FEMALE if sex == "female" else MALE)[group])
    family = draw.pick(FAMILY[group])
    given, family = name or (given, family)
    hispanic = group == "es" or draw.chance(5)
    contact = draw.weighted(
        {"sms": 50, "phone": 25, "email": 25} if age < 65 else {"sms": 20, "phone": 60, "email": 20}
    )
    has_email = contact == "email" or draw.chance(70)
    return Person(
        sex=sex,
        birth=birth,
        given=given,
        family=family,
        race=_race(draw, language),
        hispanic=hispanic,
        language=language,
        city=draw.weighted(CITIES),
        street=f"{draw.between(1, 480)} {draw.pick(STREETS)}",
        # 555-0100 to 555-0199 are kept free for fiction (North American Numbering Plan).
        phone=f"{draw.pick(('413', '860', '617'))}-555-01{draw.between(0, 99):02d}",
        email=f"{_ascii(given)}.{_ascii(family)}{draw.between(10, 99)}@example.com" if has_email else None,
        contact=contact,
        clinician=draw.pick(clinicians),
        interpreter=language != "en" and (name is not None or draw.chance(45)),
    )


def _age(draw: Draw) -> int:
    low, high = draw.weighted(
        {(0, 2): 4, (3, 11): 5, (12, 17): 6, (18, 39): 22, (40, 64): 35, (65, 79): 21, (80, 92): 7}
    )
    return draw.between(low, high)


def _race(draw: Draw, language: str) -> Code:
    race = draw.weighted(RACES)
    asian = next(code for code in RACES if code.code == "2028-9")
    return asian if language in ("vi", "zh") else race


def _ascii(name: str) -> str:
    plain = name.translate(str.maketrans("áéíóúñãçêâô", "aeiouncceao"))
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalpha())


def _omb(url: str, code: Code) -> Resource:
    return {
        "url": US_CORE + url,
        "extension": [
            {"url": "ombCategory", "valueCoding": code.coding()},
            {"url": "text", "valueString": code.display},
        ],
    }


def _race_extension(code: Code) -> Resource:
    """ "Other Race" is no OMB category: US Core allows it as a text alone."""
    if code.code == "2131-1":
        return {"url": US_CORE + "us-core-race", "extension": [{"url": "text", "valueString": code.display}]}
    return _omb("us-core-race", code)


def _telecom(person: Person, age: int) -> list[Resource]:
    """Phone, text and mail, the preferred one with rank 1. A child's own number is rarely on file."""
    ways = {"sms": {"system": "sms", "value": person.phone, "use": "mobile"}}
    ways["phone"] = {"system": "phone", "value": person.phone, "use": "mobile" if person.contact == "sms" else "home"}
    if person.email:
        ways["email"] = {"system": "email", "value": person.email, "use": "home"}
    if age < 12:
        ways.pop("sms")
    first = person.contact if person.contact in ways else "phone"
    order = [first, *(way for way in ways if way != first)]
    return [{**ways[way], "rank": rank} for rank, way in enumerate(order, start=1)]


def patient_resource(patient_id: str, person: Person, age: int) -> Resource:
    """The US Core Patient, with a label and a narrative that say that nobody of this name exists."""
    name = f"{person.given} {person.family}"
    language = Code("urn:ietf:bcp:47", person.language, LANGUAGES[person.language])
    narrative = f"{name}, born {person.birth.isoformat()}. Synthetic test data: this person does not exist."
    return resource(
        "Patient",
        patient_id,
        "us-core-patient",
        text={
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}</div>',
        },
        extension=[
            _race_extension(person.race),
            _omb("us-core-ethnicity", HISPANIC if person.hispanic else NOT_HISPANIC),
            {"url": US_CORE + "us-core-birthsex", "valueCode": "F" if person.sex == "female" else "M"},
            {"url": US_CORE + "us-core-sex", "valueCode": SEX_CODES[person.sex]},
            *([_INTERPRETER_NEEDED] if person.interpreter else []),
        ],
        identifier=[
            {
                "use": "usual",
                "type": {"coding": [hl7("v2-0203", "MR", "Medical record number").coding()]},
                "system": SANDBOX_IDS + "mrn",
                "value": f"MRN-{patient_id[3:]}",
            }
        ],
        active=person.deceased is None,
        name=[{"use": "official", "family": person.family, "given": [person.given]}],
        telecom=_telecom(person, age),
        gender=person.sex,
        birthDate=person.birth.isoformat(),
        deceasedDateTime=person.deceased.isoformat() if person.deceased else None,
        address=[
            {
                "use": "home",
                "line": [person.street],
                "city": person.city.name,
                "state": person.city.state,
                "postalCode": person.city.postal_code,
                "country": "US",
            }
        ],
        communication=[{"language": {"coding": [language.coding()], "text": language.display}, "preferred": True}],
        generalPractitioner=[practitioner(person.clinician)],
        managingOrganization=organization(),
    )
