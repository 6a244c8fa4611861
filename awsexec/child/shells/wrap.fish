# The prompt of fish: the role, then the user's own prompt (see prompt.fish).

function fish_prompt
    set -l last $status
    __awsexec_prompt
    # the user's prompt may show the status of the last command
    __awsexec_status $last
    __awsexec_user_prompt
end
