"""From files to rules: each is read whole, with all its mistakes; then they are put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from alerting.rule_files.entry import Entry, Sheet
from alerting.rule_files.signal_part import Title, read_signal
from alerting.rule_files.trial import read_trial
from hydro.register import AlertClass, Finding, Severity
from hydro.register.mistake import shown
from hydro.rules import NUMBERS, Numbers, Rules, bounds_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alerting.rule_files.trial import Trial
    from hydro.rules import Signal

__all__ = ["CLASSES", "FILE_KEYS", "FOLDER", "Loaded", "RuleFile", "read_rules", "rules_of"]

FOLDER: Final = "rules"
FILE_KEYS: Final = ("class", "signal", "version", "enabled", "title", "description", "numbers", "tests")
CLASSES: Final = tuple(each.value for each in AlertClass if each is not AlertClass.SIGNAL)
_LONGEST: Final = 1_000_000
_LONGEST_NAME: Final = 64
_LANGUAGES: Final = ("zh", "en")
_MOST_VERSION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """What a file says.

    Attributes:
        file: Path below the config directory.
        line: Of its key ``class`` or ``signal``.
        name: Of the file, without its suffix.
        enabled: Whether it counts.
        alert_class: Whose numbers it sets; ``signal`` for a rule of the authority's own.
        numbers: Of that class; None where it has none, and for a signal.
        signal: None for a class.
        title: What it is called.
        trials: Its tests.
    """

    file: str
    line: int
    name: str
    enabled: bool
    alert_class: str
    numbers: Numbers | None
    signal: Signal | None
    title: Title
    trials: tuple[Trial, ...]

    def alone(self) -> Rules:
        """Rules of this file only, as if it were enabled: by them its tests are judged."""
        if self.signal is not None:
            return Rules(signals=(self.signal,))
        return Rules() if self.numbers is None else _with_numbers({self.alert_class: self.numbers})


class Loaded(NamedTuple):
    """What came of a folder.

    Attributes:
        rules: None if there is a mistake.
        files: Those without a mistake.
        findings: Of all files, by file and line.
    """

    rules: Rules | None
    files: tuple[RuleFile, ...]
    findings: tuple[Finding, ...]


def read_rules(directory: Path, zone_minutes: int) -> Loaded:
    """Read the folder ``rules`` of a config directory; one that is not there holds no rules.

    Args:
        directory: The config directory.
        zone_minutes: Zone of the times in tests.
    """
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    folder = directory / FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        file = f"{FOLDER}/{path.name}"
        if path.suffix == ".yml":
            findings.append(Finding(Severity.WARNING, file, "is not read: names of rule files end in .yaml"))
        elif path.suffix == ".yaml" and not path.name.startswith("."):
            try:
                contents[file] = path.read_bytes()
            except OSError as error:
                findings.append(Finding(Severity.MISTAKE, file, f"cannot be read: {error.strerror}"))
    loaded = rules_of(contents, zone_minutes)
    rules = None if any(each.severity is Severity.MISTAKE for each in findings) else loaded.rules
    return Loaded(rules, loaded.files, (*findings, *loaded.findings))


def rules_of(contents: Mapping[str, bytes], zone_minutes: int) -> Loaded:
    """Rules of files given as bytes; pure.

    Args:
        contents: Path below the config directory to whole content.
        zone_minutes: Zone of the times in tests.
    """
    sheets = {file: Sheet(file) for file in contents}
    read = [_read(contents[file], sheet, zone_minutes) for file, sheet in sorted(sheets.items())]
    files = [one for one in read if one is not None]
    first: dict[str, str] = {}
    for one in files:
        if one.signal is None and one.alert_class in first:
            reason = f"sets the numbers of {one.alert_class}, as {first[one.alert_class]} does: only one may"
            sheets[one.file].mistake(reason, one.line, "class")
        first.setdefault(one.alert_class, one.file)
    everything = [finding for sheet in sheets.values() for finding in sheet.findings]
    findings = tuple(sorted(everything, key=lambda one: (one.file, one.row or 0)))
    if any(finding.severity is Severity.MISTAKE for finding in findings):
        good = {file for file, sheet in sheets.items() if sheet.is_good}
        return Loaded(None, tuple(one for one in files if one.file in good), findings)
    return Loaded(_joined(files), tuple(files), findings)


def _joined(files: list[RuleFile]) -> Rules:
    classes = [one for one in files if one.signal is None]
    numbers = {one.alert_class: one.numbers for one in classes if one.enabled and one.numbers is not None}
    off = frozenset(one.alert_class for one in classes if not one.enabled)
    signals = tuple(one.signal for one in files if one.signal is not None and one.enabled)
    return replace(_with_numbers(numbers), off=off, signals=signals)


def _with_numbers(numbers: Mapping[str, Numbers]) -> Rules:
    changes: dict[str, Any] = dict(numbers)  # each class has a field of its numbers' type
    return Rules(**changes)


def _read(content: bytes, sheet: Sheet, zone_minutes: int) -> RuleFile | None:
    top = _top(content, sheet)
    if top is None:
        return None
    name = sheet.file.rpartition("/")[2].removesuffix(".yaml")
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > _LONGEST_NAME:
        sheet.mistake(f"{shown(name)} is no name of a rule: letters, digits, - and _, at most {_LONGEST_NAME}")
    fields = top.fields(FILE_KEYS, ("version", "title", "description"))
    version = fields["version"].whole(1, _MOST_VERSION) if "version" in fields else None
    enabled = fields["enabled"].flag() if "enabled" in fields else True
    title = _both(fields.get("title"))
    _both(fields.get("description"))
    if ("class" in fields) == ("signal" in fields):
        top.mistake("takes class (numbers of a built-in one) or signal (a rule of your own): one of the two")
    alert_class: str | None = AlertClass.SIGNAL.value
    if "class" in fields:
        alert_class = fields["class"].choice(CLASSES, "class")
    numbers = None if alert_class is None else _numbers(fields.get("numbers"), alert_class)
    signal = None
    if "signal" in fields:
        signal = read_signal(fields["signal"], name, version or 1, title or Title(name, name))
    trials = _trials(fields.get("tests"), sheet, zone_minutes)
    if not sheet.is_good or alert_class is None:
        return None
    return RuleFile(
        file=sheet.file,
        line=fields["signal" if "signal" in fields else "class"].line,
        name=name,
        enabled=enabled is not False,
        alert_class=alert_class,
        numbers=numbers,
        signal=signal,
        title=title or Title(name, name),
        trials=trials,
    )


def _top(content: bytes, sheet: Sheet) -> Entry | None:
    if len(content) > _LONGEST:
        sheet.mistake(f"is larger than {_LONGEST} bytes")
        return None
    try:
        node = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        sheet.mistake(f"is not UTF-8 (byte {error.start})", content.count(b"\n", 0, error.start) + 1)
        return None
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        sheet.mistake(f"is not YAML: {error.problem}", line)
        return None
    except yaml.YAMLError as error:
        sheet.mistake(f"is not YAML: {error}")
        return None
    if node is None:
        sheet.mistake("is empty")
        return None
    return Entry(node, "", sheet)


def _both(entry: Entry | None) -> Title | None:
    """The same in Chinese and English."""
    if entry is None:
        return None
    fields = entry.fields(_LANGUAGES, _LANGUAGES)
    texts = [fields[each].text() if each in fields else None for each in _LANGUAGES]
    return None if None in texts else Title(*(text or "" for text in texts))


def _numbers(entry: Entry | None, alert_class: str) -> Numbers | None:
    kind = NUMBERS.get(alert_class)
    if kind is None:
        if entry is not None:
            entry.mistake("there are none here: a signal has its own keys, and of this class only enabled can be set")
        return None
    bounds = bounds_of(kind)
    given = {} if entry is None else entry.fields(tuple(bounds))
    found = {name: each.whole(bounds[name].least, bounds[name].most) for name, each in given.items()}
    return kind(**{name: number for name, number in found.items() if number is not None})


def _trials(entry: Entry | None, sheet: Sheet, zone_minutes: int) -> tuple[Trial, ...]:
    found = [] if entry is None else [read_trial(each, zone_minutes) for each in entry.items()]
    if not found:
        sheet.warning("has no tests: nobody knows what it does", None, "tests")
    return tuple(one for one in found if one is not None)
