# ruff: noqa: RUF001, E501  (a table of look-alike letters, one alphabet a line)
"""Letters of other alphabets that look like Latin ones: enough to *name* what a disguised word says.

A word that needs this table is never neutral (no practice writes "appointment" with a Cyrillic o), so a
letter that is missing here costs a name in the report, not a leak. Modelled on the skeleton of Unicode
Technical Standard #39, section 4; compatibility forms (full-width, mathematical, circled) are not here
because NFKD already maps them.
"""

from __future__ import annotations

_PAIRS = (
    # Cyrillic
    "аa бb вb гr дd еe ёe жx зe иu йu кk лl мm нh оo пn рp сc тt уy фf хx ьb ыb ѕs іi їi јj һh ԁd ԛq ԝw ѵv ғf қk ңh үy ұy ҽe ӏl "
    # Greek
    "αa βb γy δd εe ζz ηn θo ιi κk λl μu νv ξe οo πn ρp σo ςc τt υu φo χx ψy ωw "
    # Armenian, Georgian, Cherokee, Hebrew and others that are used for disguise
    "աw եt հh ոn ռn սu տs քp օo զq յj ցg գq ᎪA ᏴB ᏟC ᎠD ᎬE ᏀG ᎻH ᎢI ᎫJ ᏦK ᏞL ᎷM ᏢP ᎡR ᏚS ᎢT ᏙV ᎳW ᏃZ סo ןl ᴏo "
    # Latin letters without a decomposition
    "øo łl đd ħh ıi ȷj ŋn ŧt ɑa ɡg ɩi ɪi ʟl ɴn ʀr ʏy ʙb ʜh ɢg ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜰf ꜱs ɛe ɔc ƅb ƈc ƒf ɦh ƙk ɫl ƞn ƥp ƭt ʋv ƴy ƶz ɗd"
)
LOOK_ALIKES: dict[str, str] = {pair[0]: pair[1:].lower() for pair in _PAIRS.split()}

# Enclosed and flag letters carry no decomposition either: four runs of 26.
for _first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6):
    LOOK_ALIKES.update({chr(_first + i): chr(ord("a") + i) for i in range(26)})

# Plain Latin letters of European names: folded, but no sign of disguise.
EUROPEAN: dict[str, str] = {"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"}
