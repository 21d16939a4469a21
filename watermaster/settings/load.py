"""Loading settings: everything that is wrong with them at once, each with its line."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from hydro.errors import ConfigError
from hydro.register import Finding, Severity
from hydro.register.mistake import shown
from storage.store_url import StoreKind, parse_store_url
from watermaster.settings.model import Settings
from watermaster.settings.source import ENVIRONMENT, SettingPath, SettingsSource, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

__all__ = ["load_settings", "read_secret"]

_BY_TOKEN: Final = (StoreKind.INFLUXDB_2, StoreKind.INFLUXDB_3)
_SECRETS: Final = ("password", "token")
# pydantic's types of errors, in our words; {text} is what was given, the rest comes with the error.
_REASONS: Final = {
    "model_type": "is a group of settings, not a value",
    "string_type": "takes one value",
    "path_type": "takes one value",
    "bool_type": "takes one value",
    "int_type": "takes one value",
    "float_type": "takes one value",
    "int_parsing": "{text} is not a whole number",
    "float_parsing": "{text} is not a number",
    "finite_number": "{text} is not a number",
    "bool_parsing": "{text} is not true or false",
    "greater_than_equal": "{text} is less than {ge}",
    "greater_than": "{text} is not greater than {gt}",
    "less_than_equal": "{text} is greater than {le}",
    "string_too_short": "is empty",
    "value_error": "{error}",
}


def load_settings(directory: Path | None, environ: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """Read and check the settings of a config directory and of the environment.

    Args:
        directory: The config directory; None for a command that needs none and was given none.
        environ: Environment variables; those beginning with ``WATERMASTER_`` are settings.

    Returns:
        The settings, or None if there is any mistake; and all findings, mistakes before warnings.
    """
    source = read_source(directory, environ)
    findings = [*source.findings, *_secrets_in_file(source)]
    settings = None
    try:
        settings = Settings.model_validate(source.tree)
    except ValidationError as error:
        findings += [_mistake(source, _words(each), _reason(each)) for each in error.errors(include_url=False)]
    else:
        if not any(finding.severity is Severity.MISTAKE for finding in source.findings):  # else half of it is unread
            findings += [*_contradictions(settings, source), *_unreadable_files(settings, source)]
            findings += _coming_later(settings, source)
    findings.sort(key=lambda finding: (finding.severity is Severity.WARNING, finding.file, finding.row or 0))
    mistaken = any(finding.severity is Severity.MISTAKE for finding in findings)
    return None if mistaken else settings, findings


def read_secret(value: SecretStr | None, file: Path | None) -> str | None:
    """A secret given by the environment, else the content of its file without the line end; None without either.

    Raises:
        ConfigError: The file can't be read.
    """
    if value is not None:
        return value.get_secret_value()
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file} can't be read: {reason}") from error


def _words(error: ErrorDetails) -> SettingPath:
    return tuple(str(word) for word in error["loc"])


def _reason(error: ErrorDetails) -> str:
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return f"unknown setting{_similar(_words(error))}"
    text = shown(given) if isinstance(given, str) else "this"
    template = _REASONS.get(kind)
    if template is None:
        return error["msg"]
    details = {name: int(value) if value == 0 else value for name, value in error.get("ctx", {}).items()}  # 0, not 0.0
    return template.format(text=text, **details)


def _all_settings(group: type[BaseModel] = Settings, above: SettingPath = ()) -> Iterator[SettingPath]:
    for name, declared in group.model_fields.items():
        if isinstance(declared.annotation, type) and issubclass(declared.annotation, BaseModel):
            yield from _all_settings(declared.annotation, (*above, name))
        else:
            yield (*above, name)


def _similar(path: SettingPath) -> str:
    known = [".".join(each) for each in _all_settings()]
    found = get_close_matches(".".join(path), known, n=1, cutoff=0.75)
    found = found or [each for each in known if each.rpartition(".")[2] == path[-1]]
    return f" (did you mean {found[0]}?)" if found else ""


def _at(source: SettingsSource, path: SettingPath) -> Any:  # whatever stands in the file  # noqa: ANN401  # whatever stands in the file
    below: Any = source.tree
    for word in path:
        below = below.get(word) if isinstance(below, dict) else None
    return below


def _finding(severity: Severity, source: SettingsSource, path: SettingPath, reason: str) -> Finding:
    place = source.place(path)
    value = _at(source, path)
    # A password may stand in any address, and in any setting that we don't know.
    secret = path not in set(_all_settings()) or path[-1] in _SECRETS or "@" in str(value)
    return Finding(
        severity, place.file, reason, place.row, place.name, value if isinstance(value, str) and not secret else None
    )


def _mistake(source: SettingsSource, path: SettingPath, reason: str) -> Finding:
    return _finding(Severity.MISTAKE, source, path, reason)


def _secrets_in_file(source: SettingsSource) -> Iterator[Finding]:
    for path, place in source.places.items():
        if place.file == ENVIRONMENT:
            continue
        if path[-1] in _SECRETS and path in set(_all_settings()):
            yield _mistake(
                source, path, f"a secret can't stand here: give it by the environment or as {place.name}_file"
            )
        elif path == ("ledger", "url") and urlsplit(str(_at(source, path))).password is not None:
            yield _mistake(source, path, "an address with a password can't stand here: give it by the environment")


def _contradictions(settings: Settings, source: SettingsSource) -> Iterator[Finding]:
    mqtt, store = settings.mqtt, settings.store
    if (mqtt.password or mqtt.password_file) and mqtt.username is None:
        yield _mistake(source, ("mqtt", "username"), "is missing, while a password is given")
    for given, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if getattr(mqtt, given) is not None and getattr(mqtt, other) is None:
            yield _mistake(source, ("mqtt", given), f"needs mqtt.{other} beside it")
    by_token = parse_store_url(store.url, username="-", password="-").kind in _BY_TOKEN  # noqa: S106  # only the address is asked for
    if by_token and (store.username or store.password or store.password_file):
        yield _mistake(source, ("store", "username"), "InfluxDB 2 and 3 ask for store.token_file instead")
    elif not by_token and (store.token or store.token_file):
        yield _mistake(source, ("store", "token_file"), "only InfluxDB 2 and 3 ask for a token")
    elif (store.username is None) == bool(store.password or store.password_file):
        yield _mistake(source, ("store", "username"), "store.username and store.password_file: set both or none")


def _unreadable_files(settings: Settings, source: SettingsSource) -> Iterator[Finding]:
    for path in _all_settings():
        file: object = settings
        for word in path:
            file = getattr(file, word)
        if path[-1].endswith("_file") and isinstance(file, Path):
            try:
                file.open("rb").close()
            except OSError as error:
                yield _mistake(source, path, f"{shown(str(file))} can't be read: {error.strerror}")


def _coming_later(settings: Settings, source: SettingsSource) -> Iterator[Finding]:
    """Settings of parts that this version doesn't have, or not wholly: good in themselves, so they are warnings."""
    if parse_store_url(settings.store.url, username="-", password="-").kind is StoreKind.INFLUXDB_3:  # noqa: S106  # only the address is asked for
        reason = "InfluxDB 3 is experimental: it is written to, and nothing is read from it"
        yield _finding(Severity.WARNING, source, ("store", "url"), reason)
    if settings.grafana.url is not None and settings.store.embedded:
        reason = "has nothing to show: Grafana reads InfluxDB, and the embedded store belongs to one process"
        yield _finding(Severity.WARNING, source, ("grafana", "url"), reason)
