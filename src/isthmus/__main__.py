"""`python -m isthmus` is the command line."""

import sys

from isthmus.cli.main import main

sys.exit(main())
