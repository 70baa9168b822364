"""Pages and commands of sign-in, staff and the directory of authorities."""
