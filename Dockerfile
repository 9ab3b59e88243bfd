# Spy in a container: `spy run`, as a user who owns nothing but /data, on a root file system that may be read-only.
#
# The base is pinned by digest, so that two builds are the same. For a newer one, put its digest here:
#   docker buildx imagetools inspect python:3.11-slim --format '{{ .Manifest.Digest }}'
ARG PYTHON=python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7

# What builds Spy stays in this stage. /spy is what it runs with, and the list of it: /spy/sbom.json.
FROM ${PYTHON} AS build
WORKDIR /build
COPY requirements-build.lock requirements-run.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements-build.lock \
 && python -m venv --without-pip /spy \
 && pip --python /spy/bin/python install --no-cache-dir --require-hashes --requirement requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY plugins plugins
COPY templates templates
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /spy/bin/python install --no-cache-dir --no-deps dist/*.whl \
 && cyclonedx-py environment --output-reproducible --output-file /spy/sbom.json /spy/bin/python

FROM ${PYTHON}
RUN useradd --uid 10001 --create-home --home-dir /data spy
COPY --from=build /spy /spy
# Many threads share two heaps. With a heap for nearly each of them, freed memory is kept in all of them.
ENV PATH=/spy/bin:$PATH PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 3000
# It asks at the port that web: in config.yaml says. With the configuration elsewhere, set SPY_CONFIG.
HEALTHCHECK --interval=15s --timeout=8s --start-period=15s CMD ["spy", "ready"]
ENTRYPOINT ["spy"]
CMD ["run"]
