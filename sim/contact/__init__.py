"""Contact-rich tasks: an arm holds something between two tactile pads and brings it to a place."""
