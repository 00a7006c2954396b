import t from 'tap'
import { isAllowedOrigin, readAllowedOrigins } from '../../src/http/origins.js'

const host = 'bridge.example:3010'

await t.test('who is let in', async (t) => {
  for (const origin of [
    'http://bridge.example:3010',
    'https://bridge.example:3010',
    'http://localhost',
    'http://localhost:5173',
    'https://app.localhost',
    'http://127.0.0.1:8080',
    'http://[::1]:3000',
    'app://obsidian.md',
    'tauri://localhost',
    'capacitor://localhost',
    'vscode-webview://1a2b3c',
    'vscode-file://vscode-app',
  ]) {
    t.ok(isAllowedOrigin(origin, host, []), origin)
  }
  for (const origin of [
    'null',
    '',
    'https://evil.example',
    'http://bridge.example',
    'ftp://localhost',
    'file://',
    'chrome-extension://abc',
    'moz-extension://abc',
    'app://',
    'myapp://x',
    'http://localhost@evil.example',
    'http://evil.example@localhost',
    'http://localhost:99999',
    'http://localhost.evil.example',
    'http://localhost/path',
    'http://localhost, http://evil.example',
    'http://127.1',
    'app://x, https://evil.example',
    'javascript:alert(1)',
    'http://10.0.0.1',
  ]) {
    t.notOk(isAllowedOrigin(origin, host, []), origin)
  }
  t.notOk(isAllowedOrigin('http://undefined', undefined, []))
})

await t.test('ALLOWED_ORIGINS', async (t) => {
  const allowed = readAllowedOrigins('https://App.example:443, chrome-extension://AbC,http://10.0.0.1:8080')
  t.strictSame(allowed, ['https://app.example', 'chrome-extension://abc', 'http://10.0.0.1:8080'])
  t.ok(isAllowedOrigin('https://app.example', host, allowed))
  t.ok(isAllowedOrigin('chrome-extension://abc', host, allowed))
  t.notOk(isAllowedOrigin('https://x.app.example', host, allowed))
  t.notOk(isAllowedOrigin('http://app.example', host, allowed))
  for (const bad of [
    'null',
    '*',
    'https://*',
    'https://app.example/',
    'app.example',
    'https://a b',
    'https://u@a',
    'https://a:99999',
    'https://',
  ]) {
    t.throws(() => readAllowedOrigins(bad), /is no origin/, bad)
  }
})
