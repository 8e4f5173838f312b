"""The commands of ``sim2metal calibrate``, one file each."""
