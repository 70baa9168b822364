"""Pages and API of the docket, the worklist and the joint changes."""
