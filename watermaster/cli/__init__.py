"""The command line: one file per command, imported only when it is called, so that ``--help`` is there at once."""

from __future__ import annotations

import sys
from importlib import import_module

from hydro.errors import WatermasterError
from watermaster.cli.imports import interruptible_imports

TYPE_CHECKING = False  # as in `typing`, see `watermaster.cli.imports`
if TYPE_CHECKING:
    from typing import Final

__all__ = ["COMMANDS", "main"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("watermaster.cli.init", "Write a commented config directory to start from."),
    "demo": ("watermaster.cli.demo", "Show the product on a simulated river: everything embedded, nothing to set up."),
    "check": ("watermaster.cli.check", "Check the config directory: every mistake with file, row, field and reason."),
    "run": ("watermaster.cli.run", "Run the services: collect, judge, serve the console."),
    "doctor": ("watermaster.cli.doctor", "Look at every part of an installation and say what to do."),
    "backtest": ("watermaster.cli.backtest", "Judge recorded streams with the live rules, as fast as the machine can."),
    "record": ("watermaster.cli.record", "Write the journal as a recorded stream."),
    "replay": ("watermaster.cli.replay", "Publish recorded messages again, bytes unchanged."),
    "simulate": ("watermaster.cli.simulate", "Publish a scenario as its gateways would, or write it to a file."),
    "alerts": ("watermaster.cli.alerts", "Alerts and their cases: list, show, export, work off."),
    "series": ("watermaster.cli.series", "Values of a station's quantity, raw or by buckets."),
    "register": ("watermaster.cli.register", "Rows of the register over time."),
    "report": ("watermaster.cli.report", "A report of a year, month, week or day, as CSV, workbook or printable page."),
    "dashboards": ("watermaster.cli.dashboards", "Grafana: its dashboards and alert rules as files, or pushed."),
    "deadletters": ("watermaster.cli.deadletters", "What could not be read or was refused, with bytes and reason."),
    "backup": (
        "watermaster.cli.backup",
        "Copy all that a service keeps, and its config, to one file; it may be running.",
    ),
    "restore": ("watermaster.cli.restore", "Put a backup back."),
    "gateway": ("watermaster.cli.gateway", "Passwords of gateways on the broker: add, revoke, list."),
    "rtu": ("watermaster.cli.rtu", "RTUs on line: show them, ask and set them, and the log of that."),
    "decode": ("watermaster.cli.decode", "Explain one field frame: every field, and what is wrong in it."),
}
"""Command -> module and one line; the module has ``command``, a function or a group in Typer's style."""


def main() -> None:
    """Run the command line; an error on purpose is one line on stderr and exit code 1."""
    try:
        if sys.argv[1:2] == ["decode"]:  # it has to be there at once, see its module
            import_module(COMMANDS["decode"][0]).run(sys.argv[2:])
        else:
            with interruptible_imports():
                app = import_module("watermaster.cli.app").app
            app(prog_name="watermaster")
    except WatermasterError as error:
        sys.stderr.write(f"watermaster: {error}\n")
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe has gone
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:  # before Typer was there to take it, with its code
        sys.exit(130)
