/** Validators with a parser behind them. */
import path from 'node:path'
import t from 'tap'
import { outcome, table } from './helper.js'

const fenced = (label: string, code: string) => `Here it is:\n\n\`\`\`${label}\n${code}\n\`\`\`\nEnjoy.`

await t.test('schema', async (t) => {
  const of = (schema: object) => ({ schema })
  const person = of({
    type: 'object',
    required: ['age'],
    properties: { age: { type: 'integer', minimum: 0 } },
    additionalProperties: false,
  })
  await table(t, 'schema', [
    [person, true, '{"age":3}'],
    [person, true, '```json\n{"age":3}\n```'],
    [person, false, '{"age":-1}'],
    [person, false, '{"age":"3"}'],
    [person, false, '{}'],
    [person, false, '{"age":1,"x":1}'],
    [person, false, 'prose'],
    [person, false, '[]'],
    [of({ prefixItems: [{ const: 1 }], items: false }), false, '[1,2]'],
    [of({ items: [{ const: 1 }], additionalItems: false }), false, '[1,2]'],
    [
      of({ $schema: 'http://json-schema.org/draft-07/schema#', definitions: { a: { type: 'string' } }, $ref: '#/definitions/a' }),
      false,
      '1',
    ],
    [of({ $schema: 'http://json-schema.org/draft-06/schema#', type: 'string' }), true, '"a"'],
    [of({ $schema: 'https://json-schema.org/draft/2020-12/schema', dependentRequired: { a: ['b'] } }), false, '{"a":1}'],
    [of({ $schema: 'https://json-schema.org/draft/2019-09/schema', type: 'null' }), true, 'null'],
    [of({ format: 'email' }), false, '"x"'],
    [of({ format: 'email' }), true, '"a@example.com"'],
    [of({ format: 'no-such', own: 1 }), true, '"x"'],
    [
      of({ $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } }, required: ['v'] } }, $ref: '#/$defs/n' }),
      false,
      '{"v":1,"next":{}}',
    ],
    [of({ pattern: '^[\\w\\.-]+$' }), true, '"a.b"'],
    [of({ required: ['__proto__'] }), false, '{}'],
    [of({ $id: 'https://example.com/s', $defs: { a: { type: 'number' } }, $ref: 'https://example.com/s#/$defs/a' }), true, '1'],
  ])
  const found = await outcome('schema', person, '{"age":-1,"x":1}')
  t.match(found, { errors: [{ mend: 'Leave out "x".' }, { message: "'age' must be >= 0.", path: 'age' }] })
  const many = await outcome('schema', of({ items: { type: 'string' } }), JSON.stringify(Array(5000).fill(1)))
  t.match(many, { errors: { length: 21 } })
})

await t.test('code', async (t) => {
  const good: Record<string, string> = {
    python:
      'def f(x: int) -> int:\n    """Doc."""\n    with (open("a") as a, open("b") as b):\n        match x:\n            case 1:\n                pass\n    return f"{x=}"',
    javascript: 'const a = async (x) => (await x)?.y ?? 1\nexport class A { #b = 1 }',
    typescript: 'const a = <T,>(x: T): x is T => x satisfies unknown as never',
    tsx: 'const a = <div b={1}>x</div>',
    go: 'package main\n\nfunc main() { println("a") }',
    rust: 'fn main() { let x: Vec<u8> = vec![1]; }',
    java: 'class A { void f() { int x = 1; } }',
    cpp: 'template<class T> int f(T&& x) { return x; }',
    csharp: 'class A { int F() => 1; }',
    php: '<?php echo 1;',
    ruby: 'def f(x)\n  x + 1\nend',
    bash: 'for i in 1 2; do echo "$i"; done',
    css: 'a { color: red }',
    json: '{"a": 1}',
    yaml: 'a:\n  - 1',
  }
  const bad: Record<string, string> = {
    python: 'def my_func(x)\n  return x*2',
    javascript: 'function f( {',
    typescript: 'let x: = 3',
    tsx: 'const a = <div>',
    go: 'func main( {',
    rust: 'fn main() { let = ; }',
    java: 'class A { void f( }',
    cpp: 'int f( {',
    csharp: 'class A { int F( }',
    php: '<?php echo (1;',
    ruby: 'def f(x',
    bash: 'for i in 1 2; do echo',
    css: 'a { color',
    json: '{a: 1}',
    yaml: 'a: [1',
  }
  for (const language of Object.keys(good)) {
    await table(t, 'code', [
      [{ language }, true, good[language]!],
      [{ language }, true, fenced(language, good[language]!)],
      [{}, true, fenced(language, good[language]!)],
      [{ language }, false, bad[language]!],
      [{ language }, false, fenced(language, bad[language]!)],
      [{}, false, fenced(language, bad[language]!)],
    ])
  }
  await table(t, 'code', [
    [{ language: 'Python' }, false, ''],
    [{ language: 'python' }, false, 'The factorial of a number is a product.'],
    [{ language: 'py' }, false, 'if x:\nprint(1)'],
    [{ language: 'python' }, true, fenced('', 'x = 1')],
    [{ language: 'python' }, false, fenced('js', 'let x')],
    [{ language: 'python' }, false, fenced('python', '')],
    [{ language: 'python' }, true, `${fenced('python', 'x = 1')}\nOutput:\n${fenced('', 'not = = python')}`],
    [{ language: 'python' }, false, `${fenced('python', 'x = 1')}\n${fenced('py', 'x = = 1')}`],
    [{ language: 'python', block: 'required' }, false, 'x = 1'],
    [{}, false, 'prose'],
    [{}, true, fenced('klingon', 'anything')],
    [{ language: 'python' }, true, '~~~python\nx = "```"\n~~~'],
  ])
  t.match(await outcome('code', { language: 'python' }, fenced('python', 'x = 1\ny = = 2')), {
    errors: [{ message: /line 2, column/, path: /^line 2/ }],
  })
})

await t.test('sql', async (t) => {
  const dialects = ['postgresql', 'mysql', 'mariadb', 'sqlite', 'bigquery', 'snowflake', 'redshift', 'trino', 'hive', 'db2', 'tsql']
  for (const dialect of dialects) {
    await table(t, 'sql', [
      [{ dialect }, true, 'SELECT a, count(*) FROM t WHERE b = 1 GROUP BY a'],
      [{ dialect }, false, 'SELECT FROM WHERE ('],
    ])
  }
  await table(t, 'sql', [
    [{}, true, 'INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING;'],
    [{}, true, fenced('sql', 'SELECT 1;\nDELETE FROM t;')],
    [{}, true, 'SELECT `a` FROM `t`'],
    [{ dialect: 'postgres' }, false, 'SELECT `a` FROM `t`'],
    [{}, false, 'SELEC 1'],
    [{}, false, ''],
    [{}, false, '-- nothing'],
    [{}, false, 'I cannot write SQL.'],
    [{}, false, fenced('python', 'x = 1')],
    [{ dialect: 'PostgreSQL' }, true, "SELECT data->>'a' FROM t WHERE tags @> ARRAY['é']"],
  ])
  t.match(await outcome('sql', { dialect: 'postgresql' }, 'SELECT 1\nFROM FROM'), { errors: [{ path: 'line 2, column 6' }] })
})

await t.test('openapi_spec', async (t) => {
  const spec = (more: object = {}, openapi = '3.1.0') => JSON.stringify({ openapi, info: { title: 'T', version: '1' }, paths: {}, ...more })
  const yaml =
    'openapi: 3.0.3\ninfo:\n  title: T\n  version: "1"\npaths:\n  /a:\n    get:\n      responses:\n        "200":\n          description: ok\n'
  const dangling = {
    paths: {
      '/a': {
        get: {
          responses: { 200: { description: 'x', content: { 'application/json': { schema: { $ref: '#/components/schemas/None' } } } } },
        },
      },
    },
  }
  await table(t, 'openapi_spec', [
    [{}, true, spec()],
    [{}, true, yaml],
    [{}, true, `\`\`\`yaml\n${yaml}\`\`\``],
    [{ version: '3.0' }, true, yaml],
    [{ version: '3.1' }, false, yaml],
    [{}, true, '{"swagger":"2.0","info":{"title":"T","version":"1"},"paths":{}}'],
    [{}, false, spec({ info: {} })],
    [{}, false, spec({}, '9.0')],
    [{}, false, spec(dangling)],
    [{}, false, ''],
    [{}, false, 'prose'],
    [{}, false, '[]'],
    [{}, false, 'null'],
    [{}, false, 'a: [1'],
    [{}, false, '{"openapi":3}'],
  ])
  const file = path.join(t.testdir({ 'spec.json': spec() }), 'spec.json')
  t.equal((await outcome('openapi_spec', {}, file)).kind, 'failed', 'an answer is never read as the name of a file')
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
    .join('\n')}`
  t.not((await outcome('openapi_spec', {}, bomb)).kind, 'passed')
})
