"""Whether the awsexec of this Python is installed and works: no more than that."""

import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

ANSWER = b"""\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <Credentials>
      <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>
      <SessionToken>smoke</SessionToken>
      <Expiration>2099-01-01T00:00:00Z</Expiration>
    </Credentials>
  </AssumeRoleResult>
</AssumeRoleResponse>
"""
CREDENTIALS = """\
[user]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY

[role]
role_arn = arn:aws:iam::123456789012:role/smoke
source_profile = user
"""


class Sts(BaseHTTPRequestHandler):
    """Gives everybody the same credentials."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *args: object) -> None:
        pass


def main() -> None:
    # port 0: whichever is free
    server = HTTPServer(("127.0.0.1", 0), Sts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script = os.path.join(os.path.dirname(sys.executable), "awsexec")
    with tempfile.TemporaryDirectory() as home:
        credentials = os.path.join(home, "credentials")
        with open(credentials, "w", encoding="ascii") as stream:
            stream.write(CREDENTIALS)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "AWS_SHARED_CREDENTIALS_FILE": credentials,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        }

        def output(*command: str) -> str:
            # from elsewhere: it is to be the installed awsexec, not the one here
            return subprocess.check_output(command, env=environ, cwd=home, text=True)

        print(output(script, "--version").strip(), "on Python", sys.version.split()[0])
        assert output(sys.executable, "-m", "awsexec", "--help").startswith("Usage:")
        printed = output(script, "role", "--", "sh", "-c", "echo $AWS_SESSION_TOKEN")
        assert printed == "smoke\n", printed


if __name__ == "__main__":
    main()
