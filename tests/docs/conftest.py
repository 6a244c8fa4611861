"""The world of the documents, anew for each page."""

import pytest

from tests.docs import world as worlds


@pytest.fixture
def world(run_awsexec, home, sts):
    if not worlds.AWS.exists():
        pytest.skip("make test installs the AWS CLI")
    with worlds.world(run_awsexec, home, sts) as found:
        yield found
