"""From a run folder to one self-contained page: figures, plots and a video of the flight."""
