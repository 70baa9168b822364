"""Cosigning of signed heads by C2SP tlog-witness: the cosigner, and what a court's server asks of one."""
