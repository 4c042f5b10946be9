"""Where templates and static files are: beside the packages in a checkout, inside the package once installed."""

from __future__ import annotations

from pathlib import Path

from smartapp.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(name: str) -> Path:
    """The folder ``templates`` or ``static``.

    The build maps both into the package, so an installed copy finds its own and never a folder that happens
    to lie beside it. Raises :class:`ConfigurationError` where neither is there.
    """
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise ConfigurationError(
        "config.resources", f"The app's {name} folder is missing from this installation.", status=500
    )
