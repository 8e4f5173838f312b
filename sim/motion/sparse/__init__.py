"""Three tracked poses, a headset and two controllers: what is known of a person, and what a character does with it."""
