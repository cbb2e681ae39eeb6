"""`python -m trnlab.validation`."""

import sys

from trnlab.validation.report import main

sys.exit(main())
