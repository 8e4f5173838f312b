"""Learning to move whole bodies on legs."""
