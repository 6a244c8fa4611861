"""IAM Identity Center: signing in, and its access portal."""
