"""The few questions that are asked about an address before anything is sent to it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

MAX_URL = 2048

# Printable ASCII without the characters that RFC 3986 leaves out of an address. A backslash is
# read as a slash by browsers and as text by Python, so it is refused rather than interpreted.
_URL_TEXT = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def is_loopback(host: str) -> bool:
    """Whether a host (a name or address as in an URL) is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def checked_url(url: object, what: str) -> str:
    """The address itself, if it is one that may be called; ValueError says why not.

    Accepted: an absolute https address (http only on this machine) with a host in lower case,
    without user information and fragment, of at most 2,048 printable ASCII characters.
    """
    if not isinstance(url, str) or not url:
        raise ValueError(f"{what} is missing")
    if len(url) > MAX_URL or not _URL_TEXT.fullmatch(url):
        raise ValueError(f"{what} is not a plain address")
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{what} must start with https://")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"{what} has no valid host") from error
    if "@" in parts.netloc:
        raise ValueError(f"{what} must not hold a user name")
    if "#" in url:
        raise ValueError(f"{what} must not hold a fragment")
    host, port = _host_and_port(parts.netloc)
    if not _HOST.fullmatch(host) or ".." in host or not _is_port(port):
        raise ValueError(f"{what} has no valid host")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{what} must start with https:// (http is for this machine only)")
    return url


def checked_base(url: object, what: str) -> str:
    """As ``checked_url``, for a base address: no query, no dot segments, no slash at the end."""
    text = checked_url(url, what)
    if "?" in text:
        raise ValueError(f"{what} must not hold a query")
    path = urlsplit(text).path
    if any(segment in (".", "..") for segment in path.split("/")) or "//" in path or "%" in path:
        raise ValueError(f"{what} has an unusual path")
    return text.removesuffix("/")


def checked_origin(url: object, what: str) -> str:
    """As ``checked_url``, for an origin: scheme, host and port and nothing else."""
    text = checked_url(url, what)
    if origin(text) != text:
        raise ValueError(f"{what} must be an origin such as https://ehr.example.org")
    return text


def origin(url: str) -> str:
    """Scheme, host and port of a checked address; the port only where it is not the usual one."""
    parts = urlsplit(url)
    host, port = _host_and_port(parts.netloc)
    usual = {"https": "443", "http": "80"}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in ("", usual) else "")


def host_of(url: str) -> str:
    """The host of a checked address, as it stands in it."""
    return _host_and_port(urlsplit(url).netloc)[0]


def _host_and_port(netloc: str) -> tuple[str, str]:
    if netloc.startswith("["):
        host, _, rest = netloc.partition("]")
        return host + "]", rest.removeprefix(":")
    host, _, port = netloc.partition(":")
    return host, port


def _is_port(port: str) -> bool:
    return port == "" or (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536)
