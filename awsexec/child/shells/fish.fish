# Read by an interactive fish after the user's own files (--init-command): the prompt
# that shows the role and the time left.

# What those files select is not what this shell was started for. A universal variable
# is the user's to keep: a global one that is not exported hides it.
for name in AWS_ACCESS_KEY AWS_ACCOUNT_ID AWS_CREDENTIAL_FILE AWS_DEFAULT_PROFILE \
        AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SECRET_KEY \
        AWS_SECURITY_TOKEN AWS_SESSION_EXPIRATION AWS_WEB_IDENTITY_TOKEN_FILE
    set -eg $name
    if set -q $name
        set -gu $name
    end
end

# Prints seconds since the epoch for 2026-01-31T23:59:59Z: date's options differ
# between systems. The days are counted from March, so that February's length matters
# to nothing.
function __awsexec_epoch
    set -l part (string match -r '^(\d+)-0?(\d+)-0?(\d+)T0?(\d+):0?(\d+):0?(\d+)Z' -- $argv[1])
    set -l year $part[2]
    set -l month $part[3]
    if test $month -le 2
        set year (math $year - 1)
        set month (math $month + 12)
    end
    math "(365 * $year + floor($year / 4) - floor($year / 100) + floor($year / 400) \
        + floor((153 * ($month - 3) + 2) / 5) + $part[4] - 719469) * 86400 \
        + $part[5] * 3600 + $part[6] * 60 + $part[7]"
end

function __awsexec_prompt
    set -l label $AWSEXEC_PROFILE
    set -l color
    if set -q AWS_CREDENTIAL_EXPIRATION
        set -l expires (__awsexec_epoch $AWS_CREDENTIAL_EXPIRATION)
        set -l issued $expires
        if set -q AWSEXEC_ISSUED
            set issued (__awsexec_epoch $AWSEXEC_ISSUED)
        end
        set -l left (math $expires - (date +%s))
        set -l word
        if test $left -le 0
            set word expired
            set color red
        else if test $left -lt 60
            set word '<1m'
        else if test $left -lt 3600
            set word (math "floor($left / 60)")m
        else
            set word (math "floor($left / 3600)")h(string pad -w 2 -c 0 (math "floor($left % 3600 / 60)"))m
        end
        if test $left -gt 0 -a (math "$left * 4") -le (math "$expires - $issued")
            set color yellow
        end
        set label "$label $word"
        if test -n "$color" -a "$__awsexec_told" != "$color$AWS_CREDENTIAL_EXPIRATION"
            set -g __awsexec_told $color$AWS_CREDENTIAL_EXPIRATION
            if test $color = red
                set word 'have expired'
            else
                set word "expire in $word"
            end
            printf 'awsexec: the credentials of %s %s; for fresh ones: awsexec --export fish %s | source\n' \
                $AWSEXEC_PROFILE $word (string escape -- $AWSEXEC_PROFILE) >&2
        end
    end
    if test -n "$color"; and not set -q NO_COLOR
        set_color $color
    end
    printf '(%s)' $label
    set_color normal
    printf ' '
end

function __awsexec_status
    return $argv[1]
end

if test "$AWSEXEC_PROMPT" != 0
    functions -c fish_prompt __awsexec_user_prompt
    function fish_prompt
        set -l last $status
        __awsexec_prompt
        # the user's prompt may show how the last command ended
        __awsexec_status $last
        __awsexec_user_prompt
    end
end
