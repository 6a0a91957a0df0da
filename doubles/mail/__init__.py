"""A mailbox for everybody: takes any mail by SMTP and shows it as JSON over HTTP."""
