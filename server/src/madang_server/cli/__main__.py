"""`python -m madang_server.cli` is `madang`."""

import sys

from madang_server.cli.main import main

sys.exit(main())
