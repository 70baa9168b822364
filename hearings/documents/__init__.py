"""Papers: PDF/A with seals, their checking, and cases as bags."""
