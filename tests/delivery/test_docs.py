"""The documents: links lead somewhere, commands exist, the hub's configuration loads."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
import yaml
from traitlets.config import PyFileConfigLoader

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:docs|notebooks|trnlab|tests|widgets|binder)/[\w./-]+)`")
COMMAND = re.compile(r"`?make ([a-z]+)`?")


def _broken(page: Path, text: str) -> list[str]:
    """Links to no file or to no heading of it, and files that are named and not there."""
    local = [link for link in LINK.findall(text) if "://" not in link]
    named = [name for name in FILE.findall(text) if "NN_" not in name]  # that is a pattern
    return [name for name in [*local, *named] if not _leads_somewhere(page, *name.split("#"))]


def _leads_somewhere(page: Path, path: str, anchor: str = "") -> bool:
    found = [place for place in (page.parent / path, ROOT / path) if place.exists()]
    target = page if not path else next(iter(found), None)
    return target is not None and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """Headings as links name them: lower case, hyphens, without other signs."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_files_that_a_page_names_are_there(page):
    assert _broken(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_links_and_files_that_a_notebook_names_are_there(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert _broken(notebook, "\n".join(prose)) == []


@pytest.mark.parametrize(
    "text, broken",
    [
        ("[a](docs/serving.md) [b](#two-commands) [c](docs/serving.md#when-something-breaks)", []),
        ("[a](docs/nothing.md)", ["docs/nothing.md"]),
        ("[a](#no-such-heading)", ["#no-such-heading"]),
        ("[a](docs/serving.md#no-such-heading)", ["docs/serving.md#no-such-heading"]),
        ("see `docs/nothing.md` and `notebooks/NN_topic.ipynb`", ["docs/nothing.md"]),
    ],
)
def test_a_link_that_leads_nowhere_would_be_found(text, broken):
    assert _broken(ROOT / "README.md", text) == broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_can_be_made(page):
    text = page.read_text(encoding="utf-8")
    listed = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=ROOT).stdout
    known = {line.split()[0] for line in listed.splitlines()}
    code = "\n".join(re.findall(r"`make [^`]+`|^    make .+$", text, re.MULTILINE))
    assert set(COMMAND.findall(code)) <= known


@pytest.fixture
def hub(monkeypatch):
    for name in ("HUB_URL", "HUB_IP", "HUB_SPAWNER", "TRNLAB_IMAGE", "HUB_ALLOW_ALL"):
        monkeypatch.delenv(name, raising=False)
    return PyFileConfigLoader("jupyterhub_config.py", path=str(ROOT / "docs")).load_config()


def test_the_hub_limits_each_student_and_lets_nobody_in_unasked(hub):
    assert hub.JupyterHub.spawner_class == "docker"
    assert hub.JupyterHub.bind_url.startswith("http://127.0.0.1")
    assert (hub.Spawner.mem_guarantee, hub.Spawner.mem_limit) == ("300M", "1G")
    assert 0 < hub.Spawner.cpu_guarantee < hub.Spawner.cpu_limit
    assert hub.Authenticator.allow_all is False
    culler, role = hub.JupyterHub.services[0], hub.JupyterHub.load_roles[0]
    assert culler["name"] in role["services"] and "jupyterhub_idle_culler" in culler["command"]


def test_a_container_runs_a_server_that_finds_the_hub_and_has_what_is_guaranteed(hub):
    assert hub.DockerSpawner.cmd == ["jupyterhub-singleuser"]  # not the command of Binder's image
    assert not hub.JupyterHub.hub_ip.startswith("127.")  # that would be the container itself
    told = hub.DockerSpawner.extra_host_config
    assert told["mem_reservation"].upper() == hub.Spawner.mem_guarantee
    assert told["cpu_shares"] == round(1024 * hub.Spawner.cpu_guarantee)


def test_without_containers_the_hub_stays_on_localhost(hub, monkeypatch):
    monkeypatch.setenv("HUB_SPAWNER", "simple")
    again = PyFileConfigLoader("jupyterhub_config.py", path=str(ROOT / "docs")).load_config()
    assert "hub_ip" not in again.JupyterHub


def test_the_hub_and_kubernetes_are_told_the_same(hub):
    values = yaml.safe_load((ROOT / "docs" / "kubernetes.yaml").read_text(encoding="utf-8"))
    student, spawner = values["singleuser"], hub.Spawner
    assert student["memory"] == {"guarantee": spawner.mem_guarantee, "limit": spawner.mem_limit}
    assert student["cpu"] == {"guarantee": spawner.cpu_guarantee, "limit": spawner.cpu_limit}
    assert student["defaultUrl"] == spawner.default_url
    assert student["cmd"] == hub.DockerSpawner.cmd
    assert student["startTimeout"] == spawner.start_timeout
    culler = hub.JupyterHub.services[0]["command"]
    assert f"--timeout={values['cull']['timeout']}" in culler
    assert f"--cull-every={values['cull']['every']}" in culler


def test_the_image_is_made_of_the_locked_packages_and_starts_as_on_binder():
    lines = (ROOT / "docs" / "hub.Dockerfile").read_text(encoding="utf-8").splitlines()
    told = {line.split()[0]: line for line in lines if line[:1].isupper()}
    assert "lock/lab.txt" in "\n".join(lines) and "--require-hashes" in "\n".join(lines)
    assert "./binder/postBuild" in "\n".join(lines)
    assert told["ENTRYPOINT"] == 'ENTRYPOINT ["./binder/start"]'
    assert told["USER"] != "USER root"
    home = told["WORKDIR"].split()[1]
    values = yaml.safe_load((ROOT / "docs" / "kubernetes.yaml").read_text(encoding="utf-8"))
    kept = values["singleuser"]["storage"]["homeMountPath"]
    assert kept.startswith(f"{home}/")  # a volume over the home would hide the lessons


def test_the_link_that_brings_files_is_one_that_nbgitpuller_reads():
    text = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"https://HUB/\S+", text)
    parts = urlparse(link)
    assert parts.path == "/hub/user-redirect/git-pull"
    asked = parse_qs(parts.query)
    assert asked["repo"] == ["https://github.com/OWNER/trnlab"]
    assert asked["urlpath"] == ["lab/tree/trnlab/notebooks/LESSON.ipynb"]
