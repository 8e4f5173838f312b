"""A bundle as an app of the Crazyflie's firmware: the app's folder, and its build in a user's checkout."""
