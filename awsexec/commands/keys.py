"""--add-keys and --remove-keys: a user's own access key, in the system's keyring."""

from __future__ import annotations

import sys
import time

from awsexec.cache.store import store_for
from awsexec.credentials.keys import given
from awsexec.credentials.keys.index import IndexFile
from awsexec.credentials.keys.keyring import Keyring
from awsexec.errors import AwsexecError, UsageError, shown, tail, typed
from awsexec.output import show
from awsexec.plan.plan import Planner
from awsexec.profiles.config import Config
from awsexec.profiles.key_index import KeptKey, new_generation
from awsexec.report import SAY_WAIT_AFTER
from awsexec.terminal import Questions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.profiles.profile import StaticKeys
    from awsexec.report import Report

# bytes of stdin
_LARGEST = 65_536
# seconds that a new key may need until AWS knows it
PATIENCE = 16
# what a name may have to stand in a command line of the config file, in every SDK
_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+=,/:- "
)


def add(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Put a user's key into the keyring, and say what else there is to do.

    The key comes from stdin, from the credentials file, or from the terminal.
    """
    name = _checked(arguments.needed_profile())
    config = Config.load(environ)
    asks = Questions(not arguments.no_prompt, arguments.yes)
    keyring = _keyring(arguments, report)
    with _index(environ, report) as index:
        before = index.read().get(name)
        if before is not None and before.rotation is not None:
            raise AwsexecError(
                f"a rotation of the keys of {shown(name)} is under way; end it first: "
                f"{typed('--rotate-keys', name)}"
            )
        # so that nobody types a secret in vain
        backend = keyring.name()
        in_file = _in_file(config, name)
        key_id, secret = _given(asks, name, in_file)
        if before is not None and before.key_id != key_id:
            question = (
                f"The keyring has another key of {shown(name)}, {tail(before.key_id)}. "
                f"Replace it by {tail(key_id)}"
            )
            if not asks.yes(question):
                raise AwsexecError("nothing was changed")
        account = arn = ""
        if not arguments.no_verify:
            account, arn = _whose(arguments, config, environ, report, key_id, secret)
        keyring.keep(name, key_id, secret)
        others = {before.key_id} - {key_id} if before is not None else set()
        # before the index forgets them: a kill would leave secrets that nobody knows of
        for other in others:
            keyring.delete(name, other)
        kept = KeptKey(name, key_id, account, arn, new_generation(), int(time.time()))
        index.put(kept)
        for signer in {key_id, *others}:
            store_for(environ, report).forget_signed(signer)
    report.warning(
        f"the key {tail(key_id)}{f' of {arn}' if arn else ''} is in the keyring "
        f"({backend}), as profile {shown(name)}"
    )
    if before is not None and before.key_id != key_id:
        report.warning(
            f"the key {tail(before.key_id)} is no longer in the keyring, and still works "
            "at AWS; delete it there if nobody uses it"
        )
    _say_what_is_left(arguments, environ, report, name)
    return 0


def remove(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Delete NAME's key from the keyring, and the sessions that were got with it."""
    name, keyring = arguments.needed_profile(), _keyring(arguments, report)
    with _index(environ, report) as index:
        kept = index.read().get(name)
        if kept is None:
            raise AwsexecError(
                f"the keyring has no key of {shown(name)}; awsexec --list shows which it has"
            )
        key_ids = {kept.key_id}
        if kept.rotation is not None:
            key_ids |= {kept.rotation.old, kept.rotation.new} - {""}
        # with the index first, a kill would leave a secret that nobody knows of
        for key_id in sorted(key_ids):
            keyring.delete(name, key_id)
        index.remove(name)
        for key_id in sorted(key_ids):
            store_for(environ, report).forget_signed(key_id)
    keys = " and ".join(sorted(map(tail, key_ids)))
    report.warning(
        f"deleted the key {keys} of {shown(name)} from the keyring, and the sessions got "
        "with it; the key still works at AWS: deactivate or delete it there if nobody "
        "uses it"
    )
    return 0


def _keyring(arguments: Arguments, report: Report) -> Keyring:
    return Keyring(may_prompt=not arguments.no_prompt, say=report.waiting)


def _index(environ: Mapping[str, str], report: Report) -> IndexFile:
    text = "waiting for another awsexec, which is changing keys in the keyring"
    return IndexFile(environ, lambda _: report.patience(text, SAY_WAIT_AFTER))


def _checked(name: str) -> str:
    """Return a name that the index and the config file can have."""
    if not name.isprintable() or name != name.strip():
        raise UsageError(
            f"a profile cannot be called {name!r}; choose a NAME of printable characters, "
            "without blanks around it"
        )
    return name


def _given(asks: Questions, name: str, in_file: StaticKeys | None) -> tuple[str, str]:
    """Return the key id and the secret that the user gives."""
    piped = _piped()
    if piped:
        return given.parse(piped)
    if in_file is not None and asks.yes(
        f"{shown(name)} has the {in_file.where}. Put this key into the keyring"
    ):
        return given.checked(in_file.key_id.value, in_file.secret.value)
    otherwise = f"give the key on stdin: {given.FORMS}"
    key_id = asks.line(f"Access key id for {shown(name)}: ", otherwise)
    secret = asks.line(f"Secret access key for {shown(name)}: ", otherwise, hidden=True)
    return given.checked(key_id, secret)


def _piped() -> str:
    """Return what stdin has, "" for a terminal. Raises `AwsexecError`."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        return sys.stdin.buffer.read(_LARGEST).decode("utf-8").strip()
    except (OSError, ValueError):
        raise AwsexecError(
            f"stdin cannot be read as text; give {given.FORMS}"
        ) from None


def _in_file(config: Config, name: str) -> StaticKeys | None:
    """Return the user's keys that the files have for `name`, None for none.

    Raises `ConfigError` if they are half a pair.
    """
    if not config.profiles.in_files(name):
        return None
    profile = config.profiles.get(name)
    keys = profile.static_keys() if profile.has_static_keys else None
    return keys if keys is not None and keys.token is None else None


def _whose(
    arguments: Arguments,
    config: Config,
    environ: Mapping[str, str],
    report: Report,
    key_id: str,
    secret: str,
) -> tuple[str, str]:
    """Return the account and the ARN of the key's user, as AWS says."""
    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.keys.whose import whose
    from awsexec.credentials.sts import Sts

    name = arguments.needed_profile()
    endpoint, retries = Planner(arguments, environ, config).endpoint(name)
    found = whose(
        Sts(endpoint, retries, report.debug),
        Credentials(key_id, secret),
        name,
        PATIENCE,
        report.waiting,
        time.sleep,
    )
    return found["Account"], found["Arn"]


def _say_what_is_left(
    arguments: Arguments, environ: Mapping[str, str], report: Report, name: str
) -> None:
    """Say which lines to delete, if another source is used, and how other programs go on."""
    # as the files and the index are now
    config = Config.load(environ)
    label = shown(name)
    in_file = _in_file(config, name)
    if in_file is not None:
        lines = " and ".join(item.where for item in (in_file.key_id, in_file.secret))
        report.warning(
            f"delete these lines now: {lines}; awsexec does not write there, and until "
            f"then the {in_file.where} is used"
        )
    else:
        try:
            source = Planner(arguments, environ, config).plan(name).chain.source
        except AwsexecError as error:
            report.warning(f"profile {label} cannot use its key so far: {error}")
            return
        if source.kept is None or source.kept.name != name:
            report.warning(
                f"profile {label} does not use this key, since its settings say another "
                f"source: {source.label}; choose another NAME, or correct the profile"
            )
            return
    section = _section_for_others(config, name)
    if section:
        report.warning(
            f"only awsexec sees the key of {label}; for other programs, add this to "
            f"{shown(config.paths[0])}, and name its profile to them:"
        )
        show(section)


def _section_for_others(config: Config, name: str) -> str:
    """Return a section of the config file that asks awsexec; "" if `name` is not plain."""
    if not _PLAIN.issuperset(name):
        return ""
    second = f"{name}-keyring"
    number = 2
    while second in config.profiles:
        second, number = f"{name}-keyring{number}", number + 1
    word = f'"{name}"' if " " in name else name
    title = f'"{second}"' if " " in name else second
    lines = [
        f"[profile {title}]",
        f"credential_process = awsexec --export process {word}",
    ]
    region = config.profiles.get(name).value("region")
    if region is not None:
        lines.append(f"region = {region}")
    return "\n".join(lines) + "\n"
