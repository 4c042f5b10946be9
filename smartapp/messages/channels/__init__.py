"""Channels outside the portal: for neutral texts only, each closed unless the policy opens it."""
