# One student's server, without conda: `docker build -f docs/hub.Dockerfile -t trnlab .`
# docs/jupyterhub_config.py starts it. Binder's image (`jupyter-repo2docker`) does as well.
ARG BASE=python:3.11-slim
FROM ${BASE}

# jupyterhub: the version that the hub runs, as both talk to each other.
ARG HUB=6.1.1
RUN useradd --create-home --home-dir /srv/student --uid 1000 student
COPY lock/lab.txt /tmp/lab.txt
RUN python3 -m venv /srv/venv \
 && /srv/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/lab.txt \
 && /srv/venv/bin/pip install --no-cache-dir jupyterhub==${HUB} nbgitpuller==1.3.0 \
 && chown -R student /srv/venv
ENV PATH=/srv/venv/bin:${PATH}

COPY --chown=student . /srv/student
USER student
WORKDIR /srv/student
RUN ./binder/postBuild
EXPOSE 8888
ENTRYPOINT ["./binder/start"]
CMD ["jupyterhub-singleuser", "--ip=0.0.0.0"]
