# The relay as an image, with the page in it. docs/operating.md says how to build and run it, xtask/tests/dockerfile.rs
# keeps its commands those of the README and of the tests.

FROM rust:1.95-slim-trixie AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev nodejs npm
WORKDIR /src
COPY package.json package-lock.json ./
# Binaryen makes the page's module small.
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN cargo xtask wasm && cargo build --release -p relay

FROM debian:trixie-slim
# For `--trust system`.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/mp-relay /usr/local/bin/mp-relay
# Like a name, but Kubernetes can see that it is not root.
USER 65532:65532
ENV MP_RELAY_LISTEN=0.0.0.0:8080
# Memory of long lines is given back to the system (docs/operating.md, "Memory").
ENV MALLOC_MMAP_THRESHOLD_=16384
EXPOSE 8080
HEALTHCHECK --start-period=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r answer <&3 && [[ $answer == *' 200 '* ]]"]
ENTRYPOINT ["/usr/local/bin/mp-relay"]
