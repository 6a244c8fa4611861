"""What the endpoint gives: credentials renewed in time, if need be with the user's help."""

from __future__ import annotations

import shlex
import threading
import time

from awsexec import terminal
from awsexec.cache.store import store_for
from awsexec.credentials.get import load_all, resolver_for
from awsexec.credentials.mfa import Codes
from awsexec.errors import AwsexecError, NeedsUser, NoCode
from awsexec.profiles.files import Setting
from awsexec.serve import question
from awsexec.serve.renewal import ASK_EVERY, Held, NotAsked, Renewal, fresh
from awsexec.times import iso8601, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from awsexec.credentials.credentials import Credentials
    from awsexec.credentials.resolver import Demand, Resolver
    from awsexec.plan.inputs import Inputs
    from awsexec.plan.plan import Plan
    from awsexec.report import Report

# seconds for which credentials that do not expire are said to be good
CLAIMED_LIFE = 3600
# seconds after which to load what renewals need: a COMMAND that ends sooner needs none
LOAD_AFTER = 3.0
# seconds to wait for the user's answer while COMMAND uses the terminal
ANSWER_WAIT = 60.0
# seconds for which credentials are given that only their source's next answer can check
UNCHECKED = 1.0


class RenewedSupply:
    """Gives the credentials of `plan`, from `start` on renewed in a thread."""

    def __init__(
        self,
        plan: Plan,
        credentials: Credentials,
        inputs: Inputs,
        environ: Mapping[str, str],
        report: Report,
    ) -> None:
        self._plan = plan
        self._environ = environ
        self._report = report
        self._store = store_for(environ, report) if plan.uses_cache else None
        # when the user was told why awsexec does not ask, on the monotonic clock
        self._said = float("-inf")
        self.renewal = Renewal(
            self._held(credentials, inputs),
            # a new one each time: what was forgotten before a renewal does not matter to it
            lambda demand: self._get(self._resolver(may_prompt=False), demand),
            self._ask if plan.asking.may_prompt else None,
            time.time,
        )

    def start(self) -> None:
        """Renew the credentials from now on."""
        threading.Thread(target=self.renewal.run, daemon=True).start()
        loading = threading.Timer(LOAD_AFTER, self._load)
        loading.daemon = True
        loading.start()

    def _load(self) -> None:
        """Load what a renewal needs, while it is there: an upgrade may delete it."""
        try:
            self._plan = load_all(self._plan)
        except Exception as error:
            # a renewal will say so, if this prevents it
            self._report.debug(f"cannot load what renewals need: {error!r}")

    def current(self) -> dict[str, str] | None:
        """Return what a request is answered with (`credentials_server.Supply`)."""
        found = self.renewal.current()
        if found is None:
            return None
        return {
            "AccessKeyId": found.key_id,
            "SecretAccessKey": found.secret,
            # the SDK for JavaScript requires a string, "" if there is no token
            "Token": found.token or "",
            "Expiration": iso8601(found.expires or int(time.time()) + CLAIMED_LIFE),
        }

    def why_not(self) -> str:
        """Return why there are no credentials and what to do, for SDKs to show."""
        name, fault = self._plan.name, self.renewal.fault
        if isinstance(fault, NeedsUser):
            why = f"new ones need {fault.what}"
        else:
            why = str(fault or "awsexec is still getting new ones")
        return (
            f"awsexec: the credentials of {name} have expired: {why}; {self._advice()}"
        )

    def _advice(self) -> str:
        if self._plan.by_name and self._plan.uses_cache:
            return f"run in a terminal: awsexec {shlex.quote(self._plan.name)} true"
        return "start the command again"

    def _resolver(self, *, may_prompt: bool, code: str | None = None) -> Resolver:
        given = None
        if code is not None:
            given = Setting.outside("mfa_token", code, "the terminal")
        asking = self._plan.asking.again(may_prompt=may_prompt, code=given)
        return resolver_for(
            self._plan.but(asking=asking),
            self._environ,
            self._store,
            self._report,
            lambda text: question.ask(text, ANSWER_WAIT),
        )

    def _get(self, resolver: Resolver, demand: Demand) -> Held:
        found = resolver.credentials(demand)
        return self._held(found, resolver.inputs)

    def _held(self, credentials: Credentials, inputs: Inputs) -> Held:
        """Return `credentials` with what `inputs`, which decided, say of them later."""
        if self._plan.chain.source.tells_itself:
            moment = _moment()
            return Held(
                credentials,
                lambda: all(
                    abs(now - then) < UNCHECKED
                    for now, then in zip(_moment(), moment, strict=True)
                ),
            )
        identity = inputs.identity
        return Held(credentials, lambda: self._plan.look().identity == identity)

    def _fresh(self, resolver: Resolver) -> Held:
        return fresh(lambda demand: self._get(resolver, demand), time.time)

    def _ask(self, fault: AwsexecError) -> Held:
        """Return new credentials with the help of the user, who runs COMMAND.

        Raises `fault` if the user cannot help, and `NotAsked` if that may change.
        """
        kind = self._plan.chain.source.kind
        if not isinstance(fault, NeedsUser) and not kind.runs_command:
            raise fault
        try:
            with question.Foreground():
                if isinstance(fault, NoCode):
                    return self._with_code(fault)
                terminal.show(f"\n{self._time_left()}\n")
                return self._fresh(self._resolver(may_prompt=True))
        except terminal.NoTerminal:
            raise fault from None
        except question.InUse as error:
            if error.is_read and isinstance(fault, NeedsUser):
                self._say_why_not_asked(fault)
            raise NotAsked from None

    def _with_code(self, fault: NoCode) -> Held:
        """Return new credentials with a code.

        The code is asked for before any lock is taken, so no other awsexec waits for the
        user.
        """
        return Codes(None, None, self._question).first_accepted(
            fault.profile,
            fault.serial,
            lambda code: self._fresh(self._resolver(may_prompt=False, code=code)),
        )

    def _question(self, text: str) -> str:
        """Ask while COMMAND uses the terminal, where it may have written half a line."""
        return question.ask(f"\n{self._time_left()}\n{text}", ANSWER_WAIT)

    def _say_why_not_asked(self, fault: NeedsUser) -> None:
        """Tell the user, now and then, why awsexec does not ask."""
        now = time.monotonic()
        if now - self._said < ASK_EVERY:
            return
        self._said = now
        try:
            terminal.show(
                f"\n{self._time_left()}; new ones need {fault.what}, and awsexec cannot "
                f"ask while COMMAND reads from the terminal; {self._advice()}\n"
            )
        except terminal.NoTerminal:
            pass

    def _time_left(self) -> str:
        expires = self.renewal.held.credentials.expires
        seconds = expires - time.time() if expires else 0
        return f"awsexec: the credentials of {self._plan.name} have {left(seconds)}"


def _moment() -> tuple[float, float]:
    """Return the time by the clock, which may be set, and by one that sleep stops."""
    return time.time(), time.monotonic()
