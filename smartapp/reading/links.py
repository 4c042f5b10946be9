"""Addresses that a FHIR server names: where a token may go, and which page comes next."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from launch.errors import FetchError
from launch.urls import checked_url, origin


def below(base: str, address: str) -> str:
    """The absolute address of a path or link, if it lies below ``base``; else FetchError ``fetch.elsewhere``.

    Scheme, host, port and base path must be the same before a token is attached (RFC 9700, 4.9).
    """
    try:
        url = checked_url(address and urljoin(base + "/", address), "The address")
    except ValueError as error:
        raise FetchError("fetch.elsewhere", "The EHR named an address that is none.") from error
    path, base_path = urlsplit(url).path, urlsplit(base).path
    # A server may read an escaped dot or slash as the plain one.
    plain = posixpath.normpath(unquote(unquote(path)) or "/")
    inside = path == base_path or path.startswith(base_path + "/")
    kept = plain == (base_path or "/") or plain.startswith(base_path + "/")
    if origin(url) != origin(base) or not inside or not kept:
        raise FetchError("fetch.elsewhere", "The EHR named an address outside its FHIR base.")
    return url


def next_link(bundle: Mapping[str, Any]) -> str | None:
    """The address of the next page. Of two neither can be trusted: ``""``, which is no address."""
    links = bundle.get("link")
    found = (
        [link.get("url") for link in links if type(link) is dict and link.get("relation") == "next"]
        if type(links) is list
        else []
    )
    if not found:
        return None
    return found[0] if len(found) == 1 and type(found[0]) is str else ""
