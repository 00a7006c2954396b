/** HTTP by hand, for what no client would send. */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** Writes bytes to a fresh connection and reads the one answer, until it is complete or the connection ends. */
export async function exchange(port: number, bytes: string): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(bytes)
  let text = ''
  const ended = once(socket, 'close')
  const whole = new Promise<void>((resolve) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
      const head = text.indexOf('\r\n\r\n')
      const bare = /^HTTP\/1\.1 (204|304) /.test(text)
      if (head !== -1 && (bare || (length !== undefined && text.length >= head + 4 + Number(length)))) resolve()
    })
  })
  await Promise.race([whole, ended, new Promise((resolve) => setTimeout(resolve, 20_000).unref())])
  socket.destroy()
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = Object.fromEntries(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
  return { status: Number(line.split(' ')[1] ?? 0), headers, body }
}

/** A request whose headers are all given by hand. */
export function request(line: string, headers: Record<string, string>, body = ''): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\n${fields.join('')}\r\n${body}`
}
