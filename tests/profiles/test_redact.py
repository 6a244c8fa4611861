"""Settings as a person may see them."""

import pytest

from awsexec.profiles.files import Setting
from awsexec.profiles.redact import redacted


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        ("", "''"),
        ("tool", "tool"),
        ("tool --secret x", "tool ******"),
        ('"/opt/my tool"', '"/opt/my tool"'),
        ('"/opt/my #tool" --secret x', '"/opt/my #tool" ******'),
        ("'C:\\Program Files\\tool' x", "'C:\\Program Files\\tool' ******"),
        ('"not closed secret', '"not ******'),
    ],
)
def test_arguments_of_a_command_are_hidden(line, shows):
    setting = Setting("credential_process", line, "CONFIG:2", 2)
    assert redacted(setting) == shows
