/** A registry of npm's on loopback that has one package, as `npm publish` would have described it; all others are the real one's. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execa } from 'execa'

export interface Registry {
  url: string
  /** of the package */
  name: string
  close(): Promise<void>
}

export async function startRegistry(file: string): Promise<Registry> {
  const { stdout: real } = await execa('npm', ['config', 'get', 'registry'])
  const { stdout } = await execa('tar', ['-xzOf', file, 'package/package.json'])
  const described = JSON.parse(stdout) as { name: string; version: string; private?: boolean }
  // no package in a registry is
  delete described.private
  const { name, version } = described
  const tarball = readFileSync(file)
  const server = createServer(({ url = '/' }, response) => {
    if (url === `/${name}/-/package.tgz`) return void response.end(tarball)
    if (url !== `/${name}`) return void response.writeHead(302, { location: new URL(url.slice(1), real).href }).end()
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const dist = { tarball: `${address}/${name}/-/package.tgz`, integrity }
    const versions = { [version]: { ...described, _id: `${name}@${version}`, _hasShrinkwrap: true, dist } }
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `${address}/`,
    name,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
