"""Commands about recordings after the hearing: keys, archive, receipt, copies, and the check of bags and minutes."""
