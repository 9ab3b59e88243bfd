# Spy in a container: `spy run`, as a user who owns nothing but /data.
FROM python:3.11-slim

WORKDIR /spy
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY plugins plugins
COPY templates templates
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
 && useradd --create-home --home-dir /data spy

USER spy
WORKDIR /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD \
  ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/readyz', timeout=4)"]
ENTRYPOINT ["spy"]
CMD ["run"]
