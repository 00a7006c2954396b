/** OpenAPI 3.1 from the schemas that validate, at `/openapi.json`, and a page to try it at `/docs`. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform } from '@fastify/type-provider-zod'
import fp from 'fastify-plugin'
import { name, version } from '../version.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The OpenAPI document, as the server is now. */
    document(): object
  }
  interface FastifyContextConfig {
    /** What a 200 of the route may be beside the JSON of its schema: server-sent events, described in these words. */
    eventStream?: string
    /** A 200 of the route that is no JSON: its media type, and what it is. */
    produces?: { type: string; description: string }
    /** How the document calls the rest of the path that the route's `*` stands for. */
    wildcard?: string
  }
}

type Transform = typeof jsonSchemaTransform
type Described = ReturnType<Transform>

export default fp(
  async (app, { keyed }: { keyed: () => boolean }) => {
    const secured = (document: object) => (keyed() ? { ...document, security: [{ bearer: [] }] } : document)
    app.decorate('document', () => secured(app.swagger()))
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: name,
          version,
          description: 'The Claude CLI behind an OpenAI-compatible API. Every request is a job: stream it, await it or poll it.',
        },
        components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      },
      transform: (route: Parameters<Transform>[0]) => {
        const { config } = route.route
        let described = jsonSchemaTransform(route)
        if (config?.wildcard !== undefined) described = nameWildcard(described, config.wildcard)
        if (config?.produces !== undefined) described = addText(described, config.produces)
        if (config?.eventStream !== undefined) described = addEventStream(described, config.eventStream)
        return described
      },
    })
    await app.register(swaggerUi, { routePrefix: '/docs', transformSpecification: (document) => secured(document) })
  },
  { name: 'openapi' },
)

/** `*` is no name of a parameter in a document. */
function nameWildcard({ schema, url }: Described, name: string): Described {
  const known = (schema.params as { properties?: Record<string, object> } | undefined)?.properties ?? {}
  const properties = Object.fromEntries(Object.entries(known).map(([key, value]) => [key === '*' ? name : key, value]))
  const named = { [name]: { type: 'string' }, ...properties }
  const params = { type: 'object', properties: named, required: Object.keys(named) }
  return { schema: { ...schema, params }, url: url.replace('*', `:${name}`) }
}

function addText({ schema, url }: Described, { type, description }: { type: string; description: string }): Described {
  const answer = { description, content: { [type]: { schema: { type: 'string' } } } }
  return { schema: { ...schema, response: { ...(schema.response as object | undefined), 200: answer } }, url }
}

function addEventStream({ schema, url }: Described, description: string): Described {
  const response = schema.response as Record<string, object>
  const events = { 'text/event-stream': { schema: { type: 'string', description } } }
  const json = response['200'] === undefined ? {} : { 'application/json': { schema: response['200'] } }
  return { schema: { ...schema, response: { ...response, 200: { description, content: { ...json, ...events } } } }, url }
}
