"""A clinician's answers to a gap.

The codes are DEQM's care gap remark codes (Data Exchange For Quality Measures, "Gaps in Care Reporting"); a remark sets
a gap aside until a day, and says why, so that nobody asks the patient again before.
"""

from __future__ import annotations

from collections.abc import Mapping

REMARKS: Mapping[str, str] = {
    "patient-refused": "The patient declined",
    "order-placed": "Ordered already",
    "documented-elsewhere": "Done, documented elsewhere",
    "satisfied-in-EHR": "Done, in the EHR in another form",
    "not-ingested": "Done, the result has not arrived yet",
    "deferred": "Deferred to a later visit",
    "not-assessed": "Not assessed at this visit",
    "out-of-range": "Known to be out of range, in treatment",
    "attribution-mismatch": "Not our patient",
    "rejected": "The rule does not fit this patient",
    "suppressed": "Do not show for another reason",
}
"""Code to the words of the page, the frequent ones first."""
