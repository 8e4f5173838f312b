"""Builds the package with colcon."""

from setuptools import find_packages, setup

PACKAGE = "sim2metal_nodes"

setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="The sim2metal authors",
    maintainer_email="maintainers@sim2metal.invalid",
    description="A policy bundle, its supervisor, a Crazyflie and a simulated robot as ROS 2 nodes",
    license="MIT",
    entry_points={
        "console_scripts": [
            "policy_node = sim2metal_nodes.policy_node:main",
            "supervisor_node = sim2metal_nodes.supervisor_node:main",
            "crazyflie_node = sim2metal_nodes.crazyflie_node:main",
            "joint_node = sim2metal_nodes.joint_node:main",
            "sim_node = sim2metal_nodes.sim_node:main",
            "tactile_node = sim2metal_nodes.tactile_node:main",
            "switch_node = sim2metal_nodes.switch_node:main",
            "mission_node = sim2metal_nodes.mission_node:main",
        ],
    },
)
