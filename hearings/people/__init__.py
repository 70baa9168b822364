"""Staff and their logins, the directory of authorities, and the names that must stay hidden."""
