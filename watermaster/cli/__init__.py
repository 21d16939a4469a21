"""The command line: one file per command, imported only when it is called, so that ``--help`` is there at once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from hydro.errors import WatermasterError

__all__ = ["COMMANDS", "LATER", "app", "main"]

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("watermaster.cli.init", "Write a commented config directory to start from."),
    "demo": ("watermaster.cli.demo", "Show the product on a simulated river: everything embedded, nothing to set up."),
    "check": ("watermaster.cli.check", "Check the config directory: every mistake with file, row, field and reason."),
    "run": ("watermaster.cli.run", "Run the services: collect, judge, serve the console."),
    "backtest": ("watermaster.cli.backtest", "Judge recorded streams with the live rules, as fast as the machine can."),
    "record": ("watermaster.cli.record", "Write the journal as a recorded stream."),
    "alerts": ("watermaster.cli.alerts", "Alerts and their cases: list, show, export, work off."),
    "series": ("watermaster.cli.series", "Values of a station's quantity, raw or by buckets."),
    "deadletters": ("watermaster.cli.deadletters", "What could not be read or was refused, with bytes and reason."),
    "backup": (
        "watermaster.cli.backup",
        "Copy all that a service keeps, and its config, to one file; it may be running.",
    ),
    "restore": ("watermaster.cli.restore", "Put a backup back."),
    "rtu": ("watermaster.cli.rtu", "RTUs on line: show them, ask and set them, and the log of that."),
    "decode": ("watermaster.cli.decode", "Explain one field frame: every field, and what is wrong in it."),
}
"""Command -> module and one line; the module has ``command``, a function or a group in Typer's style."""

LATER: Final = (
    "dashboards",
    "doctor",
    "gateway",
    "replay",
    "report",
    "simulate",
)
"""Commands of the contract that come with later versions."""


# the types of Typer's own command library are not public


class _LazyGroup(typer.core.TyperGroup):
    """Imports a command's module when the command is called or asked for help."""

    def list_commands(self, ctx: Any) -> list[str]:  # Typer's interface  # noqa: ANN401, ARG002  # the type is not public
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # Typer's interface  # noqa: ANN401, ARG002  # the type is not public
        if cmd_name in LATER:
            message = f"{cmd_name} comes with a later version"
            raise WatermasterError(message)
        if cmd_name not in COMMANDS:
            return None
        found: Any = import_module(COMMANDS[cmd_name][0]).command
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(name=cmd_name)(found)
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # Typer's interface  # noqa: ANN401, ARG002  # the type is not public
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


app = typer.Typer(
    cls=_LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Watches what is taken from a river and that enough stays in it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer's interface
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  # takes its time, and not every call needs it

        sys.stdout.write(f"watermaster {version('watermaster')}\n")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[  # Typer's interface
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Watches what is taken from a river and that enough stays in it."""


def main() -> None:
    """Run the command line; an error on purpose is one line on stderr and exit code 1."""
    try:
        if sys.argv[1:2] == ["decode"]:  # it has to be there at once, see its module
            import_module(COMMANDS["decode"][0]).run(sys.argv[2:])
        else:
            app(prog_name="watermaster")
    except WatermasterError as error:
        sys.stderr.write(f"watermaster: {error}\n")
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe has gone
        sys.stderr.close()
        sys.exit(1)
