"""Live media: transport, forwarding, language routing, and the worker process that holds one hearing."""
