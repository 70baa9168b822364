"""Export as a bag, and the verdict on one."""
