# The base of both stages; `docker build --build-arg NODE_IMAGE=…` takes another one, such as a digest or a mirror. It
# needs Node 24, npm, a shell with find, and the user `node` (1000).
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The image brings its own Node, so no package has to run an install script. What Node never loads is half the size:
# types, source maps, tests, and the AWS SDK's second copy for bundlers.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && find node_modules -depth -type d \( -name dist-es -o -name dist-types -o -name test -o -name tests -o -name docs \
      -o -name examples -o -name benchmarks \) -exec rm -rf {} + \
 && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \
      -o -name '*.md' ! -iname 'licen[cs]e*' \) -exec rm -f {} +

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title=presignd \
      org.opencontainers.image.description="Presigned S3 uploads as a service" \
      org.opencontainers.image.licenses=Apache-2.0
ENV NODE_ENV=production \
    PORT=8080 \
    NODE_COMPILE_CACHE=/app/.compile-cache
WORKDIR /app
RUN mkdir -p /data .compile-cache && chown node:node /data .compile-cache \
 && ln -s /app/bin/presignd.js /usr/local/bin/presignd
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY gen gen
COPY src src
USER 1000:1000
# One start while building leaves compiled code in the image, for this user alone: a read-only root can keep none of its
# own. The store and the key that it makes are gone before the layer ends.
RUN mkdir /tmp/first && export HOST=127.0.0.1 PORT=0 DATABASE_URL=sqlite:/tmp/first/presignd.db PRESIGND_BUCKET=none \
      AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
 && { node bin/presignd.js serve >/tmp/first/log 2>/dev/null & } \
 && until grep -q '"listening"' /tmp/first/log; do kill -0 $! && sleep 0.1 || exit 1; done \
 && kill $! && wait $! && rm -r /tmp/first
# Where the default store is made. DATABASE_URL itself stays unset, because DATABASE_URL_FILE must not meet another one.
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/presignd.js"]
CMD ["serve"]
