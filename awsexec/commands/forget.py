"""--forget: delete what the cache holds."""

from __future__ import annotations

from awsexec.cache.store import store_for
from awsexec.errors import AwsexecError
from awsexec.plan.plan import make_plan
from awsexec.profiles.profile import Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.cache.store import Store
    from awsexec.options.arguments import Arguments
    from awsexec.report import Report


def run(arguments: Arguments, environ: Mapping[str, str], report: Report) -> int:
    """Delete the entries of PROFILE with the MFA session that it uses, or every entry.

    Raises `NoSuchProfile` where the cache has nothing of PROFILE and no file has it, and
    `AwsexecError` for options with which no plan can be made.
    """
    store = store_for(environ, report)
    name = None if arguments.all else arguments.named_profile(environ)
    if name is None:
        sessions, _ = store.forget(None)
        whose = "all profiles" if sessions else "any profile"
    else:
        sessions, count = store.forget(ascii(name), _keys(store, arguments, environ))
        if not count:
            # the profile has no entries, or its name is misspelt
            Profiles.load(environ).get(name)
        whose = f"profile {name!r}"
    if sessions:
        noun = "session" if sessions == 1 else "sessions"
        report.warning(f"deleted {sessions} cached {noun} of {whose}")
    else:
        report.warning(f"no session of {whose} is in the cache")
    return 0


def _keys(
    store: Store, arguments: Arguments, environ: Mapping[str, str]
) -> frozenset[str]:
    """Return the keys of every step of PROFILE; none if its plan cannot be made."""
    try:
        plan = make_plan(arguments, environ)
    except AwsexecError:
        if arguments.settings():
            raise
        # what the cache has of PROFILE can be deleted without
        return frozenset()
    cached = (entry.key for _, entry in store.entries() if entry is not None)
    return frozenset(plan.keys_to_forget(cached))
