"""Names that code written for rclpy takes from its inside (rclpy.impl)."""
