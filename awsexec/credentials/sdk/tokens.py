"""The tokens of sign-ins, in the directories where the AWS CLI keeps them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

from botocore.utils import JSONFileCache

from awsexec.credentials.sources import failed
from awsexec.errors import CredentialsError, shown
from awsexec.plan.source_kinds import Source


class TokenCache(JSONFileCache):  # type: ignore[misc]
    """The files of `directory`, for `source`; `dumps` writes a value as JSON.

    What cannot be kept is a `CredentialsError`.
    """

    def __init__(
        self,
        source: Source,
        directory: str,
        dumps: Callable[[Any], str] | None = None,
    ) -> None:
        super().__init__(directory, dumps)
        self._source = source
        self._directory = directory

    def check(self) -> None:
        """Raise `CredentialsError` where a token that is yet to come could not be kept.

        A renewal ends the token that it is made with, and a sign-in takes the user.
        """
        try:
            os.makedirs(self._directory, exist_ok=True)
            # with a name, as the file will have one
            with tempfile.NamedTemporaryFile(dir=self._directory) as probe:
                # on a full disk there is room for an empty file
                probe.write(bytes(4096))
        except OSError as error:
            raise self._cannot(error) from None

    def __setitem__(self, key: str, value: Any) -> None:
        try:
            super().__setitem__(key, value)
        except OSError as error:
            raise self._cannot(error) from None

    def _cannot(self, error: OSError) -> CredentialsError:
        return failed(
            self._source,
            f"cannot write to {shown(self._directory)}: {error.strerror}; mend that, "
            "for the sign-in is kept there",
        )
