"""From logs to knowledge: reports today, identified parameters later."""
