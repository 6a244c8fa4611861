# fish reads this file after the user's own files (--init-command). It sets the role that
# this fish was started with, and makes the prompt show the role and the time left.

# The user's files may select another role, so set the variables in AWSEXEC_STARTED_WITH
# again. The user's universal variables are not changed: a global variable that is not
# exported hides each of them.
function __awsexec_restore
    set -l taken AWS_ACCESS_KEY AWS_ACCOUNT_ID AWS_CREDENTIAL_FILE \
        AWS_DEFAULT_PROFILE AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME \
        AWS_SECRET_KEY AWS_SECURITY_TOKEN AWS_SESSION_EXPIRATION AWS_SESSION_TOKEN \
        AWS_CREDENTIAL_EXPIRATION AWSEXEC_ISSUED AWSEXEC_ACCOUNT AWSEXEC_CONFIRMED \
        AWS_WEB_IDENTITY_TOKEN_FILE \
        (set --names | string match 'AWS_CONTAINER_*')
    if string match -q '*AWS_CONTAINER_CREDENTIALS_FULL_URI=*' -- "$AWSEXEC_STARTED_WITH"
        # SDKs look for keys before they ask the endpoint
        set -a taken AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    end
    for name in $taken
        set -eg $name
        if set -q $name
            set -gu $name
        end
    end
    for line in (string split \n -- $AWSEXEC_STARTED_WITH)
        set -l pair (string split -m 1 = -- $line)
        set -gx $pair[1] $pair[2]
    end
    set -eg AWSEXEC_STARTED_WITH
end

__awsexec_restore
functions -e __awsexec_restore
if status is-interactive; and test "$AWSEXEC_PROMPT" != 0
    source (status dirname)/prompt.fish
    __awsexec_show
end
