"""Whose credentials an action is about: a profile's, or those in the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from awsexec.credentials.credentials import Credentials
from awsexec.credentials.get import obtain
from awsexec.credentials.sources import environment
from awsexec.fastpath import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN
from awsexec.options.arguments import Arguments
from awsexec.plan import endpoint as endpoints
from awsexec.plan import plan
from awsexec.plan.endpoint import Endpoint
from awsexec.plan.plan import Config
from awsexec.plan.source_kinds import Source
from awsexec.profiles.profile import Profile, Profiles
from awsexec.profiles.values import variable
from awsexec.report import Report
from awsexec.times import from_iso8601


@dataclass(frozen=True)
class Whose:
    """Whose credentials they are, where AWS is for them, and how to `load` them.

    `source` is None for those that the environment holds, which have a `profile`
    without settings. `region` is None where none is known.
    """

    profile: Profile
    profiles: Profiles
    endpoint: Endpoint
    region: str | None
    source: Source | None
    load: Callable[[], Credentials]

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def label(self) -> str:
        """For messages."""
        where = " in the environment" if self.source is None else ""
        return f"profile {self.name!r}{where}"


def holds_credentials(arguments: Arguments, environ: Mapping[str, str]) -> bool:
    """Whether the environment says whose credentials are meant: no profile's."""
    has_keys = environ.get(ACCESS_KEY_ID) and environ.get(SECRET_ACCESS_KEY)
    return not arguments.named_profile(environ) and bool(
        has_keys or _is_served(environ)
    )


def _is_served(environ: Mapping[str, str]) -> bool:
    """Whether this is a COMMAND of --serve."""
    return bool(
        environ.get("AWSEXEC_PROFILE")
        and environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    )


def whose(
    arguments: Arguments,
    environ: Mapping[str, str],
    report: Report,
    *,
    federated: bool = False,
) -> Whose:
    """The credentials of PROFILE; without one, those that the environment holds.

    These are what a command here runs with: in a shell of awsexec's, the role's.
    `federated` is for the console: as for `selection.select`, and with a session that is
    not near its end, since nothing renews the console's. Raises as that does; loading
    raises as `obtain` does.
    """
    holds = holds_credentials(arguments, environ)
    # that of the profile is no choice of the user's, but where its partition is
    region_of_profile = variable("AWSEXEC_PROFILE_REGION", environ)
    if not holds or _is_served(environ):
        config = None
        if holds:
            config = Config.without_profiles(environ)
            if region_of_profile is not None:
                environ = {"AWS_REGION": region_of_profile.value, **environ}
        selected = plan.select(arguments, environ, config, federated=federated)
        return Whose(
            selected.chain.profile,
            selected.config.profiles,
            selected.endpoint,
            selected.region,
            selected.chain.source,
            lambda: obtain(
                arguments,
                environ,
                report,
                selected=selected,
                renew_if_due=federated,
                as_attached=True,
            )[1],
        )
    environment.check(environ)
    profile = Profile(environ.get("AWSEXEC_PROFILE") or "environment")
    profiles = Profiles.none()
    region = (
        endpoints.region_of(profile, environ, arguments.region) or region_of_profile
    )
    expires = environ.get("AWS_CREDENTIAL_EXPIRATION")
    credentials = Credentials(
        environ[ACCESS_KEY_ID],
        environ[SECRET_ACCESS_KEY],
        environ.get(SESSION_TOKEN) or None,
        from_iso8601(expires) if expires else None,
    )
    endpoint = endpoints.resolve(profiles, profile, environ, region, ())
    name = region.value if region is not None else None
    return Whose(profile, profiles, endpoint, name, None, lambda: credentials)
