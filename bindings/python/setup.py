"""Builds the module from the source tree around it: pip wheel bindings/python

Needs CMake, Ninja, pybind11, NumPy and the planner's libraries (fmt, yaml-cpp, nlohmann-json, utf8cpp,
xxhash, zstd), but neither SystemC nor ONNX.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
VERSION = re.search(r"VERSION (\d+\.\d+\.\d+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)


class CMakeBuild(build_ext):
    def build_extension(self, ext):
        tree = pathlib.Path(self.build_temp).resolve()
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DUNNASIM_ONLY_PLANNER=ON", "-DUNNASIM_PYTHON=ON"]
        options.append(f"-DPython3_EXECUTABLE={sys.executable}")
        subprocess.run(["cmake", "-G", "Ninja", "-S", SOURCE, "-B", tree, *options], check=True)
        subprocess.run(["cmake", "--build", tree, "--target", "unnasim_python"], check=True)
        target = pathlib.Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        built = next((tree / "bindings" / "python" / "unnasim").glob("_unnasim*.so"))
        shutil.copy(built, target)


setup(
    name="unnasim",
    version=VERSION,
    description="Memory planning: offsets for buffers, with proofs",
    packages=["unnasim"],
    package_data={"unnasim": ["__init__.pyi", "py.typed"]},
    ext_modules=[Extension("unnasim._unnasim", sources=[])],
    cmdclass={"build_ext": CMakeBuild},
    install_requires=["numpy"],
    python_requires=">=3.9",
)
