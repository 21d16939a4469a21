# Installed in one image, run in another that has neither pip's cache nor the build tools.
FROM python:3.11-slim AS build
RUN python -m venv /opt/build && python -m venv /opt/watermaster
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && /opt/watermaster/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY hydro hydro
COPY storage storage
COPY ingest ingest
COPY alerting alerting
COPY simulators simulators
COPY dashboards dashboards
COPY watermaster watermaster
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
 && /opt/watermaster/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.11-slim
COPY --from=build /opt/watermaster /opt/watermaster
ENV PATH=/opt/watermaster/bin:$PATH PYTHONUNBUFFERED=1
# The volume takes over the owner of the folder that it covers.
RUN useradd --system --uid 10001 --home-dir /var/lib/watermaster --create-home watermaster
USER watermaster
WORKDIR /var/lib/watermaster
EXPOSE 8080
ENTRYPOINT ["watermaster"]
CMD ["run"]
