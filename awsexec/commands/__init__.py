"""What awsexec does: one module an action, each called with the parsed arguments."""
