"""Arms that feel what they hold: state, observation, set-points within limits, and what ends them in a hold."""
