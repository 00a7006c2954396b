/** Tells other servers of jobs that have ended. */
import fp from 'fastify-plugin'
import { type Webhooks, openWebhooks } from '../webhooks/open.js'

declare module 'fastify' {
  interface FastifyInstance {
    webhooks: Webhooks
  }
}

export interface WebhooksPluginOptions {
  /** milliseconds between the tries of a webhook; left out: hours in the end */
  delays?: readonly number[] | undefined
}

export default fp(
  async (app, { delays }: WebhooksPluginOptions) => {
    // with an error it is a fault of ours, without one a fault of the receiver
    const onTrouble = (message: string, error?: unknown) => {
      if (error === undefined) app.log.warn(message)
      else app.log.error({ err: error }, message)
    }
    app.decorate('webhooks', openWebhooks(app.store, app.config, onTrouble, delays))
  },
  { name: 'webhooks', dependencies: ['store'] },
)
