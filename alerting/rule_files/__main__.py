"""`python -m alerting.rule_files`: the JSON schema of rule files, on stdout."""

from __future__ import annotations

import sys

from alerting.rule_files.schema import schema_text

sys.stdout.write(schema_text())
