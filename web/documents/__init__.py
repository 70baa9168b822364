"""Documents of a request: printing, files, translations, the case as one file."""
