"""The documents: links lead somewhere, commands exist, the hub's configuration loads."""

import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from traitlets.config import PyFileConfigLoader

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:docs|notebooks|trnlab|tests|widgets|binder)/[\w./-]+)`")
COMMAND = re.compile(r"`?make ([a-z]+)`?")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_files_that_a_page_names_are_there(page):
    text = page.read_text(encoding="utf-8")
    local = [link for link in LINK.findall(text) if "://" not in link]
    for name in [*local, *FILE.findall(text)]:
        path = name.partition("#")[0]
        if "NN_" in path:  # a pattern, not a name
            continue
        assert (page.parent / path).exists() or (ROOT / path).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_can_be_made(page):
    text = page.read_text(encoding="utf-8")
    listed = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=ROOT).stdout
    known = {line.split()[0] for line in listed.splitlines()}
    code = "\n".join(re.findall(r"`make [^`]+`|^    make .+$", text, re.MULTILINE))
    assert set(COMMAND.findall(code)) <= known


@pytest.fixture
def hub(monkeypatch):
    for name in ("HUB_URL", "HUB_SPAWNER", "TRNLAB_IMAGE", "HUB_ALLOW_ALL"):
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


def test_the_hub_and_kubernetes_are_told_the_same(hub):
    text = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    spawner = hub.Spawner
    assert f"memory: {{guarantee: {spawner.mem_guarantee}, limit: {spawner.mem_limit}}}" in text
    assert f"cpu: {{guarantee: {spawner.cpu_guarantee}, limit: {spawner.cpu_limit}}}" in text
    assert f"defaultUrl: {spawner.default_url}" in text


def test_the_link_that_brings_files_is_one_that_nbgitpuller_reads():
    text = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"https://HUB/\S+", text)
    parts = urlparse(link)
    assert parts.path == "/hub/user-redirect/git-pull"
    asked = parse_qs(parts.query)
    assert asked["repo"] == ["https://github.com/OWNER/trnlab"]
    assert asked["urlpath"] == ["lab/tree/trnlab/notebooks/LESSON.ipynb"]
