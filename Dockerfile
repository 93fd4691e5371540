# syntax=docker/dockerfile:1

# The wheel, and everything that it needs, in an environment of its own.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/campaign
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY campaign campaign
COPY templates templates
COPY man man
RUN /opt/campaign/bin/pip install ".[cluster]" \
    && find /opt/campaign -name __pycache__ -prune -exec rm -rf {} + \
    && /opt/campaign/bin/pip uninstall --yes pip

# Only Python and that environment: no source, no build tools.
FROM python:3.13-slim
LABEL org.opencontainers.image.title="campaign" \
      org.opencontainers.image.description="Send a personalised chat message to every row of a spreadsheet" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/campaign/bin:$PATH PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
# A journal belongs to its owner alone, so its user has one number in every image: docker run --user chooses another.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin campaign \
    && install --directory --owner=campaign --group=campaign /campaigns
COPY --from=build /opt/campaign /opt/campaign
USER campaign
# Campaign files, lists, journals and results: docker run -v "$PWD:/campaigns" … run tet-offer.toml --yes
WORKDIR /campaigns
VOLUME /campaigns
# Docker sends SIGTERM and, ten seconds later, SIGKILL: campaign ends within its timeout, 30 s unless set otherwise, so
# stop it with `docker stop --time 60`. A killed delivery loses no row either; `resume` goes on.
STOPSIGNAL SIGTERM
ENTRYPOINT ["campaign"]
CMD ["--help"]
