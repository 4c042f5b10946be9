"""``smartapp demo``: the sandbox EHR, the app and its worker on this machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option("--once", is_flag=True, help="Tell the whole story over HTTP and stop; exit code 0 only if it came true.")
@click.option(
    "--patients", type=click.Path(path_type=Path), help="Folder of FHIR Bundles instead of generated patients."
)
@click.option("--patient", help="Whose story --once tells. Default: the first with a gap.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for the demo's databases (default: var/demo).")
@click.option("--ehr-port", default=9000, show_default=True)
@click.option("--app-port", default=8000, show_default=True)
def command(  # noqa: PLR0917
    once: bool, patients: Path | None, patient: str | None, data: Path | None, ehr_port: int, app_port: int
) -> int:
    """Start the sandbox EHR and the app, and print the address to open."""
    import signal
    import sys
    import tempfile
    import threading

    from smartapp.demo.processes import DemoOptions, running
    from smartapp.demo.story import STORY_PATIENT, tell

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the three processes are stopped, too
    if once:
        with tempfile.TemporaryDirectory(prefix="smartapp-demo-") as folder:
            options = DemoOptions(data or Path(folder), ehr_port, app_port, patients)
            with running(options) as demo:
                tell(demo, click.echo, patient=patient or (None if patients else STORY_PATIENT))
        return 0
    with running(DemoOptions(data or Path("var/demo"), ehr_port, app_port, patients)) as demo:
        click.echo(f"Sandbox EHR    {demo.ehr}   (sign in, open a patient: the app is in the chart)")
        click.echo(f"Patient portal {demo.ehr}/portal")
        click.echo(f"The app itself {demo.app}")
        click.echo("Synthetic patients only. Stop with Ctrl-C.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopping.")
    return 0
