"""The help text and the man page."""

import os

import awsexec
from awsexec import manual
from awsexec.arguments import OPTIONS

PAGE = os.path.join(os.path.dirname(awsexec.__file__), "awsexec.1")


def test_help_fits_80_columns():
    assert [line for line in manual.help_text().splitlines() if len(line) > 80] == []


def test_help_shows_the_commonest_uses_first():
    first = manual.help_text().splitlines()[:4]
    assert [line.split("  ")[1] for line in first[1:]] == [
        "awsexec PROFILE -- COMMAND [ARG]...",
        "awsexec PROFILE",
        "awsexec --list",
    ]


def test_every_option_is_in_the_help_and_on_the_page():
    page = manual.man_page().replace("\\-", "-")
    for _, options in OPTIONS:
        for option in options:
            for flag in option.flags:
                assert flag in manual.help_text()
                assert flag in page


def test_the_page_that_is_installed_is_up_to_date():
    with open(PAGE, encoding="utf-8") as stream:
        assert (
            stream.read() == manual.man_page()
        ), "run: python -m awsexec.manual > awsexec/awsexec.1"
