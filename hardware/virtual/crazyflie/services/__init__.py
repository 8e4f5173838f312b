"""One file per CRTP port: each turns request packets into replies and changes of the robot."""
