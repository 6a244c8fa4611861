"""Which credential_process lines a shell runs."""

import pytest

from awsexec.errors import ConfigError
from awsexec.plan.command_line import is_for_shell, runs_by_shell
from awsexec.profiles.files import Section, Setting
from awsexec.profiles.profile import Profile


@pytest.mark.parametrize(
    "line",
    [
        "tool | jq .",
        "tool || other",
        "cd /x && tool",
        "a; tool ; b",
        "tool >FILE",
        "tool > FILE",
        "tool 2>&1",
        "tool 2>/dev/null",
        "tool >>log",
        "~/bin/tool",
        "tool --key ~/key",
        "$HOME/bin/tool",
        "tool $NAME",
        "tool ${NAME}",
        "tool $(id -u)",
        'tool >"my file"',
        "tool\n| jq .",
    ],
)
def test_for_a_shell(line):
    assert is_for_shell(line)


@pytest.mark.parametrize(
    "line",
    [
        "tool",
        "tool --url https://x/?a=1&b=2",
        "tool --url https://x/?a=1|b",
        "tool a;b c;",
        "tool 'a | b' \"c && d\"",
        "tool '|' \"||\" \\| \\;",
        "tool '~/x' \"$HOME/x\" \\$HOME \\~/x",
        "tool x~/y --key=$NAME a$NAME",
        "tool $ $5 $@ ~ ~user/x",
        "tool * ? [a]",
        "tool a>b -> <x",
        "tool &",
        "tool 'it is \"quoted\" | here'",
        "tool 'unclosed | x",
        "",
    ],
)
def test_for_no_shell(line):
    assert not is_for_shell(line)


def profile(**settings):
    section = Section("p", "CONFIG", 1)
    for number, (name, value) in enumerate(settings.items(), start=2):
        section.lines[name] = [value, number, ()]
    return Profile("p", section)


@pytest.mark.parametrize(
    ("line", "shell", "expected"),
    [
        ("tool | x", "", True),
        ("tool | x", "false", False),
        ("tool", "true", True),
        ("tool", "", False),
    ],
)
def test_setting_decides(line, shell, expected):
    one = profile(credential_process=line, credential_process_shell=shell)
    setting = one.settings["credential_process"]
    assert runs_by_shell(one, setting) is expected


def test_no_shell_on_windows():
    line = Setting("credential_process", "tool | x", "CONFIG", 2)
    with pytest.raises(ConfigError) as caught:
        runs_by_shell(profile(), line, posix=False)
    assert str(caught.value) == (
        "CONFIG:2: credential_process is a line for /bin/sh, which Windows does not have; "
        "put it into a script, or write credential_process_shell = false"
    )
    assert not runs_by_shell(
        profile(credential_process_shell="false"), line, posix=False
    )
