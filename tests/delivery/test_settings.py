"""The settings reach what they are meant for, and the page's policy is as strict as it says."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from trnlab.serve.lessons import NOTEBOOKS
from trnlab.serve.settings import CONTENT_SECURITY_POLICY, page_config

ASK = """
import json
from traitlets.config import Config
from voila.execute import VoilaExecutor
from trnlab.serve.app import Workbench
from trnlab.serve.lessons import NOTEBOOKS
from trnlab.serve.settings import configure_server, configure_voila, find_template

find_template()
config = Config()
configure_voila(config)
configure_server(config)
app = Workbench.instance(config=config)
app.initialize([str(NOTEBOOKS)])
app.init_settings()
manager = app.kernel_manager
kernel = manager.kernel_manager_factory(config=manager.config)
print(json.dumps({
    "idle_s": manager.cull_idle_timeout,
    "interval_s": manager.cull_interval,
    "connected": manager.cull_connected,
    "transport": kernel.transport,
    "sources": not app.voila_configuration.strip_sources,
    "tracebacks": app.voila_configuration.show_tracebacks,
    "template": app.voila_configuration.template,
    "cell_s": VoilaExecutor(None, config=app.config).timeout,
    "address": app.ip,
}))
"""


def test_servers_take_the_settings():
    ran = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == {
        "idle_s": 300,
        "interval_s": 60,
        "connected": False,
        "transport": "ipc" if sys.platform == "linux" else "tcp",
        "sources": False,
        "tracebacks": False,
        "template": "trnlab",
        "cell_s": 60,
        "address": "localhost",
    }


def test_the_policy_allows_no_other_host_and_no_eval():
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY and "*" not in CONTENT_SECURITY_POLICY
    assert "default-src 'self'" in CONTENT_SECURITY_POLICY


def _shown(root, page=""):
    """What a server over `root` shows on a page, or on its start page."""
    config = {}
    settings = {"contents_manager": SimpleNamespace(root_dir=str(root))}
    page_config(NOTEBOOKS, config, settings=settings, notebook_path=page)
    return config["trnlab"]


@pytest.fixture
def home(tmp_path):
    """A student's home into which a link has brought the repository."""
    shutil.copytree(NOTEBOOKS, tmp_path / "course" / "notebooks")
    return tmp_path


def test_a_start_page_links_below_the_servers_root(home):
    assert [page["path"] for page in _shown(NOTEBOOKS)["lessons"]][0] == "01_neuroncore.ipynb"
    for page in _shown(home)["lessons"]:
        assert page["path"].startswith("course/notebooks/") and (home / page["path"]).is_file()


def test_a_lesson_that_was_pulled_has_its_title_and_the_next_one(home):
    shown = _shown(home, "course/notebooks/02_matmul_tiling.ipynb")
    assert shown["lesson"]["title"] == "Tiling a product"
    assert shown["next"]["path"] == "course/notebooks/03_quantization.ipynb"
    own = _shown(home, "course/mine.ipynb")
    assert own["lesson"] is None and own["next"] is None


def test_a_server_without_lessons_lists_none(tmp_path):
    assert _shown(tmp_path)["lessons"] == []
