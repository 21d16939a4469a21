"""`watermaster init`: a commented config directory to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watermaster.cli.options import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

__all__ = ["command", "default_files", "init"]


def default_files() -> dict[str, bytes]:
    """Contents of the files that `init` writes, by path below the config directory."""
    return dict(_below(files("watermaster") / "defaults", ""))


def _below(directory: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for each in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _below(each, f"{path}{each.name}/")
        else:
            yield f"{path}{each.name}", each.read_bytes()


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")],
) -> None:
    """Write a commented config directory to start from; files that are there already are never overwritten."""
    contents = default_files()
    present = [name for name in contents if (directory / name).exists()]
    if present:
        more = "" if len(present) == 1 else f" and {len(present) - 1} more"
        say(f"{directory / present[0]}{more} already there: nothing was written")
        raise typer.Exit(1)
    try:
        for name, content in contents.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
    except OSError as error:
        say(f"{error.filename}: {error.strerror}")
        raise typer.Exit(1) from None
    say(f"{directory}: {len(contents)} files written; next: watermaster check --config {directory}")


command = init
