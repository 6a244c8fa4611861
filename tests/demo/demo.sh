#!/bin/sh
# awsexec at work: each command, and what it really prints.
#
# "make demo" runs this script, with awsexec, the AWS CLI and moto on PATH, in an
# environment that is otherwise empty. The script fails if a command does not do what is
# said here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
HOME=$scratch/home
export HOME

finish() {
    # the fake AWS ends at the end of its input
    exec 9>&-
    [ -z "$keyring" ] || kill $keyring
    wait
    rm -rf "$scratch"
}
keyring=
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

# Run a command line in this shell, and print it and its output.
run() {
    printf '$ %s\n' "$1"
    status=0
    eval "$1" >"$scratch/output" 2>&1 9>&- </dev/null || status=$?
    cat "$scratch/output"
}

# Fail unless the last command ended with the status $1 and printed the other arguments.
expect() {
    [ "$status" -eq "$1" ] || fail "exit status $status instead of $1"
    shift
    for text; do
        grep -qF -e "$text" "$scratch/output" || fail "'$text' is not in the output"
    done
}

# Start a keyring for the demo, on a D-Bus of its own; fail where Linux's are not installed.
start_keyring() {
    command -v dbus-daemon >/dev/null && command -v gnome-keyring-daemon >/dev/null ||
        return 1
    mkdir -m 700 "$scratch/keyring"
    DBUS_SESSION_BUS_ADDRESS=unix:path=$scratch/keyring/bus
    export DBUS_SESSION_BUS_ADDRESS
    dbus-daemon --session --nofork --address="$DBUS_SESSION_BUS_ADDRESS" \
        2>/dev/null 9>&- &
    keyring=$!
    until [ -e "$scratch/keyring/bus" ]; do
        kill -0 "$keyring" || fail "the D-Bus did not start"
        sleep 0.1
    done
    printf password | HOME=$scratch/keyring XDG_RUNTIME_DIR=$scratch/keyring \
        gnome-keyring-daemon --foreground --unlock --components=secrets \
        >/dev/null 2>&1 9>&- &
    keyring="$! $keyring"
}

echo "demo: starting the fake AWS"
mkdir -p "$HOME/.aws"
mkfifo "$scratch/alive"
python "$here/fake_aws.py" "$scratch" <"$scratch/alive" &
server=$!
exec 9>"$scratch/alive"
waited=0
while [ ! -e "$scratch/ready" ]; do
    kill -0 "$server" || fail "the fake AWS did not start"
    sleep 0.2
    waited=$((waited + 1))
    [ $((waited % 25)) -ne 0 ] || echo "demo: waiting for the fake AWS"
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
umask 077
cat >"$HOME/.aws/credentials" <<END
[alice]
aws_access_key_id = $key
aws_secret_access_key = $secret
END

say "A fake AWS runs on this machine and checks who may do what. It knows alice. She" \
    "may assume the role alice-sts, and nothing else. The role may use S3."
run "export AWS_ENDPOINT_URL=$address"
run 'cat ~/.aws/config'
run 'grep -v secret ~/.aws/credentials'

say "As alice:"
run 'export AWS_PROFILE=alice'
run 'aws sts get-caller-identity'
expect 0 '"Arn": "arn:aws:iam::123456789012:user/alice"'
run 'aws s3 ls'
[ "$status" -ne 0 ] || fail "alice may list buckets"
expect "$status" AccessDenied

# what the credentials file has of alice
keys="aws_access_key_id = $key
aws_secret_access_key = $secret
"
if start_keyring; then
    say "alice's key lies in a plain file, which every program of hers can read. awsexec" \
        "puts it into the keyring:"
    run 'awsexec --add-keys alice --yes'
    expect 0 'is in the keyring (Secret Service), as profile alice' 'delete these lines'
    say "She deletes the lines. From now on, no file has the key:"
    run "sed -i '2,3d' ~/.aws/credentials; cat ~/.aws/credentials"
    run 'grep -rlF "$secret" ~ || echo nowhere'
    expect 0 nowhere
    run 'awsexec --list'
    expect 0 keyring
    keys=
else
    echo "demo: no keyring is installed here (dbus-daemon and gnome-keyring-daemon), so"
    echo "demo: alice's key stays in the credentials file"
fi

say "The same commands as the role:"
run 'awsexec alice-sts -- aws sts get-caller-identity'
expect 0 '"Arn": "arn:aws:sts::123456789012:assumed-role/alice-sts/'
run 'awsexec alice-sts -- aws s3 ls'
expect 0 alice-holiday-photos

say "The role's trust policy asks for an external id. A wrong id is refused:"
run 'awsexec --external-id wrong-1234 alice-sts -- aws s3 ls'
expect 125 'awsexec: ' AccessDenied

say "Only the command gets the credentials. This shell's environment is unchanged:"
run 'env | sort >~/before'
run "awsexec alice-sts -- env | sed -n 's/^\(AWS[^=]*\)=.*/\1/p' | sort"
expect 0 AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWSEXEC_PROFILE
! grep -qx AWS_PROFILE "$scratch/output" || fail "the command is given AWS_PROFILE"
run 'env | sort | diff ~/before - && echo unchanged'
expect 0 unchanged

say "The role can also be [default] in the credentials file. A setting without a" \
    "value, such as alice's aws_session_token, counts as not set:"
umask 077
cat >"$HOME/.aws/credentials" <<END
[default]
role_arn = arn:aws:iam::123456789012:role/alice-sts
source_profile = alice
external_id = demo-1234
role_session_name = from-default
region = us-east-1

[alice]
${keys}aws_session_token =
END
run 'grep -v secret ~/.aws/credentials'
run 'awsexec default -- aws sts get-caller-identity'
expect 0 '"Arn": "arn:aws:sts::123456789012:assumed-role/alice-sts/from-default"'
run 'awsexec default -- aws s3 ls'
expect 0 alice-holiday-photos

say "With --serve, a command that runs longer than its session fetches credentials" \
    "from an endpoint, and new ones in time. [default] does not get in the way:"
run "awsexec --serve alice-sts -- sh -c 'aws sts get-caller-identity; env | grep URI'"
expect 0 '"Arn": "arn:aws:sts::123456789012:assumed-role/alice-sts/' \
    AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:
! grep -q from-default "$scratch/output" || fail "[default] gets in the way"

say "A program that reads the AWS config asks awsexec:"
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

say "Another run uses the cached session. It works even when AWS is switched off:"
exec 9>&-
wait "$server"
run 'AWS_MAX_ATTEMPTS=1 aws sts get-caller-identity'
[ "$status" -ne 0 ] || fail "the fake AWS is still there"
run "awsexec alice-sts -- sh -c 'echo \$AWSEXEC_PROFILE until \$AWS_CREDENTIAL_EXPIRATION'"
expect 0 'alice-sts until 20'

printf '\ndemo: everything worked as described\n'
