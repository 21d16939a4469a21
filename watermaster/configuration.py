"""The config directory as a whole: settings, register and rules, and what is there but not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerting.rule_files import RuleFile, against_register, read_rules
from hydro.register import Finding, Register, Severity
from ingest.codecs.channels import misnamed
from watermaster.settings import Settings, TimeSettings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Configuration", "load_configuration"]


class Configuration(NamedTuple):
    """What a config directory says.

    Attributes:
        settings: None if they have a mistake.
        register: With its rules; None if it has a mistake, or one of them.
        rule_files: Those without a mistake, with their tests.
        findings: Of all files; mistakes and warnings.
    """

    settings: Settings | None
    register: Register | None
    findings: tuple[Finding, ...]
    rule_files: tuple[RuleFile, ...] = ()

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """What keeps the configuration from being used."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.MISTAKE)


def load_configuration(directory: Path, environ: Mapping[str, str]) -> Configuration:
    """Read a config directory and the environment; a register is checked even where the settings have mistakes.

    Args:
        directory: The config directory.
        environ: Environment variables.
    """
    settings, findings = load_settings(directory, environ)
    if not directory.is_dir():
        return Configuration(None, None, tuple(findings))
    time = settings.time if settings is not None else TimeSettings()
    loaded = Register.load(
        directory / "registry",
        zone_minutes=time.zone_minutes,
        default_lateness_min=time.allowed_lateness_min,
        time_settings=time.model_dump(),
    )
    unread = tuple(_unread(directory))
    told = tuple(_channels(loaded.register)) if loaded.register is not None else ()
    rules = read_rules(directory, time.zone_minutes)
    odd = tuple(against_register(rules.files, loaded.register)) if loaded.register is not None else ()
    everything = (*findings, *loaded.mistakes, *told, *loaded.warnings, *rules.findings, *odd, *unread)
    is_wrong = told or any(finding.severity is Severity.MISTAKE for finding in odd)
    register = None
    if loaded.register is not None and rules.rules is not None and not is_wrong:
        register = loaded.register.with_rules(rules.rules)
    return Configuration(settings, register, everything, rules.files)


def _channels(register: Register) -> Iterator[Finding]:
    """Rows that no frame can meet; which names there are the codecs know, not the register."""
    for row, reason in misnamed(register):
        yield Finding(
            Severity.MISTAKE, "registry/channels.csv", f"{row.protocol} {row.address}: {reason}", None, "element"
        )


def _unread(directory: Path) -> Iterator[Finding]:
    reason = "accepted unread, this version does not use it"
    if (directory / "notify.yaml").exists():
        yield Finding(Severity.WARNING, "notify.yaml", reason)
