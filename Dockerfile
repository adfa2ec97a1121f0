# Motamot in a container: no root, a read-only system, one writable volume (the index, the model, the journal).
#
#   docker build -t motamot .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --memory 3g \
#       -p 127.0.0.1:7860:7860 -v motamot:/data motamot
#
# With your own corpus and settings:  -v ./mon-corpus:/corpus:ro -e MOTAMOT_CORPUS=/corpus
#                                     -v ./motamot.toml:/etc/motamot/motamot.toml:ro
# Behind a proxy in another container: -e MOTAMOT_TRUSTED_PROXIES="172.16.0.0/12"
# With indexes in PostgreSQL:          docker build --build-arg EXTRAS='[postgres]' -t motamot .
# Elsewhere than from PyPI:            docker build --build-arg PIP_INDEX_URL=… --build-arg PIP_EXTRA_INDEX_URL=…

FROM python:3.11-slim AS build
ARG PIP_INDEX_URL
ARG EXTRAS=
# PyTorch's CPU build, in place of the one of PyPI and its 2.7 GB of CUDA packages.
ARG PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY corpus corpus
COPY index index
COPY bot bot
RUN pip wheel --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/motamot \
    && /opt/motamot/bin/pip install --only-binary :all: "$(echo /wheels/motamot-*.whl)$EXTRAS"

FROM python:3.11-slim
COPY --from=build /opt/motamot /opt/motamot
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin motamot \
    && install -d -o motamot -g motamot -m 0700 /data \
    && install -d /etc/motamot
# /dev/shm is writable in every container, and nowhere on a disk.
ENV PATH=/opt/motamot/bin:$PATH \
    MOTAMOT_HOME=/data \
    TMPDIR=/dev/shm \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /data
# Where motamot.toml is looked for.
WORKDIR /etc/motamot
EXPOSE 7860
# The first start unpacks the model and builds the index.
HEALTHCHECK --start-period=300s --interval=30s --timeout=10s --retries=3 \
    CMD ["python", "-c", "from urllib.request import *; build_opener(ProxyHandler({})).open('http://127.0.0.1:7860/healthz', timeout=8)"]
CMD ["motamot", "serve", "--host", "0.0.0.0", "--port", "7860"]
