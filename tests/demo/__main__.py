"""awsexec at work: each command as it is typed, and what it really prints.

``make demo`` runs it, with awsexec and the AWS CLI on PATH. It fails if a command does
not do what is said here. On a terminal it goes at a pace that a person can read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import textwrap
from types import FrameType

from pexpect.exceptions import ExceptionPexpect

from tests.demo.alice import CODES, SECRET, Alice, alice
from tests.demo.session import Session
from tests.screen import plain

# seconds from key to key
PACE = 0.02
WIDTH = 100
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Wrong(Exception):
    """A command did not do what it should."""


class Demo:
    """Shows what alice does."""

    def __init__(self, person: Alice) -> None:
        self._person = person
        self._is_watched = sys.stdout.isatty()
        self._unseen = ""
        columns = os.get_terminal_size().columns if self._is_watched else 0
        self._session = Session(
            person.environ,
            columns or WIDTH,
            self._show,
            pace=PACE if self._is_watched else 0,
        )

    def close(self) -> None:
        self._session.close()

    def _show(self, text: str) -> None:
        if self._is_watched:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            self._unseen += text

    def _say(self, text: str) -> None:
        """Say something in place of a command at the prompt."""
        lines = textwrap.wrap(text, 78, initial_indent="# ", subsequent_indent="# ")
        # the prompt stays where it is: below
        said = "\n".join(f"\x1b[36m{line}\x1b[0m" for line in lines)
        self._show(f"\r\x1b[K\n{said}\n\x1b[32m$\x1b[0m ")

    def _run(
        self,
        command: str,
        *texts: str,
        answer: str | None = None,
        status: int | None = 0,
    ) -> str:
        """Type a command. It must print the texts, and end with the status.

        With the status None, it must fail. Returns what it printed. Raises `Wrong`.
        """
        try:
            printed = self._session.types(command, *([answer] if answer else []))
        except ExceptionPexpect as error:
            raise Wrong(f"{type(error).__name__.lower()}: {command}") from error
        if not self._is_watched:
            # a line at a time, when it is sure that nothing of it is taken away again
            shown, _, prompt = self._unseen.rpartition("\r\n")
            sys.stdout.write(plain(shown + "\n"))
            sys.stdout.flush()
            self._unseen = prompt
        found = self._session.status
        if found != status and not (status is None and found != 0):
            raise Wrong(f"exit status {found} and not {status}: {command}")
        for text in texts:
            if text not in " ".join(printed.split()):
                raise Wrong(f"'{text}' is not in the output: {command}")
        return printed

    def run(self) -> None:
        """Show all of it. Raises `Wrong`."""
        self._alice()
        self._keyring()
        self._role()
        self._mfa()
        self._accounts()
        self._default()
        self._programs()

    def _alice(self) -> None:
        self._say(
            "A fake AWS runs on this machine and checks who may do what. Alice may "
            "assume roles, and nothing else. The roles may use S3."
        )
        self._run("cat ~/.aws/config")
        self._say("As alice:")
        self._run("export AWS_PROFILE=alice")
        self._run(
            "aws sts get-caller-identity --query Arn",
            "arn:aws:iam::123456789012:user/alice",
        )
        # each version of the AWS CLI has a status of its own
        self._run("aws s3 ls", "AccessDenied", status=None)

    def _keyring(self) -> None:
        if not self._person.has_keyring:
            self._say(
                "No keyring is installed here (dbus-daemon and gnome-keyring-daemon), "
                "so alice's key stays in the credentials file."
            )
            return
        self._say(
            "alice's key lies in a plain file, which every program of hers can read. "
            "awsexec puts it into the keyring:"
        )
        self._run(
            "awsexec --add-keys alice --yes",
            "is in the keyring (Secret Service), as profile alice",
            "delete these lines",
        )
        self._say("She deletes the lines. From now on, no file has the key:")
        self._run("sed -i '2,3d' ~/.aws/credentials; cat ~/.aws/credentials", "[alice]")
        for path in self._person.home.rglob("*"):
            if path.is_file() and SECRET in path.read_text(errors="replace"):
                raise Wrong(f"{path} has alice's key")

    def _role(self) -> None:
        self._say("The same commands as the role:")
        arn = "arn:aws:sts::123456789012:assumed-role/alice-sts/alice"
        self._run("awsexec alice-sts -- aws sts get-caller-identity --query Arn", arn)
        self._run("awsexec alice-sts -- aws s3 ls", "alice-holiday-photos")
        self._say("The role's trust policy asks for an external id. A wrong one fails:")
        self._run(
            "awsexec --external-id wrong-1234 alice-sts -- aws s3 ls",
            "awsexec: ",
            "AccessDenied",
            status=125,
        )
        self._say(
            "Only the command gets the credentials. This shell's environment is "
            "unchanged:"
        )
        self._run("env | sort >~/before")
        printed = self._run(
            "awsexec alice-sts -- env | grep -o '^AWS[^=]*' | sort",
            "AWSEXEC_ACCOUNT AWSEXEC_PROFILE AWSEXEC_PROFILE_REGION AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
        )
        if "AWS_PROFILE" in printed.split():
            raise Wrong("the command is given AWS_PROFILE")
        self._run("env | sort | diff ~/before - && echo unchanged", "unchanged")

    def _mfa(self) -> None:
        self._say("The profile acct-test has mfa_serial, so awsexec asks for a code:")
        self._run(
            "awsexec acct-test -- aws s3 ls",
            "MFA code for acct-test",
            "alice-holiday-photos",
            answer=CODES[0],
        )
        self._say(
            "awsexec keeps the session for its hour, and asks nothing in the next run:"
        )
        printed = self._run("awsexec acct-test -- aws s3 ls", "alice-holiday-photos")
        if "MFA" in printed:
            raise Wrong("awsexec asked again")
        self._run("awsexec --list", "PROFILE", "acct-test", "yes 59m")
        self._say("Without a command you get a shell, whose prompt shows the role:")
        self._run("awsexec acct-test")
        self._run("aws sts get-caller-identity --query Arn", "assumed-role/deploy/")
        self._run("exit")

    def _accounts(self) -> None:
        self._say(
            "One command in three accounts. For this, alice begins anew. One code is "
            "enough for all of them, and they run at the same time:"
        )
        self._run("awsexec --forget --all", "deleted 3 cached sessions")
        self._run(
            "awsexec --each 'acct-*' -- aws s3 ls",
            "MFA code for acct-dev, acct-prod and acct-test",
            "acct-dev │ 2026-11-24 02:27:57 dev-logs",
            "acct-prod │ 2026-11-24 02:27:57 prod-logs",
            "acct-test │ 2026-11-24 02:27:57 alice-holiday-photos",
            answer=CODES[1],
        )
        self._say(
            "Which account has no bucket for logs? A table shows which commands failed:"
        )
        self._run(
            "awsexec --each 'acct-*' -- sh -c 'aws s3 ls | grep logs'",
            "1 of 3 commands failed acct-test status 1",
            status=123,
        )

    def _default(self) -> None:
        self._say(
            "A role can also be [default] in the credentials file. A setting without a "
            "value, such as alice's aws_session_token, counts as not set:"
        )
        path = self._person.home / ".aws" / "credentials"
        self._person.writes(
            "credentials",
            "[default]\n"
            "role_arn = arn:aws:iam::123456789012:role/alice-sts\n"
            "source_profile = alice\n"
            "external_id = demo-1234\n"
            "role_session_name = from-default\n"
            "region = us-east-1\n"
            f"\n{path.read_text()}aws_session_token =\n",
        )
        self._run("grep -v secret ~/.aws/credentials", "[default]")
        self._run(
            "awsexec default -- aws sts get-caller-identity --query Arn",
            "assumed-role/alice-sts/from-default",
        )

    def _programs(self) -> None:
        self._say(
            "With --serve, a command that runs longer than its session fetches "
            "credentials from an endpoint, and new ones in time. [default] does not get "
            "in the way:"
        )
        printed = self._run(
            "awsexec --serve alice-sts -- aws sts get-caller-identity --query Arn",
            "assumed-role/alice-sts/alice",
        )
        if "from-default" in printed:
            raise Wrong("[default] gets in the way")
        self._say("A program that reads the AWS config asks awsexec:")
        self._run(
            "printf '\\n[profile plain]\\ncredential_process = "
            "awsexec --export process alice-sts\\n' >>~/.aws/config"
        )
        self._run("aws s3 ls --profile plain", "alice-holiday-photos")
        self._say("Sessions in the cache work even when AWS is switched off:")
        self._person.switch.close()
        self._run(
            "awsexec alice-sts -- sh -c "
            "'echo $AWSEXEC_PROFILE until $AWS_CREDENTIAL_EXPIRATION'",
            "alice-sts until 20",
        )


def main() -> int:
    for number in ENDING:
        signal.signal(number, _end)
    try:
        with alice(with_keyring=True) as person:
            with contextlib.closing(Demo(person)) as demo:
                demo.run()
    except Wrong as error:
        print(f"\ndemo: failed: {error}", file=sys.stderr)
        return 1
    print("\r\x1b[K" * sys.stdout.isatty() + "\ndemo: everything worked as described")
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    # what clears up is not ended itself
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
