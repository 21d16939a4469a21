"""Where settings come from: the settings file and the environment, as one tree of texts that knows every place.

Scalars are taken as the text that stands in the file: YAML 1.1 would turn `off` into false and a zone `+10:00` into
600.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from hydro.register import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ENVIRONMENT", "SETTINGS_FILE", "Place", "SettingPath", "SettingsSource", "read_source"]

SETTINGS_FILE: Final = "watermaster.yaml"
ENVIRONMENT: Final = "environment"

_PREFIX: Final = "WATERMASTER_"
_NOT_A_SETTING: Final = frozenset({"WATERMASTER_CONFIG"})
_LEVELS: Final = "__"
_COLON_IN_VALUE: Final = "mapping values are not allowed here"
_NULL_TAG: Final = "tag:yaml.org,2002:null"

SettingPath = tuple[str, ...]
"""Words of a setting, outermost first."""


class Place(NamedTuple):
    """Where a setting was given.

    Attributes:
        file: The settings file, or ``environment``.
        row: Line in the file.
        name: The setting as the operator wrote it there.
    """

    file: str
    row: int | None
    name: str


@dataclass(slots=True)
class SettingsSource:
    """Everything that was given, before it is typed.

    Attributes:
        tree: Texts by nested words; the environment has gone over the file.
        places: Place of each setting and group.
        findings: What could not be read.
    """

    tree: dict[str, Any] = field(default_factory=dict)
    places: dict[SettingPath, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def place(self, path: SettingPath) -> Place:
        """Place of a setting; else of the first one below it, else of the nearest group around it."""
        if path in self.places:
            return self.places[path]
        below = [place for other, place in self.places.items() if other[: len(path)] == path]
        if below:
            return below[0]
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(SETTINGS_FILE, None, ".".join(path))

    def mistake(self, reason: str, row: int | None = None, column: str | None = None) -> None:
        """Note a mistake of the settings file."""
        self.findings.append(Finding(Severity.MISTAKE, SETTINGS_FILE, reason, row, column))


def read_source(directory: Path | None, environ: Mapping[str, str]) -> SettingsSource:
    """Read the settings file of a config directory, if there is one, and the environment."""
    source = SettingsSource()
    if directory is None:
        pass  # a command that needs none
    elif not directory.is_dir():
        reason = "there is no such directory; `watermaster init DIR` writes one"
        source.findings.append(Finding(Severity.MISTAKE, str(directory), reason))
    elif (directory / SETTINGS_FILE).exists():
        _read_file(directory / SETTINGS_FILE, source)
    else:
        reason = "is not there, all settings have their defaults"
        source.findings.append(Finding(Severity.WARNING, SETTINGS_FILE, reason))
    _read_environment(environ, source)
    return source


def _read_file(path: Path, source: SettingsSource) -> None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        source.mistake(f"cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        source.mistake(f"is not UTF-8: byte 0x{error.object[error.start]:02X} at offset {error.start}", row)
        return
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        hint = ' (a value with a colon at its end needs quotes: "sqlite:")' if error.problem == _COLON_IN_VALUE else ""
        source.mistake(f"is not YAML: {error.problem or error.context}{hint}", line)
        return
    except yaml.YAMLError as error:
        source.mistake(f"is not YAML: {' '.join(str(error).split())}")
        return
    if root is None or _is_null(root):
        return
    if not isinstance(root, yaml.MappingNode):
        source.mistake("does not hold settings such as `data_dir: ./var`", root.start_mark.line + 1)
        return
    _read_mapping(root, (), source)


def _read_mapping(node: yaml.MappingNode, above: SettingPath, source: SettingsSource) -> None:
    for key, value in node.value:
        row = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            source.mistake("a setting has a name of one word", row, ".".join(above) or None)
            continue
        path = (*above, *key.value.split("."))  # `mqtt.url: …` is how the documents write it
        name = ".".join(path)
        if path in source.places and not isinstance(value, yaml.MappingNode):
            source.mistake(f"stands there twice, first in line {source.places[path].row}", row, name)
            continue
        source.places[path] = Place(SETTINGS_FILE, row, name)
        if isinstance(value, yaml.MappingNode):
            _set(source.tree, path, {}, keep_group=True)
            _read_mapping(value, path, source)
        elif not _is_null(value):
            _set(source.tree, path, value.value if isinstance(value, yaml.ScalarNode) else [])


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL_TAG


def _read_environment(environ: Mapping[str, str], source: SettingsSource) -> None:
    for name, path in _settings_of(environ):
        source.places[path] = Place(ENVIRONMENT, None, name)
        _set(source.tree, path, environ[name])


def _settings_of(environ: Mapping[str, str]) -> Iterator[tuple[str, SettingPath]]:
    """Variables that name a setting; an empty one is as good as none, since compose files pass on unset ones so."""
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in _NOT_A_SETTING and environ[name]:
            yield name, tuple(name.removeprefix(_PREFIX).lower().split(_LEVELS))


def _set(tree: dict[str, Any], path: SettingPath, value: object, *, keep_group: bool = False) -> None:
    """Put a value into the tree; a text that stands where a group is needed gives way and shows up as a wrong value."""
    for word in path[:-1]:
        below = tree.get(word)
        if not isinstance(below, dict):
            below = tree[word] = {}
        tree = below
    if not (keep_group and isinstance(tree.get(path[-1]), dict)):
        tree[path[-1]] = value
