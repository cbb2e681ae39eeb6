"""One truth about versions: lock files, environment.yml, Binder, and what these tests run with."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "lock" / "lab.txt", ROOT / "lock" / "test.txt"]
LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _locked(path: Path) -> dict[str, set[str]]:
    """Versions by package; more than one where the Python version decides."""
    found: dict[str, set[str]] = {}
    for name, version in LOCKED.findall(path.read_text()):
        found.setdefault(_name(name), set()).add(version)
    return found


def _conda() -> dict[str, str]:
    """Pins of environment.yml's pip section."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pins = next(item["pip"] for item in listed if isinstance(item, dict))
    return {_name(name): version for name, version in (pin.split("==") for pin in pins)}


def test_binder_reads_the_environment_at_the_top():
    binder, top = ROOT / "binder" / "environment.yml", ROOT / "environment.yml"
    assert binder.read_bytes() == top.read_bytes()
    assert not (ROOT / ".binder").exists()


def test_environment_names_locked_versions_of_every_direct_dependency():
    locked = _locked(LOCKS[0])
    assert {name: {version} for name, version in _conda().items()} == {
        name: locked[name] for name in _conda()
    }
    requirements = importlib.metadata.requires("trnlab") or []
    direct = {_name(re.split(r"[<>=; ]", line)[0]) for line in requirements if "extra" not in line}
    assert direct <= _conda().keys()


def test_these_tests_run_with_the_versions_of_environment_and_lock():
    installed = {name: {importlib.metadata.version(name)} for name in _conda()}
    assert installed == {name: {version} for name, version in _conda().items()}
    for name, versions in _locked(LOCKS[1]).items():
        if name in ("appnope", "colorama", "pywin32", "pywinpty", "overrides"):
            continue  # for other systems, or older Python
        assert importlib.metadata.version(name) in versions, name


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_a_hash_for_each_package_and_names_no_host(path):
    text = path.read_text()
    assert "://" not in text and "index" not in text
    for package in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in package, package
    assert all(_locked(LOCKS[1])[name] == found for name, found in _locked(LOCKS[0]).items())


def test_binder_builds_from_this_environment():
    """repo2docker's own reading of the repository; it needs neither Docker nor a network."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    recipe = said.stdout + said.stderr
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in recipe
    assert "postBuild" in recipe and "binder/start" in recipe


def test_binder_start_lets_a_server_find_template_and_settings():
    command = [ROOT / "binder" / "start", sys.executable, "-m", "jupyter", "--paths"]
    environment = {**os.environ, "JUPYTER_PATH": "", "JUPYTER_CONFIG_PATH": "/elsewhere"}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    for folder in ("share/jupyter", "widgets", "binder/jupyter"):
        assert f"    {ROOT / folder}\n" in said.stdout
    assert "    /elsewhere\n" in said.stdout


@pytest.mark.parametrize(("told", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "4"}, "4")])
def test_binder_start_leaves_a_kernel_one_thread_of_the_shared_cores_unless_told(told, threads):
    environment = {name: v for name, v in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [ROOT / "binder" / "start", "printenv", "OPENBLAS_NUM_THREADS"]
    said = subprocess.run(command, capture_output=True, text=True, env={**environment, **told})
    assert said.stdout.strip() == threads


def test_postbuild_is_valid_and_stops_at_the_first_failure():
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK) and os.access(ROOT / "binder" / "start", os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert "set -euo pipefail" in script.read_text()


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The repository's files in a folder of their own, with an environment that has no trnlab."""
    folder = tmp_path_factory.mktemp("binder")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    packages = next((folder / "env" / "lib").glob("python*")) / "site-packages"
    (packages / "tested.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


@pytest.mark.slow
def test_postbuild_and_start_work_in_a_clean_folder(clean):
    bin_ = clean / "env" / "bin"
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "JUPYTER_PATH": ""}
    environment["PIP_NO_BUILD_ISOLATION"] = "false"  # pip's way to say: build with what there is
    environment.pop("PYTHONPATH", None)
    script = clean / "binder" / "postBuild"
    subprocess.run([script], check=True, env=environment, capture_output=True, cwd="/")
    where = "import trnlab, widgets; print(trnlab.__file__, widgets.__file__)"
    command = [clean / "binder" / "start", "python", "-c", where]
    elsewhere = {"cwd": "/", "env": environment, "capture_output": True, "text": True}
    said = subprocess.run(command, check=True, **elsewhere)
    assert said.stdout.split() == [
        str(clean / "trnlab" / "__init__.py"),
        str(clean / "widgets" / "__init__.py"),
    ]
    assert list((clean / "trnlab").rglob("__pycache__/*.pyc"))  # the warm start
    command = [clean / "binder" / "start", "python", "-m", "trnlab", "open", "nothing"]
    said = subprocess.run(command, **elsewhere)
    assert said.stderr.startswith("trnlab: there is no lesson 'nothing'; there are: 01_neuroncore")
