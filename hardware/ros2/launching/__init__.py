"""``launch`` and ``launch_ros`` without a ROS installation: the part our launch files use, by the same names.

The same file runs under ``ros2 launch`` and under ``sim2metal ros launch``. Nodes are processes of this
Python that end in reverse order and in bounded time.
"""
