"""Which files of a config directory belong into a backup: what is a configuration, and never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from watermaster.settings import Settings

__all__ = ["ConfigFiles", "config_files"]

_COPIED: Final = frozenset({".yaml", ".yml", ".csv", ".md", ".conf", ".acl"})
_SCHEMA: Final = "rules/schema.json"
_NOT_SECRET: Final = frozenset({"ca_file", "cert_file"})
_VARIABLES: Final = "WATERMASTER_"


class ConfigFiles:
    """What there is.

    Attributes:
        copied: Path below the config directory and where it lies, in order.
        left_out: The others, with the reason, for people.
    """

    def __init__(self) -> None:
        self.copied: list[tuple[str, Path]] = []
        self.left_out: list[str] = []


def config_files(directory: Path, settings: Settings, environ: Mapping[str, str]) -> ConfigFiles:
    """Sort the files of a config directory; hidden ones are nobody's configuration.

    Args:
        directory: The config directory.
        settings: What it says.
        environ: Environment variables; those that are settings are named as left out.
    """
    found = ConfigFiles()
    secrets = {path.resolve(): name for name, path in _files_named(settings) if name.split(".")[-1] not in _NOT_SECRET}
    for path in sorted(directory.rglob("*")):
        inside = path.relative_to(directory)
        if not path.is_file() or any(part.startswith(".") for part in inside.parts):
            continue
        secret = secrets.pop(path.resolve(), None)
        if secret is not None:
            found.left_out.append(f"{path}: a secret ({secret})")
        elif path.suffix in _COPIED or inside.as_posix() == _SCHEMA:
            found.copied.append((inside.as_posix(), path))
        else:
            found.left_out.append(f"{path}: no file of a configuration")
    found.left_out += [f"{path}: a secret ({name})" for path, name in secrets.items()]
    found.left_out += [
        f"{name}: a setting of the environment" for name in sorted(environ) if name.startswith(_VARIABLES)
    ]
    return found


def _files_named(group: BaseModel, above: str = "") -> Iterator[tuple[str, Path]]:
    """Files that settings name, with the setting."""
    for name in type(group).model_fields:
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            yield from _files_named(value, f"{above}{name}.")
        elif name.endswith("_file") and value is not None:
            yield f"{above}{name}", value
