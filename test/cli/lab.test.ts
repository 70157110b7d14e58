/** `elko lab`: the page as a file, and on loopback until it is interrupted. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { elko, MAIN, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Starts the server, gives its port to `body`, and ends it by `signal`. @returns its exit code. */
async function withLab(
  args: readonly string[],
  signal: NodeJS.Signals,
  body: (port: number) => Promise<void>,
  env: NodeJS.ProcessEnv = process.env,
) {
  const child = spawn(process.execPath, [MAIN, 'lab', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = ''
      child.stdout.on('data', (part: Buffer) => {
        said += part
        const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(said)
        if (found !== null) resolve(found[1]!)
      })
      child.on('exit', () => reject(new Error(`it ended: ${said}`)))
    })
    await body(Number(url))
  } finally {
    child.kill(signal)
  }
  return ended
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`it serves one page to this machine, and ${signal} ends it with 0`, async () => {
    const code = await withLab([], signal, async (port) => {
      const page = await get(port, '/')
      assert.equal(page.status, 200)
      assert.match(page.text, /^<!doctype html>/)
      assert.match(String(page.headers['content-type']), /text\/html/)
      assert.equal((await get(port, '/?x')).status, 200)
      assert.equal((await get(port, '/', {}, 'HEAD')).text, '')
      assert.equal((await get(port, '/etc/passwd')).status, 404)
      assert.equal((await get(port, '/', {}, 'POST')).status, 405)
      const stranger = await get(port, '/', { host: `evil.example:${port}` })
      assert.equal(stranger.status, 403)
      assert.doesNotMatch(stranger.text, /<script/)
    })
    assert.equal(code, 0)
  })
}

/** Whether somebody listens there. */
const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

test('it listens at 127.0.0.1, and at no other address of this machine', async () => {
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, scopeid }) => address !== '127.0.0.1' && !scopeid)
    .map(({ address }) => address)
  await withLab([], 'SIGTERM', async (port) => {
    assert.equal(await answers('127.0.0.1', port), true)
    for (const address of ['127.0.0.2', ...others]) assert.equal(await answers(address, port), false, address)
  })
})

test('--open opens the address, and where nothing opens addresses the lab goes on', async () => {
  const bin = join(folder, 'bin')
  const opened = join(folder, 'opened')
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'xdg-open'),
    `#!/bin/sh\nprintf %s "$1" > ${opened}.part && mv ${opened}.part ${opened}\n`,
  )
  chmodSync(join(bin, 'xdg-open'), 0o755)
  const path = `${bin}${delimiter}${process.env.PATH}`
  await withLab(
    ['--open'],
    'SIGTERM',
    async (port) => {
      for (;;) {
        try {
          assert.equal(readFileSync(opened, 'utf8'), `http://127.0.0.1:${port}/`)
          return
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
    },
    { ...process.env, PATH: path },
  )
  const code = await withLab(
    ['--open'],
    'SIGINT',
    async (port) => assert.equal((await get(port, '/')).status, 200),
    { ...process.env, PATH: '/nowhere' },
  )
  assert.equal(code, 0)
})

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** `npm start`'s script, and what it printed; `meet` may write to it when this was printed. */
async function start(
  program: string,
  args: readonly string[],
  meet: { readonly words: RegExp; readonly write: string } | null,
): Promise<{ readonly code: number | null; readonly printed: string }> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] })
  let printed = ''
  let isMet = meet === null
  child.stdout.on('data', (part: Buffer) => {
    printed += part
    if (isMet || !meet!.words.test(printed)) return
    isMet = true
    child.stdin.write(meet!.write)
  })
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve))
  return { code, printed }
}

test('npm start without a terminal plays the demo and ends', async () => {
  const { code, printed } = await start('bash', ['scripts/start.sh'], null)
  assert.equal(code, 0)
  assert.match(printed, /TIME-WAIT/)
  assert.doesNotMatch(printed, /The lab is at/)
})

test('npm start at a terminal serves the lab behind the demo until Ctrl+C', async () => {
  // util-linux's script gives it a terminal; what is written to it are the keys. The shell in which script starts it is the
  // user's, and one that stayed (dash) would itself be ended by Ctrl+C.
  const args = ['-qefc', 'exec bash scripts/start.sh', '/dev/null']
  const { code, printed } = await start('script', args, { words: /The lab is at .*Ctrl\+C/, write: '\x03' })
  assert.match(printed, /TIME-WAIT[\s\S]*The lab is at http:\/\/127\.0\.0\.1:\d+\//)
  assert.equal(code, 0)
})

test('--export writes the same page as one file that asks for nothing else', async () => {
  const file = join(folder, 'deep', 'lab.html')
  const { code, stdout } = elko(['lab', '--export', file])
  assert.equal(code, 0)
  assert.match(stdout, /^Saved the lab to .*lab\.html: \d+ kB/)
  const page = readFileSync(file, 'utf8')
  assert.doesNotMatch(
    page,
    /<(?:script|img|iframe)[^>]+src=|<link[^>]+href="(?!data:)|@import|url\((?!["']?data:)/,
  )
  assert.match(page, /default-src 'none'/)
  await withLab([], 'SIGTERM', async (port) => assert.equal((await get(port, '/')).text, page))
})

test('what cannot be is said in a line', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const refused = elko(['lab', '--port', String(port)])
  taken.close()
  assert.equal(refused.code, 3)
  assert.match(refused.stderr, /^elko lab: port \d+ of 127\.0\.0\.1 is taken: another --port/)
  const wrong: [args: string[], message: RegExp][] = [
    [['--port', '0'], /--port: expected/],
    [['--port', 'x'], /--port: expected/],
    [['--port', '70000'], /--port: expected/],
    [['--export', 'x.html', '--open'], /--export saves a file and serves nothing/],
    [['extra'], /extra/],
  ]
  for (const [args, message] of wrong) {
    const { code, stderr } = elko(['lab', ...args])
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, message)
  }
  const unwritable = elko(['lab', '--export', '/proc/nothing/lab.html'])
  assert.equal(unwritable.code, 3)
})
