"""`python -m trnlab` is the command `trnlab`."""

import sys

from trnlab.cli import main

sys.exit(main())
