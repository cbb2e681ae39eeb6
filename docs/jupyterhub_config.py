"""JupyterHub for a class: every student has a server in a container of their own.

`docker build -f docs/hub.Dockerfile -t trnlab .` makes the image, as does repo2docker. Then
`jupyterhub -f docs/jupyterhub_config.py`, behind a web server that speaks TLS. docs/teaching.md
tells what a student's server needs, where the figures come from and what was tried.
"""

import os
import sys

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
SPAWNER = os.environ.get("HUB_SPAWNER", "docker")  # "simple": no containers
c.JupyterHub.spawner_class = SPAWNER
if SPAWNER == "docker":
    # Where containers find the hub: the host's address on Docker's own bridge.
    c.JupyterHub.hub_ip = os.environ.get("HUB_IP", "172.17.0.1")
c.DockerSpawner.image = os.environ.get("TRNLAB_IMAGE", "trnlab")
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]  # Binder's image would start a plain Jupyter
c.DockerSpawner.remove = True  # a new container each time, from the same image
# What is guaranteed below, in Docker's own words: a spawner hands on the limits alone.
c.DockerSpawner.extra_host_config = {"mem_reservation": "300m", "cpu_shares": 51}

# One student: JupyterLab's server and a few pages or notebooks, each with a kernel.
c.Spawner.mem_guarantee = "300M"
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_guarantee = 0.05
c.Spawner.cpu_limit = 1
c.Spawner.http_timeout = 60
c.Spawner.start_timeout = 120
c.Spawner.default_url = "/voila/tree"  # the start page; "/lab" opens JupyterLab

# Servers that nobody uses end after an hour; needs the package jupyterhub-idle-culler.
CULLER = [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600", "--cull-every=300"]
c.JupyterHub.services = [{"name": "idle-culler", "command": CULLER}]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]

# Who may log in: choose an authenticator. Names and passwords of this machine are the default.
c.Authenticator.allow_all = os.environ.get("HUB_ALLOW_ALL") == "1"
