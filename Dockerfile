# The web page in a container, without GPL codecs: libsndfile from soundfile's wheel, no FFmpeg, no extra `media`.
#
#   docker build -t otowake .
#   docker run --read-only -v otowake-tmp:/tmp --cap-drop ALL --security-opt no-new-privileges \
#     --memory 6g --pids-limit 512 -p 127.0.0.1:7860:7860 -v "$PWD/password:/run/password:ro" otowake
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --prefix /install ".[web,score]"

FROM python:3.11-slim
COPY --from=build /install /usr/local
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin otowake
USER otowake
ENV HOME=/tmp XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 7860
ENTRYPOINT ["otowake", "serve", "--host", "0.0.0.0"]
CMD ["--password-file", "/run/password"]
