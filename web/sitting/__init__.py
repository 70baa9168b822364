"""The live room's page and signalling, recorded acts, recordings and their custody."""
