"""People: pages, sign-in, signalling, the command line; `web.app.create_app` builds everything."""
