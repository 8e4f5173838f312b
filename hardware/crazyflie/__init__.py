"""The Crazyflie on its own client library, cflib: radio, USB and UDP alike."""
