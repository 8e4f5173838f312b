"""Pictures of a tactile sensor's camera on the robot's computer: devices, folders, and what no picture may be.

Needs numpy, and OpenCV or Pillow only when a device or a folder is opened.
"""
