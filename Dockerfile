# One image for every role.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
# A number that hosts can name: files of secrets belong to it, see docker-compose.yml.
RUN useradd --system --uid 10001 --home /var/lib/floodgate floodgate \
    && mkdir -p /var/lib/floodgate/snapshots && chown -R floodgate /var/lib/floodgate \
    && chmod -R go-rwx /var/lib/floodgate
COPY --from=build /source/target/release/floodgate /usr/local/bin/floodgate
USER 10001
# What a command keeps by default is kept here, where this user may write.
WORKDIR /var/lib/floodgate
EXPOSE 8080
ENTRYPOINT ["floodgate"]
CMD ["--help"]
