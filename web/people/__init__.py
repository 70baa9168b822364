"""Coming in and going out, and the directory of authorities."""
