"""What a check of --doctor gets, and what it yields.

No check asks the user for anything, changes anything, or shows a secret.
"""

from __future__ import annotations

from awsexec import bounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from awsexec.credentials.reach import Answer
    from awsexec.plan.plan import Plan
    from awsexec.profiles.config import Config
    from awsexec.profiles.profile import Profile
    from awsexec.profiles.trust import DirectoryProfile

OK, WARNING, WRONG, SKIPPED = "ok", "warning", "wrong", "skipped"


class Finding:
    """What a check found of one thing: `about` what, `status`, `text`, and the `mend`."""

    __slots__ = ("about", "status", "text", "mend")

    def __init__(self, about: str, status: str, text: str, mend: str = "") -> None:
        self.about = about
        self.status = status
        self.text = text
        self.mend = mend


class Facts:
    """What the checks look at.

    `config` are the AWS files, None if they cannot be read, and `fault` is why. `plans`
    are those of the profiles looked at, and `broken` the errors that their next runs end
    with. `later` are the errors of runs after the cached session has ended, and of runs
    that the limits around forbid. `only_settings` are the names of profiles without any
    credentials, which hold settings for others. `ask` sends a service of a plan a request
    that asks for nothing. `here` is what the file .awsexec names, None without one.
    `parent` is the name and the number of the process that started awsexec, and the
    AWSEXEC_INIT that it began with, None if that is not known. `mounts` is the text of
    /proc/self/mounts. `keyring` returns the name of the keyring, without unlocking it, or
    raises `CredentialsError`.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        now: float,
        config: Config | None = None,
        fault: str = "",
        plans: Mapping[str, Plan] | None = None,
        broken: Mapping[str, str] | None = None,
        later: Mapping[str, str] | None = None,
        only_settings: Sequence[str] = (),
        ask: Callable[[Plan, str], Answer] | None = None,
        here: DirectoryProfile | None = None,
        parent: tuple[str, int, str | None] = ("", 0, None),
        mounts: str = "",
        keyring: Callable[[], str] = str,
    ) -> None:
        self.environ = environ
        self.now = now
        self.config = config
        self.fault = fault
        self.plans = plans or {}
        self.broken = broken or {}
        self.later = later or {}
        self.only_settings = tuple(only_settings)
        self.ask = ask
        self.here = here
        self.parent = parent
        self.mounts = mounts
        self.keyring = keyring

    def profiles(self) -> Iterator[Profile]:
        """Yield the profiles looked at and those that they lead to, each once."""
        seen = set()
        for plan in self.plans.values():
            for profile in plan.chain.hops:
                if profile.name not in seen:
                    seen.add(profile.name)
                    yield profile


def text_of(path: str) -> str:
    """Return the text of a file, "" for one that cannot be read or is no regular file."""
    try:
        return bounded.read(path, is_regular=True).decode("utf-8", "replace")
    except OSError:
        return ""


def count(number: int, noun: str) -> str:
    """Return how many there are: "1 profile", "2 profiles"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
