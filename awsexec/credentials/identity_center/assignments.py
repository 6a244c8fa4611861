"""The accounts and roles of the person who is signed in to IAM Identity Center.

The portal gives them in pages: ListAccounts, then ListAccountRoles for each account (AWS
IAM Identity Center Portal API reference). It answers TooManyRequestsException to those
who ask too fast; the SDK then asks again, later.
"""

from __future__ import annotations

import threading

from awsexec.credentials.checks import READING_ERRORS, source_error
from awsexec.credentials.identity_center.portal import Portal
from awsexec.credentials.identity_center.sign_in import SERVICE
from awsexec.credentials.parallel import in_parallel
from awsexec.credentials.sdk.errors import (
    NotSignedIn,
    Refused,
    UnexpectedResponse,
    Unreachable,
)
from awsexec.profiles.accounts import Account, is_account_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from awsexec.credentials.context import Context
    from awsexec.plan.source import Source

    Out = TypeVar("Out")

# how many accounts are asked for at the same time
AT_ONCE = 8
# what a page may hold, as the API says
PAGE = 100
# pages of one listing: far more than there can be, but an end
MOST_PAGES = 1_000
# the errors for an account that went away after it was listed
_GONE = ("ForbiddenException", "ResourceNotFoundException")


def list_accounts(
    source: Source, context: Context, progress: Callable[[int, int], None]
) -> list[Account]:
    """Return the accounts with the roles that the person has in them, by name.

    `source` is of a session, whose sign-in is noted in `context`. `progress` is told how
    many accounts of how many are done. Signs in if that is due. Raises
    `CredentialsError` and `Interrupted`.
    """
    portal = Portal(source, context)
    name = source.value("sso_session")
    try:
        return _Listing(portal).accounts(progress)
    except NotSignedIn:
        raise source_error(
            source,
            f"{SERVICE} does not accept the token of a sign-in just made; try again",
        ) from None
    except Refused as error:
        raise source_error(
            source,
            f"{SERVICE} did not list the accounts of {name}: {error.said}; try again",
        ) from None
    except Unreachable as error:
        raise portal.unreachable(error) from None


class _Listing:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._token = portal.token_after_sign_in(refused=None)
        self._renewing = threading.Lock()

    def accounts(self, progress: Callable[[int, int], None]) -> list[Account]:
        found = list(
            self._pages(
                "ListAccounts",
                lambda answer: [
                    (str(each["accountId"]), str(each.get("accountName") or ""))
                    for each in answer["accountList"]
                    if is_account_id(str(each["accountId"]))
                ],
            )
        )
        progress(0, len(found))
        accounts = in_parallel(self._account, found, AT_ONCE, progress)
        return sorted(
            (account for account in accounts if account.roles),
            key=lambda account: (account.name.casefold(), account.id),
        )

    def _account(self, listed: tuple[str, str]) -> Account:
        id, name = listed
        try:
            roles = self._pages(
                "ListAccountRoles",
                lambda answer: [str(each["roleName"]) for each in answer["roleList"]],
                accountId=id,
            )
            return Account(id, name, sorted(roles))
        except Refused as error:
            if error.code not in _GONE:
                raise
            return Account(id, name, ())

    def _pages(
        self,
        operation: str,
        read: Callable[[dict[str, Any]], list[Out]],
        **parameters: object,
    ) -> Iterator[Out]:
        """Yield what `read` finds in each page. Raises as `Portal.ask` does."""
        page: dict[str, object] = {"maxResults": PAGE}
        for _ in range(MOST_PAGES):
            answer = self._ask(operation, **parameters, **page)
            try:
                found = read(answer)
            except READING_ERRORS:
                raise UnexpectedResponse(self._portal.url) from None
            yield from found
            page["nextToken"] = answer.get("nextToken")
            if not page["nextToken"]:
                return

    def _ask(self, operation: str, **parameters: object) -> dict[str, Any]:
        """Ask once more, after a new sign-in, if the session ended in between."""
        token = self._token
        try:
            return self._portal.ask(operation, token, **parameters)
        except NotSignedIn:
            # one of the threads does it for all
            with self._renewing:
                if self._token == token:
                    self._token = self._portal.token_after_sign_in(refused=token)
            return self._portal.ask(operation, self._token, **parameters)
