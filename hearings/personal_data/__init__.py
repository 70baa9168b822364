"""Personal data in the database: what is held, for how long, and what the service erases when its time has come."""
