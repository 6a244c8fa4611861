"""What somebody sees who waits for AWS."""

import time

import pytest

from tests.servers.web import Answer, WebServer
from tests.support import AWSEXEC, READER, READER_CONFIG


class _Silent(WebServer):
    """A server that accepts every request, and answers none."""

    delay = 60.0

    def respond(self, request):
        return Answer(503)


def test_sts_that_never_answers(terminal, home, run_awsexec):
    home.write_config(READER_CONFIG)
    with _Silent() as server:
        run_awsexec.environ |= {
            "AWS_ENDPOINT_URL_STS": server.url,
            "AWS_MAX_ATTEMPTS": "1",
        }
        begun = time.monotonic()
        person = terminal(f"{AWSEXEC} reader true")
        person.sees(
            f"awsexec: still waiting for AWS STS to answer for the role {READER}\r\n"
        )
        screen, status = person.ends()
        assert time.monotonic() - begun < 18
    assert status == 125
    assert screen.startswith(
        f"awsexec: cannot reach AWS STS at {server.url}: no answer in time"
    )


@pytest.mark.parametrize("words", ["reader", "--each reader --"])
def test_ctrl_c_while_sts_does_not_answer(terminal, home, run_awsexec, words):
    home.write_config(READER_CONFIG)
    with _Silent() as server:
        run_awsexec.environ["AWS_ENDPOINT_URL_STS"] = server.url
        person = terminal(f"trap : INT; {AWSEXEC} {words} true")
        person.sees("still waiting")
        person.interrupts()
        screen, status = person.ends()
    # a shell's prompt then begins on a line of its own
    assert screen.endswith("^C\rawsexec: interrupted\r\n") and status == 130
