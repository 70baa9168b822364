"""The costs of a hearing: which State bears them, who claims what and is paid, and what one State owes the other."""
