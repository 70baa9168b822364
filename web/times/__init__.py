"""Pages and API of times: offers, slots, calendars, rooms and interpreters, the plan of a docket."""
