"""-h, --help, the man page and docs/reference.md, and whether the files are up to date."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from awsexec.export_formats import FORMATS
from awsexec.fastpath import REMOVED, REMOVED_PREFIX
from awsexec.options import arguments, manual, reference, sections
from awsexec.options.generate import generated
from awsexec.options.table import GROUPS, OPTIONS

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "awsexec"
PAGE = SOURCES / "awsexec.1"
# what stands in the code besides the texts about it
TEXTS = ("sections.py", "manual.py", "reference.py", "completions.py")
CODE = [path for path in SOURCES.rglob("*.py") if path.name not in TEXTS]
SHELL_CODE = [path for path in (SOURCES / "child/shells").rglob("*") if path.is_file()]


def literals(paths):
    """Every string in the code of these files."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def plain(page):
    """The man page as words: without macros, escapes and ends of lines."""
    lines = [re.sub(r"^\.\w+ ?", "", line) for line in page.splitlines()]
    text = " ".join(lines).replace("\\-", "-").replace("\\(aq", "'")
    return text.replace("\\e", "\\").replace("\\&", "")


def words(text):
    return " ".join(text.split())


def names(groups):
    """The names on the left side of the groups, one by one."""
    return [name for _, rows in groups for left, _ in rows for name in left.split(", ")]


# the files


def test_files_are_up_to_date():
    stale = [
        path
        for path, text in generated(str(ROOT)).items()
        if Path(path).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: make completions"


def test_make_completions_writes_them(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "awsexec").mkdir()
    shutil.copytree(ROOT / "completions", tmp_path / "completions")
    for path in (tmp_path / "completions").iterdir():
        # all of the block is gone but its marked lines
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"(?s)(awsexec/options.*?\n).*\n(# --- End)", r"\1\2", text)
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "awsexec.options.generate"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for path in ("awsexec/awsexec.1", "docs/reference.md", "completions/_awsexec"):
        written = (tmp_path / path).read_bytes()
        assert written == (ROOT / path).read_bytes(), path


def test_a_completion_file_without_a_marked_line_is_an_error(tmp_path):
    shutil.copytree(ROOT / "completions", tmp_path / "completions")
    path = tmp_path / "completions" / "awsexec.fish"
    path.write_text(path.read_text(encoding="utf-8").replace("# --- End", "# End"))
    with pytest.raises(ValueError, match="awsexec.fish lacks a marked line"):
        generated(str(tmp_path))


# what stands in each


def test_summary_fits_a_screen():
    lines = manual.summary().splitlines()
    assert len(lines) <= 25
    assert [line for line in lines if len(line) > 80] == []
    common = [option for option in OPTIONS if option.common]
    assert len(common) > 10
    for option in common:
        assert re.search(rf"(?m)^  {re.escape(option.usage)} +\S", manual.summary())


def test_help_fits_80_columns():
    assert [line for line in manual.help_text().splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("text", [manual.summary(), manual.help_text()])
def test_help_shows_the_commonest_uses_first(text):
    first = text.splitlines()[:4]
    assert first[0] == "Usage:"
    assert [line.split("  ")[1] for line in first[1:]] == [
        "awsexec PROFILE -- COMMAND [ARG]...",
        "awsexec PROFILE",
        "awsexec ACTION [PROFILE]",
    ]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flags[-1])
def test_every_option_stands_everywhere_with_its_text(option):
    # in the help the text may go on in further lines of its column
    entry = words(f"{option.usage} {option.help}")
    assert re.search(rf"(?m)^  {re.escape(option.usage)}( |$)", manual.help_text())
    assert entry in words(manual.help_text())
    assert entry in words(plain(manual.man_page()))
    assert f"\n| `{option.usage}` | {option.help} |\n" in reference.page()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flags[-1])
def test_help_texts_make_sense_alone(option):
    """zsh and fish show each without those around it; their menus are narrow."""
    assert len(option.help) <= 70
    assert option.help[0].islower()
    assert not option.help.endswith(".")
    # nor do they point at others
    assert not {"them", "these", "none", "same"} & set(option.help.split())
    assert option.about.split()[0] not in ("it", "its", "this", "that", "with", "as")
    # the shells' own characters; `generate` quotes the others
    assert not set("\n|`[]\\") & set(option.help)


def test_every_group_stands_everywhere():
    for title, _ in GROUPS:
        assert f"\n{title}:\n" in manual.help_text()
        assert f"\n.SS {title}\n" in manual.man_page()
        assert f"\n### {title}\n" in reference.page()


@pytest.mark.parametrize(("name", "reader", "line"), FORMATS)
def test_every_format_stands_everywhere(name, reader, line):
    assert re.search(
        rf"(?m)^  {name} +{re.escape(reader)}\n      {re.escape(line)}$",
        manual.help_text(),
    )
    assert f"{name} {reader} {line}" in words(plain(manual.man_page()))
    bars = line.replace("|", "\\|")
    assert f"| `{name}` | {reader} | `{bars}` |" in reference.page()


@pytest.mark.parametrize(
    ("rows", "is_in_help"),
    [
        (sections.VALUES, True),
        (sections.STATUS, True),
        *((rows, True) for _, rows in sections.ENVIRONMENT),
        *((rows, False) for _, rows in sections.SDK_ENVIRONMENT),
        (sections.CHILD, True),
        (sections.CHILD_TOO, False),
        *((rows, False) for _, rows in manual.settings()),
        (sections.FILES, False),
    ],
)
def test_every_row_stands_everywhere(rows, is_in_help):
    page = reference.page().replace("`", "")
    for name, text in rows:
        assert f"| {name} | {text} |" in page
        assert words(f"{name} {text}") in words(plain(manual.man_page()))
        if is_in_help:
            assert words(f"{name} {text}") in words(manual.help_text())


# whether it is true


def commands():
    lines = [line for _, _, line in FORMATS]
    lines += [
        line
        for _, typed in sections.EXAMPLES
        for line in "\n".join(typed).replace("\\\n", "").split("\n")
    ]
    return [
        found[0] for line in lines if (found := re.search(r"awsexec [^|)']*", line))
    ]


@pytest.mark.parametrize("line", commands())
def test_every_command_line_of_the_manual_can_be_parsed(line):
    program, *typed = shlex.split(line.rstrip('" '))
    assert program == "awsexec"
    assert (
        arguments.parse(typed).profile
        or "--" in typed
        or "--list" in typed
        or ("--unset" in typed)
    )


def test_there_are_command_lines_in_the_manual():
    assert len(commands()) > 12


def test_every_variable_in_the_code_is_in_the_reference():
    page = reference.page()
    found = {
        text
        for text in literals(CODE)
        if re.fullmatch(r"AWS(EXEC)?_[A-Z0-9_]*[A-Z0-9]", text)
    }
    for path in SHELL_CODE:
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r"\bAWSEXEC_[A-Z]+(?:_[A-Z]+)*\b", text))
    assert {"AWSEXEC_PROMPT", "AWS_LOGIN_CACHE_DIRECTORY"} <= found
    assert {name for name in found if f"`{name}`" not in page} == set()


def test_every_variable_of_the_reference_is_in_the_code():
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*CODE, *SHELL_CODE))
    composed = {
        # from the name of the setting, of the service, of what is asked for
        name
        for name in names((*sections.ENVIRONMENT, *sections.SDK_ENVIRONMENT))
        if f'"{name.removeprefix("AWS_").lower()}"' in text
        or f'"{name.removeprefix("AWS_ENDPOINT_URL_").lower()}"' in text
        or f'"{name.removeprefix("AWSEXEC_")}"' in text
        # by Python's webbrowser
        or name == "BROWSER"
    }
    listed = names((*sections.ENVIRONMENT, *sections.SDK_ENVIRONMENT))
    listed += names([("", (*sections.CHILD, *sections.CHILD_TOO))])
    listed.remove("all others")
    listed.remove(f"{REMOVED_PREFIX}*")
    assert [name for name in listed if name not in text and name not in composed] == []


@pytest.mark.parametrize("name", [*sorted(REMOVED), f"{REMOVED_PREFIX}*"])
def test_every_variable_that_is_removed_is_named(name):
    row = next(names for names, text in sections.CHILD_TOO if "removed" in text)
    assert name in row.split(", ")


def test_every_setting_in_the_code_is_in_the_reference():
    listed = set(names(sections.SETTINGS))
    found = {option.setting for option in OPTIONS if option.setting}
    for folder in ("plan", "profiles"):
        for path in (SOURCES / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in ("get", "value", "or_variable")
                    and isinstance(node.args[0], ast.Constant)
                ):
                    found.add(node.args[0].value)
    found = {name for name in found if re.fullmatch("[a-z_0-9]+", name)}
    assert {"ca_bundle", "sso_session"} <= found
    # what `Profiles` calls the profile of no name
    assert found - {"default"} - listed == set()


def test_every_setting_of_the_reference_is_in_the_code():
    in_code = set(literals(CODE)) | {option.setting for option in OPTIONS}
    assert [name for name in names(sections.SETTINGS) if name not in in_code] == []


# the page that is installed


def test_the_page_is_where_man_looks():
    # not awsexec's own file: pytest may have it from the folder of the sources
    if not (Path(sysconfig.get_path("purelib")) / "awsexec").is_dir():
        pytest.skip("awsexec is installed to be worked on")
    installed = Path(sys.prefix, "share", "man", "man1", "awsexec.1")
    assert installed.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_troff_has_nothing_to_say_about_the_page():
    result = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", PAGE], capture_output=True, check=True
    )
    assert result.stderr == b""
    # bold is a letter typed twice
    shown = re.sub(".\x08|\x1b\\[[0-9;]*m", "", result.stdout.decode())
    for title in ("EXAMPLES", "EXIT STATUS", "CONFIGURATION", "ENVIRONMENT", "FILES"):
        assert f"\n{title}\n" in shown
    assert "role_arn = arn:aws:iam::123456789012:role/deploy" in shown
