"""When: calendars, court hours, rooms and interpreters, the search for slots, the plan of a whole docket."""
