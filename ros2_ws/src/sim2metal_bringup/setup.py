"""Builds the package with colcon."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "sim2metal_bringup"


def files(folder: str, pattern: str) -> tuple[str, list[str]]:
    """Return where files of a folder are installed, and the files."""
    return f"share/{PACKAGE}/{folder}", [str(path) for path in sorted(Path(folder).glob(pattern))]


setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        files("launch", "*.launch.py"),
        files("config", "*.yaml"),
        files("rviz", "*.rviz"),
        files("urdf", "*.urdf"),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="The sim2metal authors",
    maintainer_email="maintainers@sim2metal.invalid",
    description="Launch files, parameters, RViz configurations and a robot's description for sim2metal's nodes",
    license="MIT",
    entry_points={"console_scripts": []},
)
