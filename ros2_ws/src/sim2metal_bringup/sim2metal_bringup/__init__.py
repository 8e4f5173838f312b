"""Launch files, parameters and the RViz configuration of sim2metal; there is no code here."""
