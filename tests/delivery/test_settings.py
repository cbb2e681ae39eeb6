"""The settings reach what they are meant for, and the page's policy is as strict as it says."""

import json
import subprocess
import sys

from trnlab.serve.settings import CONTENT_SECURITY_POLICY

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
