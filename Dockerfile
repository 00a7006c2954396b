# what the server needs at run time
FROM node:22-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY deploy/prune-modules.js ./deploy/
# No install scripts: the CLI's one would only copy its 370 MB binary a second time, so its command is made a link to the first.
# The SQLite package is for a Node that has none of its own. What is never read is removed in the same layer.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/@photostructure/sqlite \
 && node deploy/prune-modules.js \
 && cd node_modules/.bin && ln -sf ../@anthropic-ai/claude-code-linux-*/claude claude && test -x claude


FROM modules AS build
# the compiler and the types; the CLI's binary is an optional package and not needed here
RUN npm ci --omit=optional --ignore-scripts
# .dockerignore says what there is to copy
COPY . .
RUN npx tsc -p . --sourceMap false --incremental false


FROM node:22-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
WORKDIR /app
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/routes/dashboard.html ./routes/
COPY package.json .mcp.json ./
# `claude setup-token` and `claude auth login` work in the container. State and login live in volumes that are open to the
# group root and to no other user: a container started with any other uid has that group. /files is for a FILES_DIR that servers share.
RUN ln -s /app/node_modules/.bin/claude /usr/local/bin/claude \
 && install -d -m 0770 -o node -g root /data /claude /files
# HOME is a place that every uid can write to, on a read-only root file system too
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3010 \
    DATA_DIR=/data \
    CLAUDE_CONFIG_DIR=/claude \
    HOME=/tmp
# `node`, as a number: Kubernetes takes no name for a proof that this is not root
USER 1000
VOLUME ["/data", "/claude"]
EXPOSE 3010
# ready to be sent work, or only busy; what is not well stands in `docker inspect`
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["node", "dist/src/health-check.js"]
# tini reaps what the CLI's children leave and passes signals on
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/src/server.js"]
