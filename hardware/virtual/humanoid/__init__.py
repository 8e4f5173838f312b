"""A humanoid on Unitree's DDS topics: MuJoCo is its body."""
