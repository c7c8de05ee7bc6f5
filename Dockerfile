# Two stages: what builds the packages stays out of the image that runs.
FROM python:3.11-slim AS build
# Which embedders come along: bundled, clip, or both.
ARG EXTRAS=bundled
# For `clip`: an index with CPU builds of torch keeps gigabytes of CUDA out.
ARG PIP_EXTRA_INDEX_URL=
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY offline offline
COPY bot bot
COPY web web
RUN pip install --no-cache-dir ".[web,${EXTRAS}]"

FROM python:3.11-slim
RUN useradd --uid 1000 --create-home guide && mkdir /data && chown guide /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GUIDE_DATA_DIR=/data \
    HF_HOME=/data/cache/hub
USER guide
WORKDIR /home/guide
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["python", "-m", "bot.health"]
CMD ["python", "-m", "bot"]
