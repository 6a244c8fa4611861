"""What the picker shows, and which profile it takes."""

import pytest

from awsexec import output
from awsexec.commands.pick import HELPS, Choice, Row, screen

FAULT = "F:9: profile 'broken' has no credentials and no way to get any; give it some"


def row(name, account="", role="", region="", cached="", fault=""):
    arn = f"arn:aws:iam::{account}:role/{role}" if account else ""
    return Row(name, arn, account, role, region, lambda: (cached, fault))


ROWS = [
    row("reader", "123456789012", "ReadOnly", "eu-west-1", cached="59m"),
    row("writer", "123456789012", "Writer", "eu-west-2"),
    row("two words", "111122223333", "team/Admin", "us-east-1"),
    row("broken", fault=FAULT),
    row("日本語", "111122223333", "ロール", "ap-northeast-1"),
    row("evil\x1b[31m\u202e", "111122223333", "\x07", "\n"),
]


@pytest.fixture
def choice():
    return Choice(ROWS)


def shown(choice, rows=20, columns=100):
    """The text of each line."""
    return ["".join(part[1] for part in line) for line in screen(choice, rows, columns)]


def marked(choice, rows=20, columns=100):
    """The text of the lines that are highlighted."""
    lines = screen(choice, rows, columns)
    return [text for line in lines for style, text in line if "marked" in style]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", [row.name for row in ROWS]),
        ("writer", ["writer"]),
        # a part, letters with others between, capitals
        ("rea", ["reader"]),
        ("RDR", ["reader"]),
        ("wds", ["two words"]),
        ("two w", ["two words"]),
        # a name that begins so comes first, then names, ARNs, letters
        ("r", ["reader", "writer", "two words", "broken"]),
        ("3333", ["two words", "日本語", ROWS[5].name]),
        ("iam::123456789012", ["reader", "writer"]),
        ("eu-west", ["reader", "writer"]),
        ("team/admin", ["two words"]),
        ("日本", ["日本語"]),
        # each word fits in its own place
        ("123456789012 eu-west-2", ["writer"]),
        ("xyz", []),
    ],
)
def test_what_fits(typed, names, choice):
    choice.replace(typed)
    found = [row.name for row in choice.fitting]
    assert found == names if typed != "r" else found[:4] == names
    assert choice.taken == (names[0] if names else None)


def test_the_whole_name_wins():
    choice = Choice([row("production"), row("xprod"), row("Prod")])
    choice.replace("prod")
    assert [row.name for row in choice.fitting] == ["Prod", "production", "xprod"]


def test_the_marked_row_is_the_one_that_enter_takes(choice):
    for lines in (0, 1, 1, 2, 1, 1, -1, -100, 100):
        choice.move(lines)
        assert len(marked(choice)) == 1
        assert marked(choice)[0].startswith("> ")
        if choice.taken:
            assert marked(choice)[0].split()[1] in (
                choice.taken.split()[0],
                "'evil\\x1b[31m\\u202e'",
            )


def test_a_broken_profile_says_why_and_is_not_taken(choice):
    choice.move(3)
    assert choice.taken is None
    assert marked(choice)[0].startswith("> broken ")
    assert "! F:9: " in marked(choice)[0]
    assert f"cannot be taken: {FAULT}" in shown(choice)


def test_a_broken_profile_is_not_marked_first():
    choice = Choice([row("a", fault="x"), row("b")])
    assert choice.taken == "b"
    choice.replace("a")
    assert choice.taken is None


def test_no_match_is_said(choice):
    choice.replace("xyz")
    assert "no match: " in shown(choice)[2]
    assert "0 of 6" in shown(choice)[0]
    choice.move(1)
    choice.move(-1)
    assert choice.taken is None


def test_header_and_help(choice):
    lines = shown(choice)
    assert lines[1].split() == ["PROFILE", "ACCOUNT", "ROLE", "REGION", "CACHED"]
    assert lines[2].split() == "> reader 123456789012 ReadOnly eu-west-1 59m".split()
    assert lines[-1] == HELPS[0]
    assert all("Esc cancels" in each for each in HELPS)


@pytest.mark.parametrize("typed", ["", "r", "xyz", "日" * 50, "x" * 200], ids=len)
@pytest.mark.parametrize("at", [0, 3, 5])
def test_every_size_of_terminal(typed, at, choice):
    choice.replace(typed)
    choice.move(at)
    for rows in (*range(1, 10), 30):
        for columns in (*range(1, 20), 50, 100):
            lines = shown(choice, rows, columns)
            assert len(lines) <= rows
            assert all(output.columns(line) <= columns for line in lines), lines
            assert all(map(str.isprintable, lines))
            if choice.fitting and rows > 1:
                assert len(marked(choice, rows, columns)) == 1
            elif choice.fitting and columns > 40 and len(typed) < 2:
                # there is one line
                assert choice.marked.cells[0] in lines[0]


def test_only_rows_on_the_screen_are_looked_at():
    looked = []

    def look(name):
        return lambda: (looked.append(name), ("", ""))[1]

    rows = [Row(f"p{n:05}", "", "", "", "", look(n)) for n in range(10_000)]
    choice = Choice(rows)
    choice.move(10_000)
    assert "p09999" in marked(choice)[0]
    choice.replace("p055")
    assert choice.taken == "p05500"
    assert " of 10000" in shown(choice)[0]
    assert len(looked) < 60


def test_what_is_typed_is_printable(choice):
    choice.replace("rea\x1b\x00\n\u202eder")
    assert choice.typed == "reader"
