"""What values mean."""

import pytest

from awsexec.errors import ConfigError
from awsexec.profiles import values
from awsexec.profiles.files import Setting


def setting(text, name="name"):
    return Setting(name, text, "CONFIG", 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("TRUE", True), ("false", False), ("False", False)],
)
def test_true(text, expected):
    assert values.is_true(setting(text)) is expected
    assert values.is_true(None) is False


@pytest.mark.parametrize("text", ["1", "yes", "on", "truе", "true;"])
def test_neither_true_nor_false(text):
    with pytest.raises(ConfigError) as caught:
        values.is_true(setting(text))
    assert str(caught.value) == f"CONFIG:2: name = {text}: write true or false"


@pytest.mark.parametrize("text", ["1", "07", "10"])
def test_number(text):
    assert values.number(setting(text)) == int(text)
    assert values.number(setting(text), (1, 10)) == int(text)
    assert values.number(None) is None


@pytest.mark.parametrize("text", ["1h", "-1", "+1", "1.5", "１２", "²", "9" * 5000])
@pytest.mark.parametrize(
    ("bounds", "which"), [(None, ""), ((1, 10), " from 1 to 10")], ids=["any", "1-10"]
)
def test_no_number(text, bounds, which):
    with pytest.raises(ConfigError) as caught:
        values.number(setting(text), bounds)
    assert str(caught.value) == f"CONFIG:2: name = {text} is not a whole number{which}"


@pytest.mark.parametrize("text", ["0", "11", "9" * 20])
def test_number_beyond_its_bounds(text):
    with pytest.raises(ConfigError, match="is not a whole number from 1 to 10$"):
        values.number(setting(text), (1, 10))


def test_word():
    assert values.one_of(setting("a"), ("a", "b")) == "a"
    assert values.one_of(None, ("a", "b")) is None
    with pytest.raises(ConfigError) as caught:
        values.one_of(setting("A"), ("a", "b"))
    assert str(caught.value) == "CONFIG:2: name = A: write a or b"
