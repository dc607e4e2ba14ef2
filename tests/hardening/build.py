"""build.py CMAKE SOURCE FOLDER [FLAG...]: builds resp-echo with the release preset in FOLDER. The tests are configured
too, because tests/counts builds one of their programs there."""

import subprocess
import sys

cmake, source, folder, *flags = sys.argv[1:]
subprocess.run([cmake, "--preset", "release", "-B", folder, *flags, "-DLIBRESP_BUILD_TESTS=ON",
                "-DLIBRESP_BUILD_BENCHMARKS=OFF", "-DLIBRESP_BUILD_EXAMPLES=OFF"], cwd=source, check=True)
subprocess.run([cmake, "--build", folder, "--parallel", "2", "--target", "resp-echo"], check=True)
