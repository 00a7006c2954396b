/** The files in `deploy/`: valid by their schemas, and what they set is what the server knows. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Registry } from 'prom-client'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { loginHint } from '../../src/claude/credential-hint.js'
import { secrets } from '../../src/config/secret-files.js'
import { variableNames } from '../../src/config/environment.js'
import { jobMetrics } from '../../src/metrics/jobs.js'
import { requestMetrics } from '../../src/metrics/requests.js'
import { type State, stateMetrics } from '../../src/metrics/state.js'
import { composeFaults, kubernetesFaults, type Manifest } from './schemas.js'

const root = path.join(import.meta.dirname, '../../../deploy')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

interface Service {
  environment?: Record<string, string | null>
  secrets?: string[]
  image: string
  stop_grace_period?: string
}
interface Compose {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
}

const compose = parse(read('compose.yaml'), { merge: true }) as Compose
const manifests = readdirSync(path.join(root, 'kubernetes')).flatMap((file) =>
  parseAllDocuments(read(`kubernetes/${file}`)).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!
    return document.toJS() as Manifest
  }),
)

/** What the server reads, and what its CLI takes with it. */
const known = [
  ...variableNames,
  ...secrets,
  ...secrets.map((name) => `${name}_FILE`),
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN_FILE',
  'CONFIG',
]

await t.test('compose', async (t) => {
  t.strictSame(composeFaults(compose), [])
  t.not(composeFaults({ ...compose, servicess: {} }).length, 0, 'the schema finds what it does not know')
  const servers = Object.entries(compose.services).filter(([name]) => name.startsWith('bridge-'))
  t.equal(servers.length, 3)
  for (const [, { environment = {}, stop_grace_period: grace }] of servers) {
    t.strictSame(
      Object.keys(environment).filter((name) => !known.includes(name)),
      [],
    )
    t.ok(Number.parseInt(grace!) > Number(environment['DRAIN_S']) + 4)
  }
  const nginx = read('nginx.conf')
  const targets = (parse(read('prometheus.yaml')) as { scrape_configs: { static_configs: { targets: string[] }[] }[] }).scrape_configs
  for (const [name] of servers) {
    t.ok(nginx.includes(`server ${name}:3010 `), `${name} is behind the balancer`)
    t.ok(targets[0]!.static_configs[0]!.targets.includes(`${name}:3010`), `${name} is scraped`)
  }
  t.match(nginx, /proxy_buffering off;/)
  const used = Object.values(compose.services).flatMap(({ secrets: names = [] }) => names)
  t.strictSame([...new Set(used)].sort(), Object.keys(compose.secrets).sort())
})

await t.test('Kubernetes', async (t) => {
  t.strictSame(await kubernetesFaults(manifests), [])
  const deployment = manifests.find(({ kind }) => kind === 'Deployment')!
  const odd = structuredClone(deployment) as unknown as { spec: { template: { spec: Record<string, unknown> } } }
  odd.spec.template.spec['terminationGracePeriodSecond'] = 1
  t.match(await kubernetesFaults([odd as unknown as Manifest]), [/terminationGracePeriodSecond/], 'a member that it does not know is found')

  const config = manifests.find(({ kind }) => kind === 'ConfigMap') as Manifest & { data: Record<string, string> }
  t.strictSame(
    Object.keys(config.data).filter((name) => !known.includes(name)),
    [],
  )
  const { terminationGracePeriodSeconds: grace, containers } = (
    deployment as unknown as { spec: { template: { spec: { terminationGracePeriodSeconds: number; containers: Container[] } } } }
  ).spec.template.spec
  const [bridge] = containers
  const sleep = Number(bridge!.lifecycle.preStop.exec.command[1])
  t.ok(grace > sleep + Number(config.data['DRAIN_S']) + 4)
  t.equal(bridge!.readinessProbe.httpGet.path, '/health/ready')
  t.equal(bridge!.livenessProbe.httpGet.path, '/health')
  const secret = manifests.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === 'claude-bridge') as Manifest & {
    stringData: Record<string, string>
  }
  for (const file of Object.values(config.data).filter((value) => value.startsWith('/run/bridge/'))) {
    t.ok(path.basename(file) in secret.stringData, `${file} is in the secret`)
  }
})

await t.test('what the documents say', async (t) => {
  const docs = readdirSync(path.join(root, '../docs')).filter((file) => file.endsWith('.md'))
  for (const file of ['README.md', ...docs.map((name) => `docs/${name}`)]) {
    t.notMatch(read(`../${file}`), /npx claude /, `${file} sends no one to another package of that name`)
  }
  t.notMatch(loginHint, /npx claude /)
  const manifests = [...read('../docs/elsewhere.md').matchAll(/```yaml\n(.*?)\n```/gs)].map(([, text]) => parse(text!) as { spec?: object })
  const deployment = manifests.find(({ spec }) => spec !== undefined)!
  const whole = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'bridge' },
    ...structuredClone(deployment),
  } as unknown as Whole
  whole.spec.selector = { matchLabels: { app: 'bridge' } }
  whole.spec.template.metadata = { labels: { app: 'bridge' } }
  t.strictSame(await kubernetesFaults([whole as unknown as Manifest]), [], 'the manifest')
  const [bridge] = whole.spec.template.spec.containers
  t.match(read('../Dockerfile'), `CMD ${JSON.stringify(bridge!.args).replace(',', ', ')}`, "args are the image's own")
})

await t.test('the dashboard asks for metrics that there are', async (t) => {
  const register = new Registry()
  requestMetrics(register)
  jobMetrics(register)
  const none: State = {
    queued: 0,
    maxQueued: 0,
    running: 0,
    slots: 0,
    warm: { ready: 0, starting: 0, parked: 0 },
    limits: [],
    processes: { live: 0, started: 0 },
    oddLines: {},
  }
  stateMetrics(register, () => none)
  const names = register.getMetricsAsArray().map(({ name }) => name)
  const board = JSON.parse(read('grafana-dashboard.json')) as { panels: { targets: { expr: string }[] }[] }
  const asked = board.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/\bbridge_\w+/g) ?? []))
  t.ok(asked.length > 10)
  t.strictSame(
    [...new Set(asked.map((name) => name.replace(/_bucket$/, '')))].filter((name) => !names.includes(name)),
    [],
  )
})

interface Container {
  lifecycle: { preStop: { exec: { command: string[] } } }
  readinessProbe: { httpGet: { path: string } }
  livenessProbe: { httpGet: { path: string } }
}

interface Whole {
  spec: { selector?: object; template: { metadata?: object; spec: { containers: (Container & { args: string[] })[] } } }
}
