"""``python -m edgevoice``: the same as the command ``edgevoice``."""

import sys

from edgevoice.cli import main

sys.exit(main())
