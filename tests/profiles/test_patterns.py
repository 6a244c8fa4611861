"""The patterns of --each: a name, or a whole name with * that stays within one segment."""

import pytest

from awsexec.profiles.patterns import is_glob, strictly_fitting


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("*", ["a", "prod", "a b"], ["a/b", "corp/x/y"]),
        ("prod*", ["prod", "prod-eu"], ["NonProd", "Prod", "nonprod", "prod/x"]),
        ("*/*", ["a/b"], ["a", "a/b/c"]),
        (
            "corp/*/ReadOnly",
            ["corp/a b/ReadOnly"],
            ["corp/a/b/ReadOnly", "corp/a/read"],
        ),
        ("a?c", ["abc"], ["ac", "a/c", "abcd"]),
        ("a[!x]c", ["abc"], ["axc", "a/c"]),
        ("a[bc]", ["ab", "ac"], ["ad", "a[bc]"]),
        ("a.c*", ["a.c"], ["abc"]),
    ],
)
def test_strictly_fitting(pattern, fitting, others):
    fits = strictly_fitting(pattern)
    assert is_glob(pattern)
    assert [name for name in [*fitting, *others] if fits(name)] == fitting


@pytest.mark.parametrize("word", ["prod", "a.b", "corp/x/y", "a]b", "a{b}"])
def test_words_that_are_no_globs(word):
    assert not is_glob(word)
