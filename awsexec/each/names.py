"""Which profiles the patterns of --each and --except mean."""

from __future__ import annotations

from awsexec.credentials.account_lists import account_list
from awsexec.errors import ConfigError, NoSuchProfile, UsageError, shown
from awsexec.plan.source_kinds import has_identity
from awsexec.profiles.near import nearest
from awsexec.profiles.patterns import is_glob, strictly_fitting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awsexec.plan.plan import Planner
    from awsexec.report import Report


def selected(
    patterns: Sequence[str],
    excepts: Sequence[str],
    planner: Planner,
    environ: Mapping[str, str],
    report: Report,
) -> list[str]:
    """Return the names that `patterns` without `excepts` mean, in the order of --list.

    A list of accounts that a pattern needs is got. Raises `ConfigError` (`NoSuchProfile`
    among them), `UsageError`, and as `account_list` does.
    """
    names = _Names(planner, environ, report)
    chosen = {
        name: None for pattern in patterns for name in names.of(pattern, "--each")
    }
    for pattern in excepts:
        for name in names.of(pattern, "--except"):
            chosen.pop(name, None)
    if not chosen:
        raise UsageError(
            "--except leaves no profile; remove one of its patterns, or add --each PATTERN"
        )
    return sorted(chosen, key=str.casefold)


class _Names:
    """The names of all profiles, and of the roles of IAM Identity Center."""

    def __init__(
        self, planner: Planner, environ: Mapping[str, str], report: Report
    ) -> None:
        self._planner = planner
        self._environ = environ
        self._report = report
        self._profiles = planner.config.profiles

    def of(self, pattern: str, option: str) -> list[str]:
        """Return the names that `pattern` means, which `option` gives.

        That is the profile of that name, else those whose whole name fits it. Raises
        `NoSuchProfile` and `ConfigError`.
        """
        if pattern in self._profiles:
            return [pattern]
        if not is_glob(pattern):
            return [self._role(pattern, option)]
        fits = strictly_fitting(pattern)
        found = [name for name in self._all(pattern) if fits(name)]
        if not found:
            raise self._none(pattern, option)
        if "default" in found and not has_identity(self._profiles.get("default")):
            # It holds settings for other profiles, and would stand for the machine's
            # own identity, which nobody named.
            found.remove("default")
            self._report.detail(f"{option} {pattern}: left out default, no identity")
        return found

    def _role(self, name: str, option: str) -> str:
        """Return `name` if it is a role of IAM Identity Center, SESSION/ACCOUNT/ROLE."""
        from awsexec.profiles.accounts import split

        if split(name, self._profiles.config.sso_sessions) is not None:
            return name
        try:
            self._profiles.get(name)
        except NoSuchProfile as error:
            raise error.named_by(option) from None
        return name

    def _all(self, pattern: str) -> list[str]:
        sessions = self._profiles.config.sso_sessions
        if "/" in pattern:
            fits = strictly_fitting(pattern.partition("/")[0])
            for session in filter(fits, sessions):
                account_list(self._planner, session, self._environ, self._report)
        roles = (name for name, _, _ in self._planner.listed_roles())
        return [*self._profiles.names(), *roles]

    def _none(self, pattern: str, option: str) -> ConfigError:
        names = self._all(pattern)
        word = "".join(each for each in pattern if each not in "*?[]")
        # what stands before the first * may be what is wrong
        heads = {name[: len(word) + 1]: name for name in reversed(names)}
        near = nearest(word, names) or [heads[each] for each in nearest(word, heads)]
        places = " and ".join(self._profiles.looked_in)
        advice = "* does not fit a /; awsexec --list shows all names"
        if near:
            advice = f"did you mean {' or '.join(map(shown, near))}?"
        return ConfigError(
            f"{option} {shown(pattern)}: fits the whole name of no profile in {places}; "
            f"{advice}"
        )
