"""A fake AWS on this machine: alice, the role alice-sts, and a bucket.

    fake_aws.py DIRECTORY

It writes its address, and alice's access key and secret key, to the file
DIRECTORY/ready. It serves until its standard input ends, so it ends with the process
that holds the other end of that pipe, however that process ends.
"""

import datetime
import json
import logging
import os
import sys
import urllib.request

import boto3
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

# moto's own account
ACCOUNT = "123456789012"
REGION = "us-east-1"
BUCKET = "alice-holiday-photos"
CREATED = datetime.datetime(2026, 11, 24, 2, 27, 57, tzinfo=datetime.timezone.utc)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/alice-sts"


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # port 0: any port that is free
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    key, secret = set_up(address)
    # from now on, IAM policies decide what a caller may do, as on AWS
    switch = urllib.request.Request(
        f"{address}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(switch).close()

    ready = os.path.join(sys.argv[1], "ready")
    with open(f"{ready}.new", "w", encoding="ascii") as stream:
        stream.write(f"{address} {key} {secret}\n")
    os.rename(f"{ready}.new", ready)
    sys.stdin.read()
    server.stop()


def set_up(address: str) -> tuple[str, str]:
    """Make alice, the role and the bucket. Return alice's key id and secret key."""
    administrator = boto3.Session("AKIAIOSFODNN7EXAMPLE", "any", region_name=REGION)
    iam = administrator.client("iam", endpoint_url=address)
    iam.create_user(UserName="alice")
    iam.put_user_policy(
        UserName="alice",
        PolicyName="become-alice-sts",
        PolicyDocument=policy(Action="sts:AssumeRole", Resource=ROLE),
    )
    iam.create_role(
        RoleName="alice-sts",
        AssumeRolePolicyDocument=policy(
            Action="sts:AssumeRole",
            Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"},
            Condition={"StringEquals": {"sts:ExternalId": "demo-1234"}},
        ),
    )
    iam.put_role_policy(
        RoleName="alice-sts",
        PolicyName="use-s3",
        PolicyDocument=policy(Action="s3:*", Resource="*"),
    )
    s3 = administrator.client("s3", endpoint_url=address)
    s3.create_bucket(Bucket=BUCKET)
    # as in the README, and the same in each picture of a session
    bucket = s3_backends[ACCOUNT]["aws"].buckets[BUCKET]
    bucket.creation_date = CREATED
    made = iam.create_access_key(UserName="alice")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def policy(**statement: object) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}}
    )


if __name__ == "__main__":
    main()
