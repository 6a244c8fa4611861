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

# What is at the cursor: `option` (or the value of one), `profile` or `file` (or an
# option), `command`, followed by the number of its first word.
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
            case -
                # no option: a word like the others
                if test -n "$profile"
                    echo command $i
                    return
                end
                set profile given
            case '-*'
                set -l flag (string split -m 1 -- = $words[$i])[1]
                if contains -- $flag $__awsexec_alone
                    set action alone
                else if contains -- $flag $__awsexec_files
                    set action file
                else if test -z "$action"; and contains -- $flag $__awsexec_actions
                    # --unset may stand before --export
                    set action any
                end
                if contains -- $words[$i] $__awsexec_valued
                    if test $i -eq $count
                        echo option
                        return
                    end
                    set i (math $i + 1)
                end
            case '*'
                if test -n "$profile"
                    echo command $i
                    return
                end
                set profile given
        end
        set i (math $i + 1)
    end
    if test -z "$profile" -a "$action" = file
        echo file
    else if test -z "$profile" -a "$action" != alone
        echo profile
    else if test -n "$action"; or string match -q -- '-*' (commandline -ct)
        echo option
    else
        echo command $i
    end
end

function __awsexec_at --argument-names wanted
    set -l place (__awsexec_place | string split ' ')
    test $place[1] = $wanted; or begin
        # an option may stand there too
        contains $place[1] profile file; and test $wanted = option
    end
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
    # what is typed of the name: unquoted, and without the option before it
    set -l typed (commandline -ct | string replace -r '^--[a-z-]+=' '')
    set typed (string unescape -- $typed; or string trim -l -c '\'"' -- $typed)
    if test -n "$typed"
        command $program --profiles $typed 2>/dev/null
    else
        command $program --profiles 2>/dev/null
    end
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

function __awsexec_shells
    string match '/*' </etc/shells
end

complete -c awsexec -f
complete -c awsexec -n '__awsexec_at profile' -a '(__awsexec_profiles)'
complete -c awsexec -n '__awsexec_at file' -F
complete -c awsexec -n '__awsexec_at command' -a '(__awsexec_command)'

# --- Written by `make completions` from awsexec/options; edit it there. ---
# the options that take their value from the next word
set -g __awsexec_valued \
    --export --each --init --function --name --except --regions --jobs --shell \
    --region --role-arn --source-profile --duration --policy --policy-arn \
    --external-id --session-name --source-identity --session-tag --transitive-tag \
    --expect-account --mfa-serial --mfa-token --min-ttl --service --destination \
    --completion
# the actions that take a PROFILE, those that take a FILE, and the options that
# take no word at all
set -g __awsexec_actions \
    --list --explain --whoami --export --console --forget --doctor --log --accounts \
    --print-profiles --sign-in --sign-out --add-keys --remove-keys --rotate-keys \
    --profiles
set -g __awsexec_files \
    --trust --untrust
set -g __awsexec_alone \
    --unset --each --init --all -h --help --version --completion

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

complete -c awsexec -n '__awsexec_at option' -l list -d 'list the profiles, or those that match PATTERN'
complete -c awsexec -n '__awsexec_at option' -l explain -d 'show what a run of PROFILE would do, and why'
complete -c awsexec -n '__awsexec_at option' -l whoami -d 'ask AWS which identity PROFILE has'
complete -c awsexec -n '__awsexec_at option' -l json -d 'print JSON, with actions that show something'
complete -c awsexec -n '__awsexec_at option' -l export -x -a 'process sh fish powershell cmd dotenv json' -d 'print PROFILE\'s credentials for a shell or program'
complete -c awsexec -n '__awsexec_at option' -l unset -d 'with --export: print the commands that unset the variables'
complete -c awsexec -n '__awsexec_at option' -l console -d 'open the AWS console in the browser as PROFILE'
complete -c awsexec -n '__awsexec_at option' -l each -x -a '(__awsexec_profiles)' -d 'run COMMAND for many profiles (may be repeated)'
complete -c awsexec -n '__awsexec_at option' -l init -x -a 'bash zsh fish' -d 'print the start-up line for bash, zsh or fish: prompt, TAB, function'
complete -c awsexec -n '__awsexec_at option' -l function -x -d 'with --init: the function\'s name (default: assume), \'\' for no function'
complete -c awsexec -n '__awsexec_at option' -l forget -d 'delete cached sessions of PROFILE (default: AWS_PROFILE, else all)'
complete -c awsexec -n '__awsexec_at option' -l all -d 'with --forget or --sign-out: all profiles, or all sign-ins'
complete -c awsexec -n '__awsexec_at option' -l trust -d 'let the file .awsexec name the profile of its directory'
complete -c awsexec -n '__awsexec_at option' -l untrust -d 'let the file .awsexec name no profile any more'
complete -c awsexec -n '__awsexec_at option' -l doctor -d 'check files, variables, clock, network, sign-ins: what to mend'
complete -c awsexec -n '__awsexec_at option' -l log -d 'show the record that AWSEXEC_LOG names, or what matches PATTERN'
complete -c awsexec -n '__awsexec_at option' -l accounts -d 'list your accounts and roles, or those that match PATTERN'
complete -c awsexec -n '__awsexec_at option' -l print-profiles -d 'print config sections for roles that have no profile yet'
complete -c awsexec -n '__awsexec_at option' -l name -x -a '\{account\}-\{role\} \{session\}-\{account_id\}-\{role\}' -d 'with --print-profiles: names like {session}-{account_id}-{role}'
complete -c awsexec -n '__awsexec_at option' -l stale -d 'with --print-profiles: list the profiles whose role you no longer have'
complete -c awsexec -n '__awsexec_at option' -l sign-in -d 'sign in to a session of IAM Identity Center'
complete -c awsexec -n '__awsexec_at option' -l sign-out -d 'sign out, and delete the credentials got with the sign-in'
complete -c awsexec -n '__awsexec_at option' -l except -x -a '(__awsexec_profiles)' -d 'with --each: leave out profiles that PATTERN names (may be repeated)'
complete -c awsexec -n '__awsexec_at option' -l regions -x -a '(__awsexec_regions)' -d 'with --each: run COMMAND in each of several regions (may be repeated)'
complete -c awsexec -n '__awsexec_at option' -l dry-run -d 'with --each: print what would run, and run nothing'
complete -c awsexec -n '__awsexec_at option' -l jobs -x -d 'with --each: how many commands run at once (default: 8)'
complete -c awsexec -n '__awsexec_at option' -l group -d 'with --each: print the output of each profile as one block, at its end'
complete -c awsexec -n '__awsexec_at option' -l fail-fast -d 'with --each: start nothing more after the first failure'
complete -c awsexec -n '__awsexec_at option' -l serve -d 'renew the credentials of COMMAND while it runs'
complete -c awsexec -n '__awsexec_at option' -l shell -rF -a '(__awsexec_shells)' -d 'the shell to start (default: $SHELL)'
complete -c awsexec -n '__awsexec_at option' -l login -d 'start the shell as a login shell'
complete -c awsexec -n '__awsexec_at option' -l region -x -a '(__awsexec_regions)' -d 'the AWS region, for COMMAND and for AWS STS'
complete -c awsexec -n '__awsexec_at option' -l role-arn -x -d 'the role to assume'
complete -c awsexec -n '__awsexec_at option' -l source-profile -x -a '(__awsexec_profiles)' -d 'the profile whose credentials assume the role'
complete -c awsexec -n '__awsexec_at option' -l duration -x -a '15m 1h 2h 4h 8h 12h' -d 'the lifetime of the session, like 900, 15m or 8h'
complete -c awsexec -n '__awsexec_at option' -l read-only -d 'limit the session to AWS\'s ReadOnlyAccess policy'
complete -c awsexec -n '__awsexec_at option' -l policy -rF -d 'limit the session to the policy in this JSON file'
complete -c awsexec -n '__awsexec_at option' -l policy-arn -x -d 'limit the session to this managed policy (may be repeated)'
complete -c awsexec -n '__awsexec_at option' -l external-id -x -d 'the external id that the trust policy requires'
complete -c awsexec -n '__awsexec_at option' -l session-name -x -a '\{user\} \{host\} \{profile\}' -d 'the session name; may use {user} {host} {profile}'
complete -c awsexec -n '__awsexec_at option' -l source-identity -x -d 'the source identity, kept through role chaining'
complete -c awsexec -n '__awsexec_at option' -l session-tag -x -d 'add a session tag (may be repeated)'
complete -c awsexec -n '__awsexec_at option' -l transitive-tag -x -d 'keep this session tag through role chaining (may be repeated)'
complete -c awsexec -n '__awsexec_at option' -l expect-account -x -d 'fail unless the credentials are of this account'
complete -c awsexec -n '__awsexec_at option' -l yes -d 'answer yes: to confirm in the profile, and to questions about keys'
complete -c awsexec -n '__awsexec_at option' -l unlimited -d 'lift the limits of the run around this one'
complete -c awsexec -n '__awsexec_at option' -l mfa-serial -x -d 'the MFA device, by its ARN or serial number'
complete -c awsexec -n '__awsexec_at option' -l mfa-token -x -d 'the MFA code (default: ask)'
complete -c awsexec -n '__awsexec_at option' -l no-prompt -d 'fail instead of asking for anything'
complete -c awsexec -n '__awsexec_at option' -l device-code -d 'sign in to IAM Identity Center with a code, in any browser'
complete -c awsexec -n '__awsexec_at option' -l no-browser -d 'print the URL instead of opening the browser'
complete -c awsexec -n '__awsexec_at option' -l refresh -d 'get new credentials even if cached ones are valid'
complete -c awsexec -n '__awsexec_at option' -l min-ttl -x -a '5m 15m 30m 1h' -d 'get new credentials if less than TIME is left'
complete -c awsexec -n '__awsexec_at option' -l no-cache -d 'do not read or write the cache'
complete -c awsexec -n '__awsexec_at option' -l service -x -a 'cloudformation cloudtrail cloudwatch dynamodb ec2 ecr ecs eks iam kms lambda rds route53 s3 secretsmanager sns sqs ssm stepfunctions vpc' -d 'with --console: open the page of a service, like s3'
complete -c awsexec -n '__awsexec_at option' -l destination -x -d 'with --console: open this page, by its URL or path'
complete -c awsexec -n '__awsexec_at option' -l logout -d 'with --console: sign the browser out first'
complete -c awsexec -n '__awsexec_at option' -l add-keys -d 'put a user\'s access key into the keyring, as profile NAME'
complete -c awsexec -n '__awsexec_at option' -l remove-keys -d 'delete the access key of profile NAME from the keyring'
complete -c awsexec -n '__awsexec_at option' -l rotate-keys -d 'replace the access key of profile NAME by a new one, at AWS too'
complete -c awsexec -n '__awsexec_at option' -l no-verify -d 'with --add-keys: store the key without asking AWS whose it is'
complete -c awsexec -n '__awsexec_at option' -s q -l quiet -d 'print only errors'
complete -c awsexec -n '__awsexec_at option' -s v -l verbose -d 'print what awsexec does'
complete -c awsexec -n '__awsexec_at option' -l debug -d 'print each request to AWS, without secrets'
complete -c awsexec -n '__awsexec_at option' -s h -d 'print a summary of the help'
complete -c awsexec -n '__awsexec_at option' -l help -d 'print the whole help'
complete -c awsexec -n '__awsexec_at option' -l version -d 'print the version of awsexec'
complete -c awsexec -n '__awsexec_at option' -l completion -x -a 'bash zsh fish' -d 'print the completion script for bash, zsh or fish'
complete -c awsexec -n '__awsexec_at option' -l profiles -d 'print the profile names, for completion scripts'
# --- End of what `make completions` writes. ---
