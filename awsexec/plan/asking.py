"""How the user may be asked in a run: for an MFA code, or to sign in."""

from __future__ import annotations

from awsexec.errors import UsageError
from awsexec.plan.limits import NO_CODE, mfa_code
from awsexec.profiles.files import Setting
from awsexec.profiles.values import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.options.arguments import Arguments
    from awsexec.profiles.profile import Profile


class Asking:
    """How the user may be asked.

    `may_prompt` is whether awsexec may ask anything at all. `code` is an MFA code that
    was given, and `process` the command that prints one. `device_code` and `browser` say
    how to sign in to IAM Identity Center: with a code for any browser, and whether to
    open the browser here. `yes` answers the question of a profile's `confirm`.
    """

    __slots__ = ("may_prompt", "code", "process", "device_code", "browser", "yes")

    def __init__(
        self,
        *,
        may_prompt: bool = True,
        code: Setting | None = None,
        process: Setting | None = None,
        device_code: bool = False,
        browser: bool = True,
        yes: bool = False,
    ) -> None:
        self.may_prompt = may_prompt
        self.code = code
        self.process = process
        self.device_code = device_code
        self.browser = browser
        self.yes = yes

    def again(self, *, may_prompt: bool, code: Setting | None = None) -> Asking:
        """Return how to ask for later credentials: a code is good for one call only."""
        return Asking(
            may_prompt=may_prompt,
            code=code,
            process=self.process,
            device_code=self.device_code,
            browser=self.browser,
            yes=self.yes,
        )


def asking_for(
    profile: Profile,
    source_profile: Profile,
    arguments: Arguments,
    environ: Mapping[str, str],
) -> Asking:
    """Return how the options, the variables and the two profiles say to ask.

    `profile` is the one of the run, `source_profile` the source's. The first of these
    counts: option, variable, `profile`, `source_profile`. Raises `UsageError`.
    """
    process = (
        variable("AWSEXEC_MFA_PROCESS", environ)
        or profile.get("mfa_process")
        or source_profile.get("mfa_process")
    )
    code = variable("AWSEXEC_MFA_TOKEN", environ)
    if arguments.mfa_token is not None:
        if mfa_code(arguments.mfa_token) is None:
            raise UsageError(f"--mfa-token: {NO_CODE}")
        code = Setting.from_option("mfa_token", arguments.mfa_token, "--mfa-token")
    return Asking(
        may_prompt=not arguments.no_prompt,
        code=code,
        process=process,
        device_code=arguments.device_code,
        browser=not arguments.no_browser,
        yes=arguments.yes,
    )
