"""The world of the documents, anew for each page."""

import pytest

from tests.docs import blocks
from tests.docs import world as worlds


@pytest.fixture
def sts(iam):
    """As on AWS, IAM knows the same users."""
    return iam


@pytest.fixture
def world(run_awsexec, home, sts, request):
    if not worlds.AWS.exists():
        pytest.skip("make test installs the AWS CLI")
    page = (
        request.node.callspec.params.get("page")
        if hasattr(request.node, "callspec")
        else None
    )
    if page is not None and "awsexec --add-keys" in blocks.read(page):
        request.getfixturevalue("keyring")
    with worlds.world(run_awsexec, home, sts) as found:
        yield found
