"""The demonstration that `vivavoce demo` makes."""
