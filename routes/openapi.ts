/** `GET /openapi.json` */
import type { FastifyPluginAsync } from 'fastify'

const openapiRoute: FastifyPluginAsync = async (app) => {
  app.get('/openapi.json', { config: { public: true }, schema: { hide: true } }, async () => app.document())
}

export default openapiRoute
