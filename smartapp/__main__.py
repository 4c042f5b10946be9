"""``python -m smartapp``: the same as the ``smartapp`` command."""

from smartapp.cli import main

if __name__ == "__main__":
    main()
