"""The formats of --export, read back by the shells and programs they are for."""

import json
import os
import shutil
import subprocess

import pytest

from awsexec.errors import ConfigError
from awsexec.export_formats import DOCUMENTS, EXPORT_FORMATS, SHELLS

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
AWKWARD = [
    *PRINTABLE,
    PRINTABLE,
    PRINTABLE[::-1],
    # two and three in a row, and at the ends
    *(f"{character * 2}x{character * 3}" for character in "'\"`\\$!%^&~#;-= "),
    *(f"{character}'x'{character}" for character in "'\"`\\$!%^&~#;-= "),
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned; '",
    "'; touch pwned; '",
    "\\'; touch pwned; \\'",
    "& echo pwned>pwned &",
    "$HOME ${HOME} $$ $1 %HOME% %i !HOME! !! $env:HOME",
    "~ ~root {a,b} [a-z] * ? \\n \\x41 \\u0041 \\",
    "-n",
]
BEYOND_ASCII = [
    "é",
    "e\u0301",
    "日本",
    "👩\u200d👩\u200d👧",
    "\u2018a\u2019 \u201ab\u201b \u201cc\u201d \u2018\u2018",
    "\u00a0 \u2028 \u202e \ufeff \ue000 \uf600",
]
CONTROLS = [
    "a\nb",
    "\n",
    "a\n",
    "a\n\n'\nb",
    "a\tb",
    "\t",
    "\x1b[31m",
    "\x01\x7f",
    "\r",
]
NO_TEXT = ["\udcff", "a\udce2\udc82"]

# program, its arguments that read the file in $FILE and print the environment
READERS = {
    name: ("sh", [name, "-c", 'eval "$(cat "$FILE")"; env -0'])
    for name in ("sh", "dash", "bash", "zsh")
}
READERS["fish"] = ("fish", ["fish", "-c", "cat $FILE | source; env -0"])
READERS["pwsh"] = (
    "powershell",
    [
        "pwsh",
        "-NoProfile",
        "-Command",
        "Get-Content -Raw $env:FILE | Out-String | Invoke-Expression; env -0",
    ],
)
READERS["cmd.exe"] = (
    "cmd",
    ["cmd.exe", "/c", '(for /f "delims=" %i in (\'type "%FILE%"\') do @%i) & set'],
)


def read_by(program, text, folder, **environ):
    """The environment of `program` after it has run the commands in `text`."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    file = folder / "file"
    file.write_bytes(os.fsencode(text))
    finished = subprocess.run(
        READERS[program][1],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "FILE": str(file),
            **environ,
        },
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert finished.stderr == b""
    separator = b"\r\n" if program == "cmd.exe" else b"\0"
    items = os.fsdecode(finished.stdout.rstrip(separator)).split(os.fsdecode(separator))
    return dict(item.split("=", 1) for item in items)


def numbered(values):
    return {f"VALUE_{number}": value for number, value in enumerate(values)}


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("program", READERS)
def test_every_value_comes_through(program, locale, tmp_path):
    name = READERS[program][0]
    values = AWKWARD if name == "cmd" else AWKWARD + BEYOND_ASCII + CONTROLS
    if name in ("sh", "fish"):
        values += NO_TEXT
    variables = numbered(values)
    script = SHELLS[name].script(variables, [])
    found = read_by(program, script, tmp_path, LC_ALL=locale)
    assert {name: found.get(name) for name in variables} == variables
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("program", READERS)
def test_what_is_taken_away_need_not_be_there(program, tmp_path):
    names = ["GONE", "NEVER", "ALSO"]
    script = SHELLS[READERS[program][0]].script({"SET": "x"}, names)
    found = read_by(program, script, tmp_path, GONE="1", ALSO="2", KEPT="3")
    assert {name: found.get(name) for name in ("SET", "KEPT", *names)} == {
        "SET": "x",
        "KEPT": "3",
        **dict.fromkeys(names),
    }


def test_powershell_to_the_letter():
    script = SHELLS["powershell"].script(
        {"A": 'it\'s \u2018a\u2019 \u201ab\u201b "c" $x `', "B": "a\nb"}, ["C", "D"]
    )
    assert script == (
        "$env:A = 'it''s \u2018\u2018a\u2019\u2019 \u201a\u201ab\u201b\u201b \"c\" $x `'\n"
        "$env:B = 'a\nb'\n"
        "Remove-Item Env:C, Env:D -ErrorAction SilentlyContinue\n"
    )


def test_cmd_to_the_letter():
    script = SHELLS["cmd"].script({"A": 'a "b" %c% ^ & !'}, ["C", "D"])
    assert script == 'set "A=a "b" %c% ^ & !"\nset "C="\nset "D="\n'


def test_json():
    variables = numbered(AWKWARD + BEYOND_ASCII + CONTROLS)
    assert json.loads(DOCUMENTS["json"](variables)) == variables


def test_dotenv():
    values = [
        "a=b",
        "a b",
        "it's",
        "x\\y",
        "a#b",
        "é",
        "日本",
        "",
        "%!&;^*(",
        "x'y\"z`",
    ]
    text = DOCUMENTS["dotenv"](numbered(values))
    assert [line.partition("=")[2] for line in text.splitlines()] == values


@pytest.mark.parametrize(
    ("form", "value", "what"),
    [
        ("dotenv", "a\nb", "a line break"),
        ("dotenv", "a\rb", "a line break"),
        ("dotenv", "a\u2028b", "a line break"),
        ("dotenv", " a", "a blank at its beginning or end"),
        ("dotenv", "a\n", "a blank at its beginning or end"),
        ("dotenv", "a\u00a0", "a blank at its beginning or end"),
        ("dotenv", "'a'", "a quote at its beginning"),
        ("dotenv", '"', "a quote at its beginning"),
        ("dotenv", "a #b", "a word that begins with #"),
        ("dotenv", "#b", "a word that begins with #"),
        ("dotenv", "a${b}", "a $"),
        ("dotenv", "\udcff", "characters that are not UTF-8"),
        ("cmd", "a\nb", "characters that are not printable ASCII"),
        ("cmd", "é", "characters that are not printable ASCII"),
        ("process", "é", "characters that are not printable ASCII"),
        ("process", "a\tb", "characters that are not printable ASCII"),
    ],
)
def test_what_cannot_be_carried(form, value, what):
    variables = {"AWS_ACCESS_KEY_ID": value}
    with pytest.raises(ConfigError) as caught:
        if form in SHELLS:
            SHELLS[form].script(variables, [])
        else:
            DOCUMENTS[form](variables)
    assert str(caught.value) == (
        f"--export {form} cannot write the value of AWS_ACCESS_KEY_ID, which has "
        f"{what}; use another FORMAT"
    )


def test_there_is_one_for_each_name():
    assert sorted(EXPORT_FORMATS) == sorted([*SHELLS, *DOCUMENTS])
