"""Pages and commands about a recording after the hearing: keys, archive, receiving and releasing."""
