"""Virtual robots: MuJoCo inside, the real robot's protocol outside."""
