"""``python -m awsexec``."""

import sys

from awsexec import main

if __name__ == "__main__":
    sys.exit(main())
