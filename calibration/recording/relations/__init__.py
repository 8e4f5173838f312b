"""Physical relations between the streams of one recording, one file each: what must agree if the log is right."""
