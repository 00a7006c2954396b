import { Counter, type Registry } from 'prom-client'

/** The status of a request whose client went away before it had its answer, as nginx has it. */
export const clientClosed = 499

/** Counts requests. `route` is a route's pattern, never a URL. */
export function requestMetrics(register: Registry): (method: string, route: string, status: number) => void {
  const requests = new Counter({
    name: 'bridge_http_requests_total',
    help: `Requests answered; ${clientClosed}: the client left before`,
    labelNames: ['method', 'route', 'status'],
    registers: [register],
  })
  return (method, route, status) => requests.inc({ method, route, status })
}
