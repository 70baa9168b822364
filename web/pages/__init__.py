"""The pages made on the server, one module per noun; each ends in `routes = [...]`."""
