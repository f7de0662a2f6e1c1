# One image for every role.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --home /var/lib/floodgate floodgate \
    && mkdir -p /var/lib/floodgate/snapshots && chown -R floodgate /var/lib/floodgate
COPY --from=build /source/target/release/floodgate /usr/local/bin/floodgate
USER floodgate
ENTRYPOINT ["floodgate"]
CMD ["--help"]
