"""Typer's side of the command line; it takes its time to import, so `watermaster.cli` does it when it has to."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from watermaster.cli import COMMANDS
from watermaster.cli.imports import interruptible_imports

__all__ = ["app"]

# the types of Typer's own command library are not public


class _LazyGroup(typer.core.TyperGroup):
    """Imports a command's module when the command is called or asked for help."""

    def list_commands(self, ctx: Any) -> list[str]:  # Typer's interface  # noqa: ANN401, ARG002  # the type is not public
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # Typer's interface  # noqa: ANN401, ARG002  # the type is not public
        if cmd_name not in COMMANDS:
            return None
        with interruptible_imports():
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
