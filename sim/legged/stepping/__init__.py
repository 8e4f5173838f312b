"""A scripted controller that stands and walks on two legs by setting its feet after the capture point."""
