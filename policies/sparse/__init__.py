"""A network that knows a character from three poses: trained on made motions, kept, followed in real time."""
