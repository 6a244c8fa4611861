# Completions of awsexec for fish 3 or newer.

# The words before the cursor, from `awsexec` on: a variable's assignment or a keyword
# like `time` may stand before that.
function __awsexec_words
    set -l words (commandline -opc)
    while set -q words[2]; and not string match -qr '(^|/)awsexec$' -- $words[1]
        set -e words[1]
    end
    string join \n -- $words
end

# What is at the cursor: `option` (or the value of one), `profile` (or an option),
# `command`, followed by the number of its first word.
function __awsexec_place
    set -l words (__awsexec_words)
    set -l count (count $words)
    set -l profile
    set -l action
    set -l i 2
    while test $i -le $count
        switch $words[$i]
            case --
                echo command (math $i + 1)
                return
            case --completion --destination --duration --export --external-id \
                --mfa-serial --mfa-token --min-ttl --policy --policy-arn --region \
                --role-arn --service --session-name --session-tag --shell \
                --source-identity --source-profile --transitive-tag
                if test $i -eq $count
                    echo option
                    return
                end
                switch $words[$i]
                    case --export
                        set action any
                    case --completion
                        set action alone
                end
                set i (math $i + 1)
            case --console '--export=*' --explain --forget --list --whoami
                set action any
            case '--completion=*' --profiles --unset --version --help -h
                set action alone
            case -
                # no option: a word like the others
                if test -n "$profile"
                    echo command $i
                    return
                end
                set profile given
            case '-*'
            case '*'
                if test -n "$profile"
                    echo command $i
                    return
                end
                set profile given
        end
        set i (math $i + 1)
    end
    if test -z "$profile" -a "$action" != alone
        echo profile
    else if test -n "$action"; or string match -q -- '-*' (commandline -ct)
        echo option
    else
        echo command $i
    end
end

function __awsexec_at --argument-names wanted
    set -l place (__awsexec_place | string split ' ')
    test $place[1] = $wanted; or test $place[1] = profile -a $wanted = option
end

# NAME, a tab and its role and region; one a line.
function __awsexec_profiles
    set -l words (__awsexec_words)
    set -l program awsexec
    # the program that the line is about need not be the one on the PATH
    if string match -q '*/*' -- $words[1]
        set program $words[1]
        if string match -q '~/*' -- $program
            set program $HOME(string sub -s 2 -- $program)
        end
    end
    command $program --profiles 2>/dev/null
end

# What the command has for completion, as after sudo and env.
function __awsexec_command
    set -l words (__awsexec_words)
    set -l first (__awsexec_place | string split ' ')[2]
    set -l before
    if test $first -le (count $words)
        set before (string escape -- $words[$first..-1])
    end
    set -l current (commandline -ct)
    if set -q before[1]
        complete -C "$before $current"
    else
        complete -C "$current"
    end
end

function __awsexec_regions
    printf '%s\t%s\n' \
        af-south-1 'Cape Town' \
        ap-east-1 'Hong Kong' \
        ap-east-2 'Taipei' \
        ap-northeast-1 'Tokyo' \
        ap-northeast-2 'Seoul' \
        ap-northeast-3 'Osaka' \
        ap-south-1 'Mumbai' \
        ap-south-2 'Hyderabad' \
        ap-southeast-1 'Singapore' \
        ap-southeast-2 'Sydney' \
        ap-southeast-3 'Jakarta' \
        ap-southeast-4 'Melbourne' \
        ap-southeast-5 'Malaysia' \
        ap-southeast-6 'New Zealand' \
        ap-southeast-7 'Thailand' \
        ca-central-1 'Canada' \
        ca-west-1 'Calgary' \
        cn-north-1 'China, Beijing' \
        cn-northwest-1 'China, Ningxia' \
        eu-central-1 'Frankfurt' \
        eu-central-2 'Zurich' \
        eu-north-1 'Stockholm' \
        eu-south-1 'Milan' \
        eu-south-2 'Spain' \
        eu-west-1 'Ireland' \
        eu-west-2 'London' \
        eu-west-3 'Paris' \
        eusc-de-east-1 'European Sovereign Cloud, Germany' \
        il-central-1 'Tel Aviv' \
        me-central-1 'UAE' \
        me-south-1 'Bahrain' \
        me-west-1 'Saudi Arabia' \
        mx-central-1 'Mexico' \
        sa-east-1 'São Paulo' \
        sa-west-1 'Chile' \
        us-east-1 'N. Virginia' \
        us-east-2 'Ohio' \
        us-gov-east-1 'GovCloud, US-East' \
        us-gov-west-1 'GovCloud, US-West' \
        us-west-1 'N. California' \
        us-west-2 'Oregon'
end

function __awsexec_shells
    string match '/*' </etc/shells
end

complete -c awsexec -f
complete -c awsexec -n '__awsexec_at profile' -a '(__awsexec_profiles)'
complete -c awsexec -n '__awsexec_at command' -a '(__awsexec_command)'
complete -c awsexec -n '__awsexec_at option' -l role-arn -x -d 'assume this role'
complete -c awsexec -n '__awsexec_at option' -l source-profile -x -a '(__awsexec_profiles)' -d 'with the credentials of this profile'
complete -c awsexec -n '__awsexec_at option' -l external-id -x -d 'the id its trust policy asks for'
complete -c awsexec -n '__awsexec_at option' -l session-name -x -a '\{user\} \{host\} \{profile\}' -d 'role session name; takes {user} {host} {profile}'
complete -c awsexec -n '__awsexec_at option' -l source-identity -x -d 'who is behind the session, for good'
complete -c awsexec -n '__awsexec_at option' -l session-tag -x -d 'tag the session; may be repeated'
complete -c awsexec -n '__awsexec_at option' -l transitive-tag -x -d 'keep this tag in a chain; may be repeated'
complete -c awsexec -n '__awsexec_at option' -l policy -rF -d 'no more than this policy (JSON) allows'
complete -c awsexec -n '__awsexec_at option' -l policy-arn -x -d 'no more than this one; may be repeated'
complete -c awsexec -n '__awsexec_at option' -l read-only -d "no more than AWS's ReadOnlyAccess"
complete -c awsexec -n '__awsexec_at option' -l duration -x -a '15m 1h 2h 4h 8h 12h' -d 'life of the session: seconds, or 15m, 8h'
complete -c awsexec -n '__awsexec_at option' -l region -x -a '(__awsexec_regions)' -d 'region for AWS STS and COMMAND'
complete -c awsexec -n '__awsexec_at option' -l serve -d 'serve it credentials, renewed while it runs'
complete -c awsexec -n '__awsexec_at option' -l shell -rF -a '(__awsexec_shells)' -d 'this one, instead of $SHELL'
complete -c awsexec -n '__awsexec_at option' -l login -d 'as a login shell'
complete -c awsexec -n '__awsexec_at option' -l mfa-serial -x -d 'the MFA device'
complete -c awsexec -n '__awsexec_at option' -l mfa-token -x -d 'its code, instead of asking'
complete -c awsexec -n '__awsexec_at option' -l no-prompt -d 'fail rather than ask for anything'
complete -c awsexec -n '__awsexec_at option' -l device-code -d 'with a code to type in any browser, also elsewhere'
complete -c awsexec -n '__awsexec_at option' -l no-browser -d 'show the URL, open no browser'
complete -c awsexec -n '__awsexec_at option' -l service -x -a 'cloudformation cloudtrail cloudwatch dynamodb ec2 ecr ecs eks iam kms lambda rds route53 s3 secretsmanager sns sqs ssm stepfunctions vpc' -d 'the page of this service'
complete -c awsexec -n '__awsexec_at option' -l destination -x -d 'this page; or its path'
complete -c awsexec -n '__awsexec_at option' -l logout -d 'sign the browser out before'
complete -c awsexec -n '__awsexec_at option' -l min-ttl -x -a '5m 15m 30m 1h' -d 'life the credentials must have left, else renew them'
complete -c awsexec -n '__awsexec_at option' -l refresh -d 'renew the session now'
complete -c awsexec -n '__awsexec_at option' -l no-cache -d 'neither read nor write the cache'
complete -c awsexec -n '__awsexec_at option' -s q -l quiet -d 'say nothing but errors'
complete -c awsexec -n '__awsexec_at option' -s v -l verbose -d 'say what is done'
complete -c awsexec -n '__awsexec_at option' -l debug -d 'say how, each request; secrets cut'
complete -c awsexec -n '__awsexec_at option' -l export -x -a 'process sh fish powershell cmd dotenv json' -d 'print the credentials, for a shell or a program'
complete -c awsexec -n '__awsexec_at option' -l unset -d 'with --export: what takes them away again'
complete -c awsexec -n '__awsexec_at option' -l console -d 'open the AWS console as PROFILE'
complete -c awsexec -n '__awsexec_at option' -l list -d 'list the profiles (whose names fit PROFILE)'
complete -c awsexec -n '__awsexec_at option' -l explain -d 'show what PROFILE stands for, and why'
complete -c awsexec -n '__awsexec_at option' -l whoami -d 'ask AWS who PROFILE is'
complete -c awsexec -n '__awsexec_at option' -l json -d 'these three as JSON, for programs'
complete -c awsexec -n '__awsexec_at option' -l completion -x -a 'bash zsh fish' -d 'print the completions for bash, zsh or fish'
complete -c awsexec -n '__awsexec_at option' -l profiles -d 'print the profiles, for completions'
complete -c awsexec -n '__awsexec_at option' -l forget -d 'delete what is cached (of PROFILE)'
complete -c awsexec -n '__awsexec_at option' -s h -l help -d 'show this help'
complete -c awsexec -n '__awsexec_at option' -l version -d 'show the version'
