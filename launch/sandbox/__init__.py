"""The embedded EHR: an authorization server, a FHIR R4 server, a chart, a worklist and a patient portal.

It is a process and a database of its own, for loopback and for synthetic patients. It imports nothing
of the app or of the rest of ``launch``, and they import nothing of it: it is the other side of the wire.
"""
