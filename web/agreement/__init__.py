"""Pages and API of sites, the technical agreement and its line tests."""
