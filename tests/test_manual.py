"""The help text and the man page."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest

import awsexec
from awsexec.options import manual
from awsexec.options.arguments import OPTIONS

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


def test_the_page_is_where_man_looks():
    # not awsexec's own file: pytest may have it from the folder of the sources
    if not os.path.isdir(os.path.join(sysconfig.get_path("purelib"), "awsexec")):
        pytest.skip("awsexec is installed to be worked on")
    with open(PAGE, encoding="utf-8") as stream:
        page = stream.read()
    installed = os.path.join(sys.prefix, "share", "man", "man1", "awsexec.1")
    with open(installed, encoding="utf-8") as stream:
        assert stream.read() == page


def test_troff_has_nothing_to_say_about_the_page():
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    result = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", PAGE], capture_output=True, check=True
    )
    assert result.stderr == b""
    # bold is a letter typed twice
    assert b"EXIT STATUS" in re.sub(rb".\x08", b"", result.stdout)
