# The image of web, worker and beat: the packages of the runtime lock, the code, and nothing to build with.
FROM python:3.11-slim-bookworm AS build

WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH

COPY requirements/ requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/installer.lock \
    && uv pip install --no-cache --python /venv/bin/python --require-hashes -r requirements/runtime.lock

COPY . .
# Static files as production serves them, compressed and named by their content. The secret signs nothing.
RUN DATABASE_URL=postgresql:///build PORTAL_SECRET_KEY=only-while-building \
    PORTAL_HOME=/tmp/build PORTAL_STATIC_ROOT=/app/static-served \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q /app


FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin portal \
    && install --directory --owner portal --mode 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app

WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=portal.settings \
    PORTAL_PRODUCTION=1 \
    PORTAL_HOME=/data \
    PORTAL_STATIC_ROOT=/app/static-served
USER portal
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "granian", "portal.wsgi:application", "--interface", "wsgi", "--no-ws", \
     "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", \
     "--respawn-failed-workers", "--workers-kill-timeout", "10"]
