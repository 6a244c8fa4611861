#!/bin/sh
# awsexec at work: each command as it is typed, and what it really prints.
#
# Run it with "make demo", which gives it awsexec, the AWS CLI and moto on PATH and an
# otherwise empty environment. It fails where anything is not as told here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
HOME=$scratch/home
export HOME

finish() {
    # the end of its input is what the fake AWS ends at
    exec 9>&-
    wait
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    printf '\ndemo: failed: %s\n' "$1" >&2
    exit 1
}

say() {
    echo
    printf '# %s\n' "$@"
}

# Run a command line in this very shell, and print both.
run() {
    printf '$ %s\n' "$1"
    status=0
    eval "$1" >"$scratch/output" 2>&1 9>&- || status=$?
    cat "$scratch/output"
}

# What the command just run must have ended with, and what it must have printed.
expect() {
    [ "$status" -eq "$1" ] || fail "exit status $status instead of $1"
    shift
    for text; do
        grep -qF -e "$text" "$scratch/output" || fail "'$text' is not in the output"
    done
}

mkdir -p "$HOME/.aws"
mkfifo "$scratch/alive"
python "$here/fake_aws.py" "$scratch" <"$scratch/alive" &
server=$!
exec 9>"$scratch/alive"
while [ ! -e "$scratch/ready" ]; do
    kill -0 "$server" || fail "the fake AWS did not start"
    sleep 0.2
done
read -r address key secret <"$scratch/ready"

cat >"$HOME/.aws/config" <<END
[profile alice]
region = us-east-1

[profile alice-sts]
role_arn = arn:aws:iam::123456789012:role/alice-sts
source_profile = alice
external_id = demo-1234
region = us-east-1
END
cat >"$HOME/.aws/credentials" <<END
[alice]
aws_access_key_id = $key
aws_secret_access_key = $secret
END

say "A fake AWS runs on this machine, with its access checks on. It knows alice, who" \
    "may do nothing but assume the role alice-sts; the role may use S3."
run "export AWS_ENDPOINT_URL=$address"
run 'cat ~/.aws/config'
run 'grep -v secret ~/.aws/credentials'

say "As alice."
run 'export AWS_PROFILE=alice'
run 'aws sts get-caller-identity'
expect 0 '"Arn": "arn:aws:iam::123456789012:user/alice"'
run 'aws s3 ls'
[ "$status" -ne 0 ] || fail "alice may list buckets"
expect "$status" AccessDenied

say "The same commands, as the role."
run 'awsexec alice-sts -- aws sts get-caller-identity'
expect 0 '"Arn": "arn:aws:sts::123456789012:assumed-role/alice-sts/'
run 'awsexec alice-sts -- aws s3 ls'
expect 0 alice-holiday-photos

say "The role asks for its external id."
run 'awsexec --external-id wrong-1234 alice-sts -- aws s3 ls'
expect 125 'awsexec: ' AccessDenied

say "The credentials are COMMAND's alone: this shell's environment is what it was."
run 'env | sort >~/before'
run "awsexec alice-sts -- env | sed -n 's/^\(AWS[^=]*\)=.*/\1/p' | sort"
expect 0 AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWSEXEC_PROFILE
! grep -qx AWS_PROFILE "$scratch/output" || fail "the command is given AWS_PROFILE"
run 'env | sort | diff ~/before - && echo unchanged'
expect 0 unchanged

say "The role may also stand in the credentials file, as [default], and alice's" \
    "session token may be there and empty."
cat >"$HOME/.aws/credentials" <<END
[default]
role_arn = arn:aws:iam::123456789012:role/alice-sts
source_profile = alice
external_id = demo-1234
role_session_name = from-default
region = us-east-1

[alice]
aws_access_key_id = $key
aws_secret_access_key = $secret
aws_session_token =
END
run 'grep -v secret ~/.aws/credentials'
run 'awsexec default -- aws sts get-caller-identity'
expect 0 '"Arn": "arn:aws:sts::123456789012:assumed-role/alice-sts/from-default"'
run 'awsexec default -- aws s3 ls'
expect 0 alice-holiday-photos

say "What outlives its session fetches credentials, and new ones, from an endpoint;" \
    "[default], a role of another name here, does not stand in its way."
run "awsexec --serve alice-sts -- sh -c 'aws sts get-caller-identity; env | grep URI'"
expect 0 '"Arn": "arn:aws:sts::123456789012:assumed-role/alice-sts/' \
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:
! grep -q from-default "$scratch/output" || fail "[default] stands in its way"
say "A program that reads the AWS config comes back to awsexec."
cat >"$HOME/.aws/config" <<END
[profile alice]
region = us-east-1

[profile plain]
credential_process = awsexec --export process alice-sts
region = us-east-1

[profile alice-sts]
role_arn = arn:aws:iam::123456789012:role/alice-sts
source_profile = alice
external_id = demo-1234
END
run 'aws s3 ls --profile plain'
expect 0 alice-holiday-photos

say "A further run is answered from the cache: it works with AWS switched off."
exec 9>&-
wait
run 'AWS_MAX_ATTEMPTS=1 aws sts get-caller-identity'
[ "$status" -ne 0 ] || fail "the fake AWS is still there"
run "awsexec alice-sts -- sh -c 'echo \$AWSEXEC_PROFILE until \$AWS_CREDENTIAL_EXPIRATION'"
expect 0 'alice-sts until 20'

printf '\ndemo: all as told\n'
