"""The entry point, of the ``awsexec`` script and of ``python -m awsexec``."""

import sys


def main() -> int:
    """Run the command line, and return the exit status."""
    from awsexec import cli

    try:
        return cli.main(sys.argv[1:], cli.caller_environment())
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
