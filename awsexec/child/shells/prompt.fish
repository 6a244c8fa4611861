# Makes the prompt of fish show the role and the time left, in every shell where
# AWSEXEC_PROFILE is set. The shell with a role and --init read this file.

# Print the seconds since the epoch for a time like 2026-01-31T23:59:59Z. Fail for other
# text. The options of date differ between systems, so this is done by hand. Years begin
# in March here, so that the leap day is the last day.
function __awsexec_epoch
    set -l part (string match -r '^(\d{4})-0?(\d+)-0?(\d+)T0?(\d+):0?(\d+):0?(\d+)Z$' -- "$argv[1]")
    or return
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
    if test -z "$AWSEXEC_PROFILE" -o "$AWSEXEC_PROMPT" = 0
        return
    end
    # without characters that a terminal acts on, or that change the order of others
    set -l visible (string replace -ra '[\x00-\x1f\x7f-\x9f\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]' '?' -- $AWSEXEC_PROFILE)
    set -l label $visible
    switch "$AWSEXEC_LIMITS"
        case ''
        case arn:aws:iam::aws:policy/ReadOnlyAccess
            set label "$label read-only"
        case '*'
            set label "$label limited"
    end
    set -l color
    set -l expires (__awsexec_epoch $AWS_CREDENTIAL_EXPIRATION)
    if test -n "$expires"
        set -l issued (__awsexec_epoch $AWSEXEC_ISSUED)
        or set issued $expires
        set -l left (math $expires - (command date +%s))
        set -l word
        if test $left -le 0
            set word expired
            set color red
        else if test $left -lt 60
            set word '<1m'
        else if test $left -lt 3600
            set word (math "floor($left / 60)")m
        else
            set word (math "floor($left / 3600)")h(printf %02d (math "floor($left % 3600 / 60)"))m
        end
        if test $left -gt 0 -a (math "$left * 4") -le (math "$expires - $issued")
            set color yellow
        end
        set label "$label $word"
        if test -n "$color" -a "$__awsexec_told" != "$color $expires"
            set -g __awsexec_told "$color $expires"
            if test $color = red
                set word 'have expired'
            else
                set word "expire in $word"
            end
            if test "$visible" = "$AWSEXEC_PROFILE"
                set -l name (string escape -- $AWSEXEC_PROFILE)
                printf 'awsexec: the credentials of %s %s; to get new ones: awsexec --export fish %s | source\n' \
                    $name $word $name >&2
            else
                # nobody could copy the command of a name that is not shown as it is
                printf 'awsexec: the credentials of %s %s\n' $visible $word >&2
            end
        end
    end
    if test -n "$color" -a -z "$NO_COLOR"
        set_color $color
    else
        set color
    end
    printf '(%s)' $label
    if test -n "$color"
        set_color normal
    end
    printf ' '
end

function __awsexec_status
    return $argv[1]
end

# Before each prompt, because a theme that came later may have made another fish_prompt.
function __awsexec_show --on-event fish_prompt
    # the file in which it was defined tells whose it is
    if test "$(functions --details fish_prompt)" = "$__awsexec_wrap"
        return
    end
    functions -q __awsexec_user_prompt; and functions -e __awsexec_user_prompt
    functions -c fish_prompt __awsexec_user_prompt
    source $__awsexec_wrap
end

set -g __awsexec_wrap (status dirname)/wrap.fish
