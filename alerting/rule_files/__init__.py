"""Rules as files of the config directory: read, checked against the register, and published as a JSON schema.

What comes of them are the values of :mod:`hydro.rules`; nothing here judges.
"""

from alerting.rule_files.against_register import against_register
from alerting.rule_files.read import Loaded, RuleFile, read_rules
from alerting.rule_files.trial import Expected, Trial

__all__ = ["Expected", "Loaded", "RuleFile", "Trial", "against_register", "read_rules"]
