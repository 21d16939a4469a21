"""``python -m dashboards.runbooks > docs/runbooks.md``."""

import sys

from dashboards.runbooks.document import document

sys.stdout.write(document())
