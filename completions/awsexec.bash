# Completions of awsexec for bash, 3.2 (macOS) or newer; bash-completion is not needed.
# shellcheck shell=bash

_awsexec() {
    local program=awsexec words=() starts=() values=() open redirect
    local i last cur valued option='' profile='' action='' begin=''
    COMPREPLY=()
    # the fallback to file names (-o default) is for where a file is due
    _awsexec_compopt +o default

    _awsexec_split "${COMP_LINE:0:COMP_POINT}"
    last=$((${#words[@]} - 1))
    cur=${words[last]}
    case ${words[0]} in
        '~/'*) program=$HOME/${words[0]#'~/'} ;;
        */*) program=${words[0]} ;;
    esac

    for ((i = 1; i < last; i++)); do
        case ${words[i]} in
            --)
                begin=$((i + 1))
                break
                ;;
            -?*)
                _awsexec_option "${words[i]}"
                if [[ $valued ]]; then
                    ((i++))
                    ((i == last)) && option=${words[i - 1]}
                fi
                ;;
            *)
                if [[ $profile ]]; then
                    begin=$i
                    break
                fi
                profile=given
                ;;
        esac
    done

    if [[ $begin ]]; then
        _awsexec_command "${starts[begin]}" "$2" "$3"
    elif [[ $redirect ]]; then
        _awsexec_compopt -o default
    elif [[ $option ]]; then
        _awsexec_value "$option" '' "$cur" "$2"
    elif [[ $cur == --*=* ]]; then
        _awsexec_value "${cur%%=*}" "${cur%%=*}=" "$cur" "$2"
    elif [[ $cur == -* ]]; then
        _awsexec_options
        _awsexec_offer "$cur" "$2" "${values[@]}"
    elif [[ ! $profile && $action == file ]]; then
        _awsexec_compopt -o default
    elif [[ ! $profile && $action != none ]]; then
        _awsexec_profiles '' "$cur" "$2"
    elif [[ $profile && ! $action ]]; then
        _awsexec_command "${starts[last]}" "$2" "$3"
    fi
}

# --- Written by `make completions` from awsexec/options; edit it there. ---
# Set `valued` if option $1 takes its value from the next word, and set `action`
# if it is an action that takes a PROFILE or a FILE, or (none) one that takes no
# word.
_awsexec_option() {
    valued=''
    case $1 in
        --export | --each | --init | --function | --name | --except | --regions | \
            --jobs | --shell | --region | --role-arn | --source-profile | --duration | \
            --policy | --policy-arn | --external-id | --session-name | \
            --source-identity | --session-tag | --transitive-tag | --expect-account | \
            --mfa-serial | --mfa-token | --min-ttl | --service | --destination | \
            --completion)
            valued=yes
            ;;
    esac
    case ${1%%=*} in
        --list | --explain | --whoami | --export | --console | --forget | \
            --doctor | --log | --accounts | --print-profiles | --sign-in | \
            --sign-out | --add-keys | --remove-keys | --rotate-keys | --profiles)
            # --unset may stand before --export
            [[ $action ]] || action=profile
            ;;
        --trust | --untrust)
            action=file
            ;;
        --unset | --each | --init | --all | -h | --help | --version | \
            --completion)
            action=none
            ;;
    esac
}

# Put all options into `values`.
_awsexec_options() {
    values=(
        --list --explain --whoami --json --export --unset --console --each --init
        --function --forget --all --trust --untrust --doctor --log --accounts
        --print-profiles --name --stale --sign-in --sign-out --except --regions
        --dry-run --jobs --group --fail-fast --serve --shell --login --region
        --role-arn --source-profile --duration --read-only --policy --policy-arn
        --external-id --session-name --source-identity --session-tag --transitive-tag
        --expect-account --yes --unlimited --mfa-serial --mfa-token --no-prompt
        --device-code --no-browser --refresh --min-ttl --no-cache --service
        --destination --logout --add-keys --remove-keys --rotate-keys --no-verify -q
        --quiet -v --verbose --debug -h --help --version --completion --profiles
    )
}

# Put the values of option $1 into `values`, or the name of a list into `list`.
_awsexec_values() {
    case $1 in
        --export)
            values=(
                process sh fish powershell cmd dotenv json
            )
            ;;
        --each | --except | --source-profile)
            list=profiles
            ;;
        --init | --completion)
            values=(
                bash zsh fish
            )
            ;;
        --name)
            values=(
                '{account}-{role}' '{session}-{account_id}-{role}'
            )
            ;;
        --regions | --region)
            values=(
                af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2
                ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2
                ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
                ap-southeast-7 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1
                eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1
                eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1
                me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1
                us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2
            )
            ;;
        --shell)
            list=shells
            ;;
        --duration)
            values=(
                15m 1h 2h 4h 8h 12h
            )
            ;;
        --policy)
            list=files
            ;;
        --session-name)
            values=(
                '{user}' '{host}' '{profile}'
            )
            ;;
        --min-ttl)
            values=(
                5m 15m 30m 1h
            )
            ;;
        --service)
            values=(
                cloudformation cloudtrail cloudwatch dynamodb ec2 ecr ecs eks iam kms
                lambda rds route53 s3 secretsmanager sns sqs ssm stepfunctions vpc
            )
            ;;
    esac
}
# --- End of what `make completions` writes. ---

# Complete the value of option $1. $2 is what stands before the value in the same word
# (--region=), $3 the word, and $4 the end of the word as it was typed.
_awsexec_value() {
    local before=$2 cur=$3 typed=$4 values=() list='' path
    _awsexec_values "$1"
    case $list in
        profiles)
            _awsexec_profiles "$before" "$cur" "$typed"
            return
            ;;
        shells)
            while read -r path; do
                [[ $path == /* ]] && values+=("$path")
            done 2>/dev/null </etc/shells
            ;;
    esac
    ((${#values[@]})) && _awsexec_offer "$cur" "$typed" "${values[@]/#/$before}"
    # a shell that is not in /etc/shells is a file too
    if [[ $list == shells || $list == files ]] && ((${#COMPREPLY[@]} == 0)); then
        _awsexec_compopt -o default
    fi
}

# The names of the profiles, each after $1.
_awsexec_profiles() {
    local IFS=$'\n' names unglobbed='' name=${2#"$1"}
    # a command substitution is read by the block; read and mapfile would read a pipe
    # byte by byte
    [[ $- == *f* ]] || unglobbed=yes
    set -f
    # shellcheck disable=SC2207
    names=($(exec "$program" --profiles ${name:+"$name"} 2>/dev/null </dev/null))
    [[ $unglobbed ]] && set +f
    ((${#names[@]})) || return
    names=("${names[@]%%$'\t'*}")
    [[ $1 ]] && names=("${names[@]/#/$1}")
    _awsexec_offer "$2" "$3" "${names[@]}"
    # a part of SESSION/ACCOUNT/ROLE goes on
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && _awsexec_compopt -o nospace
}

# Complete the word $1 to one of $3... readline replaces no more than $2, the end of the
# word as it was typed: the rest stands before a : or =, or an opening quote.
_awsexec_offer() {
    local cur=$1 typed=$2 name keep words starts open redirect IFS=/
    _awsexec_split "${COMP_LINE:0:COMP_POINT - ${#typed}}"
    keep=${#words[${#words[@]} - 1]}
    shift 2
    if [[ $cur ]]; then
        for name in "$@"; do
            [[ $name == "$cur"* ]] && COMPREPLY+=("$name")
        done
    else
        COMPREPLY=("$@")
    fi
    # mostly there is nothing to quote, which is faster seen of all at once
    [[ ! $open && $keep -eq 0 && ${COMPREPLY[*]} != *[!a-zA-Z0-9_./:@+=-]* ]] && return
    set -- "${COMPREPLY[@]}"
    COMPREPLY=()
    for name in "$@"; do
        name=${name:keep}
        if [[ $open == "'" ]]; then
            name=${name//"'"/"'\''"}
        elif [[ $open == '"' ]]; then
            name=${name//\\/\\\\}
            name=${name//\"/\\\"}
            name=${name//\$/\\\$}
            name=${name//\`/\\\`}
        else
            printf -v name %q "$name"
        fi
        COMPREPLY+=("$name")
    done
}

# Split the text $1 as the shell would: into `words` without their quotes, of which the
# last is the one at the end of the text, and where each of them `starts`. Of that last
# one, `open` is the quote that is still open, and `redirect` tells that it is a file's
# name after < or >. COMP_WORDS is no help: it is split at every : and = and @, too.
_awsexec_split() {
    local text=$1 char word='' start='' i
    words=() starts=() open='' redirect=''
    for ((i = 0; i < ${#text}; i++)); do
        char=${text:i:1}
        if [[ $open == "'" ]]; then
            if [[ $char == "'" ]]; then open=''; else word+=$char; fi
        elif [[ $open == '"' ]]; then
            if [[ $char == '"' ]]; then
                open=''
            else
                [[ $char == \\ && ${text:i + 1:1} == [\"\\\$\`] ]] &&
                    ((i++)) && char=${text:i:1}
                word+=$char
            fi
        elif [[ $char == [$' \t\n<>'] ]]; then
            if [[ $start && ! $redirect ]] &&
                [[ $char != [\<\>] || $word == *[!0-9]* ]]; then
                words+=("$word") starts+=("$start")
            fi
            if [[ $char == [\<\>] ]]; then
                redirect=yes
            elif [[ $start ]]; then
                redirect=''
            fi
            word='' start=''
        else
            [[ $start ]] || start=$i
            case $char in
                \' | \") open=$char ;;
                \\)
                    ((i++))
                    word+=${text:i:1}
                    ;;
                *) word+=$char ;;
            esac
        fi
    done
    words+=("$word") starts+=("${start:-$i}")
}

# What the command that starts at $1 of the line has for completion, as for sudo and
# env; $2 and $3 are what bash gives a completion function. bash-completion's function
# for that, where it is loaded, would not do: the AWS CLI's completion (complete -C)
# finds no COMP_LINE from it.
_awsexec_command() {
    local IFS=$' \t\n' first=0 at=0 rest
    while ((first < COMP_CWORD)); do
        rest=${COMP_LINE:at}
        rest=${rest#"${rest%%[! $'\t']*}"}
        at=$((${#COMP_LINE} - ${#rest}))
        ((at >= $1)) && break
        ((at += ${#COMP_WORDS[first]}))
        ((first++))
    done
    COMP_LINE=${COMP_LINE:$1}
    ((COMP_POINT -= $1, COMP_CWORD -= first))
    COMP_WORDS=("${COMP_WORDS[@]:first}")
    if ((COMP_CWORD > 0)); then
        _awsexec_arguments "$2" "$3"
    elif [[ $2 == */* ]]; then
        _awsexec_compopt -o default
    else
        _awsexec_compopt -o filenames
        IFS=$'\n'
        # shellcheck disable=SC2207
        COMPREPLY=($(compgen -c -- "$2"))
    fi
}

# The arguments of the command that the COMP_ variables are about, by what was given to
# `complete` for it.
_awsexec_arguments() {
    local name spec function='' command='' generate=() i
    local words starts open redirect
    _awsexec_split "${COMP_WORDS[0]}"
    name=${words[0]}
    if ! _awsexec_spec "$name"; then
        # what loads the completion of a command at its first use
        spec=$(complete -p -D 2>/dev/null)
        [[ $spec == *' -F '* ]] && spec=${spec##* -F } && "${spec%% *}" "$name" "$1" "$2"
        if ! _awsexec_spec "$name"; then
            _awsexec_compopt -o default
            return
        fi
    fi
    for ((i = 1; i < ${#spec[@]}; i++)); do
        case ${spec[i]} in
            -F) function=${spec[++i]} ;;
            -C) command=${spec[++i]} ;;
            -o) _awsexec_compopt -o "${spec[++i]}" ;;
            -[AGPSWX]) generate+=("${spec[i]}" "${spec[++i]}") ;;
            -?) generate+=("${spec[i]}") ;;
        esac
    done
    if [[ $function ]]; then
        "$function" "$name" "$1" "$2"
        # it has loaded another one
        if (($? == 124)) && _awsexec_spec "$name"; then
            for ((i = 1; i < ${#spec[@]}; i++)); do
                [[ ${spec[i]} == -o ]] && _awsexec_compopt -o "${spec[i + 1]}"
                [[ ${spec[i]} == -F ]] && function=${spec[i + 1]}
            done
            "$function" "$name" "$1" "$2"
        fi
        return
    fi
    local IFS=$'\n'
    # shellcheck disable=SC2207
    if [[ $command ]]; then
        COMPREPLY=($(
            export COMP_LINE COMP_POINT COMP_KEY COMP_TYPE
            eval "$command"' "$name" "$1" "$2"' 2>/dev/null
        ))
    elif ((${#generate[@]})); then
        COMPREPLY=($(
            IFS=$' \t\n'
            compgen "${generate[@]}" -- "$1"
        ))
    fi
}

# Put into `spec` the words that were given to `complete` for the command $1.
_awsexec_spec() {
    local text
    text=$(complete -p -- "$1" 2>/dev/null || complete -p -- "${1##*/}" 2>/dev/null)
    [[ $text ]] || return
    # bash itself has quoted them
    eval "spec=($text)"
    unset "spec[${#spec[@]}-1]"
}

# compopt is not there before bash 4
_awsexec_compopt() {
    ((BASH_VERSINFO[0] < 4)) || compopt "$@" 2>/dev/null
}

complete -o default -F _awsexec awsexec
