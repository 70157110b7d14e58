/** Every example runs as it stands, says what it claims, and ends by itself. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../examples/', import.meta.url))
/** What an example exits with where a program is not installed: examples/real-servers.mjs. */
const EXIT_NOT_INSTALLED = 77
const TIMEOUT_MS = 600_000
/** By default jest and vitest give a test five seconds of the machine's time. */
const PATIENT = '--testTimeout=300000'

interface Example {
  readonly file: string
  /** What it prints where its claim holds; itself it asserts much more. */
  readonly prints: RegExp
  /** npm packages that it needs, beside Elko. */
  readonly packages?: readonly string[]
  /** What node is given in place of the file alone: a test runner. */
  readonly runner?: readonly string[]
}

const EXAMPLES: readonly Example[] = [
  { file: 'two-stacks.mjs', prints: /received 5 and closed first; both sides closed normally/ },
  { file: 'http.mjs', prints: /200 kB in \d+ ms over the same connection/ },
  { file: 'express.mjs', prints: /20 items, each posted once and stored once/, packages: ['express'] },
  { file: 'fastify.mjs', prints: /whole and in order/, packages: ['fastify'] },
  { file: 'undici.mjs', prints: /port 81: connect ECONNREFUSED 10\.0\.0\.2:81/, packages: ['undici'] },
  { file: 'axios.mjs', prints: /the path is back/, packages: ['axios'] },
  { file: 'ws.mjs', prints: /500 messages came back in order; closed with 1000 "enough"/, packages: ['ws'] },
  { file: 'tls.mjs', prints: /310000 octets of text in \d+ octets of TCP/ },
  { file: 'http2.mjs', prints: /50 streams over 1 connection/ },
  { file: 'grpc.mjs', prints: /100 calls, a stream of 5000, a chat of 100/, packages: ['@grpc/grpc-js'] },
  { file: 'pg.mjs', prints: /20000 rows over 4 connections/, packages: ['pg'] },
  { file: 'ioredis.mjs', prints: /connected again, next command answered/, packages: ['ioredis'] },
  { file: 'node-test.test.mjs', prints: /# pass 2\n# fail 0\n/, runner: ['--test-reporter=tap'] },
  {
    file: 'vitest.test.mjs',
    prints: /Tests {2}2 passed/,
    packages: ['vitest'],
    runner: ['node_modules/vitest/vitest.mjs', 'run', PATIENT],
  },
  {
    file: 'jest.test.mjs',
    prints: /Tests: {7}2 passed/,
    packages: ['jest'],
    runner: ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', PATIENT],
  },
]
/** Files of the folder that are no example of their own. */
const NO_EXAMPLES = ['certificate.mjs', 'link-elko.mjs', 'real-servers.mjs']

test('every example of the folder is tried here and stands in its README', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'))
  assert.deepEqual(files.sort(), [...EXAMPLES.map(({ file }) => file), ...NO_EXAMPLES].sort())
  const readme = readFileSync(`${folder}README.md`, 'utf8')
  for (const { file } of EXAMPLES)
    assert.ok(readme.includes(`(${file})`), `${file} is not in examples/README.md`)
})

describe('examples', { concurrency: 2 }, () => {
  for (const { file, prints, packages = [], runner = [] } of EXAMPLES) {
    const missing = packages.filter((name) => !existsSync(`${folder}node_modules/${name}`))
    const skip = missing.length > 0 && `not installed in examples/node_modules: ${missing.join(', ')}`
    test(file, { skip, timeout: TIMEOUT_MS }, async (t) => {
      const { code, output } = await run([...runner, file], t.signal)
      if (code === EXIT_NOT_INSTALLED) return t.skip(output.trim())
      assert.equal(code, 0, output)
      assert.match(output, prints)
    })
  }
})

/** Runs node in the folder of the examples, and hears all that it prints. */
function run(args: readonly string[], signal: AbortSignal): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      NODE_TEST_CONTEXT: undefined,
      // jest and vitest load the same files as other text: what V8 counts there would blur what other tests ran.
      NODE_V8_COVERAGE: undefined,
    }
    const child = spawn(process.execPath, args, { cwd: folder, env, signal })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
