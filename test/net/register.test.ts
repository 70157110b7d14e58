/** elko/register: whole programs, unchanged, over Elko's TCP. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { folder, printed, run } from './programs.ts'

/** Said by a program while its connection is open: whether the system has a socket of it. */
const KERNEL = `process.getActiveResourcesInfo().some((name) => /^TCP/.test(name))`
const NO_WARNING = { NODE_TLS_REJECT_UNAUTHORIZED: '', NODE_EXTRA_CA_CERTS: '' }

const ECHO = `
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, () => {
    const client = net.connect(server.address().port)
    client.end('hello')
    client.on('data', (text) => console.log(String(text), client instanceof net.Socket, ${KERNEL}))
    client.on('close', () => server.close())
  })`

describe('whoever asks for net has Elko’s', () => {
  for (const specifier of ['net', 'node:net']) {
    test(`require('${specifier}')`, async () => {
      const output = await printed(`const net = require('${specifier}');${ECHO}`, { extension: 'cjs' })
      assert.equal(output, 'hello true false\n')
    })

    test(`import net from '${specifier}'`, async () => {
      assert.equal(await printed(`import net from '${specifier}';${ECHO}`), 'hello true false\n')
    })

    test(`import { connect, createServer, Socket } from '${specifier}'`, async () => {
      const program = `import { connect, createServer, Socket } from '${specifier}'
        const net = { connect, createServer, Socket };${ECHO}`
      assert.equal(await printed(program), 'hello true false\n')
    })
  }

  test('a module of the old kind that a new one imports; await import; process.getBuiltinModule', async () => {
    const old = join(folder, 'old.cjs')
    writeFileSync(old, `module.exports = require('net')`)
    const output = await printed(`
      import old from '${old}'
      import net from 'node:net'
      const later = await import('net')
      const builtin = process.getBuiltinModule?.('net') ?? net
      console.log(old === net, later.default === net, builtin === net)`)
    assert.equal(output, 'true true true\n')
  })

  test('output through a pipe is a socket of the system’s still, and one to whoever asks', async () => {
    const program = `const net = require('net'); console.log(process.stdout instanceof net.Socket)
      class Heir extends net.Socket {}
      console.log(process.stdout instanceof Heir, new Heir() instanceof Heir, new net.Socket() instanceof Heir)`
    assert.equal(await printed(program, { extension: 'cjs' }), 'true\nfalse true false\n')
  })
})

describe('what Node builds on net', () => {
  test('http: a server, a client with an agent that keeps connections, fetch', async () => {
    const output = await printed(`
      import http from 'node:http'
      import net from 'node:net'
      const server = http.createServer((request, response) => {
        console.log(request.url, request.socket.remoteAddress, request.socket instanceof net.Socket, ${KERNEL})
        response.end('body of ' + request.url)
      })
      console.log(server instanceof net.Server)
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address()
      const agent = new http.Agent({ keepAlive: true })
      const get = (path) => new Promise((resolve, reject) => {
        const request = http.get({ port, path, agent, host: 'localhost', family: 4 }, async (response) => {
          let text = ''
          for await (const chunk of response) text += chunk
          resolve([text, request.reusedSocket])
        }).on('error', reject)
      })
      console.log(...await get('/1'))
      console.log(...await get('/2'))
      console.log(await (await fetch('http://127.0.0.1:' + port + '/3')).text())
      agent.destroy()
      server.close()
      server.closeAllConnections()`)
    assert.equal(
      output,
      `true
/1 127.0.0.1 true false
body of /1 false
/2 127.0.0.1 true false
body of /2 true
/3 127.0.0.1 true false
body of /3
`,
    )
  })

  test('https and tls: addresses, the certificate, and a refusal in both', async () => {
    const output = await printed(
      `
      import https from 'node:https'
      import tls from 'node:tls'
      import net from 'node:net'
      const { KEY: key, CERTIFICATE: cert } = process.env
      const server = https.createServer({ key, cert }, (request, response) => {
        const { remoteAddress, localPort, encrypted } = request.socket
        console.log(remoteAddress, localPort === port, encrypted, ${KERNEL})
        response.end('secret')
      })
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address()
      const get = (options) => new Promise((resolve) => {
        https.get({ port, host: 'localhost', family: 4, agent: false, ...options }, async (response) => {
          for await (const chunk of response) resolve(String(chunk))
        }).on('error', (error) => resolve(error.code))
      })
      console.log(await get({ ca: cert }), await get({}))
      const events = []
      const socket = tls.connect(port, '127.0.0.1', { ca: cert, servername: 'localhost' }, () => {
        console.log(socket.authorized, socket.remotePort === port, socket.localAddress, socket instanceof net.Socket)
        console.log(events.join(' '))
        socket.end('GET / HTTP/1.0\\r\\n\\r\\n')
      })
      console.log(socket.connecting)
      for (const event of ['connect', 'ready']) socket.on(event, () => events.push(event))
      let text = ''
      for await (const chunk of socket) text += chunk
      console.log(text.endsWith('secret'))
      server.close()
      await new Promise((resolve) => server.on('close', resolve))
      tls.connect(port, '127.0.0.1').on('error', (error) => console.log(error.message === 'connect ECONNREFUSED 127.0.0.1:' + port))
      `,
      { settings: NO_WARNING },
    )
    assert.equal(
      output,
      `127.0.0.1 true true false
secret DEPTH_ZERO_SELF_SIGNED_CERT
true
true true 127.0.0.1 true
connect ready
127.0.0.1 true true false
true
true
`,
    )
  })

  for (const secure of [false, true]) {
    test(`http2 ${secure ? 'with' : 'without'} TLS`, async () => {
      const output = await printed(`
        import http2 from 'node:http2'
        const { KEY: key, CERTIFICATE: cert } = process.env
        const server = ${secure ? 'http2.createSecureServer({ key, cert })' : 'http2.createServer()'}
        server.on('stream', (stream, headers) => {
          console.log(headers[':path'], stream.session.socket.remoteAddress, ${KERNEL})
          stream.respond({ ':status': 200 })
          stream.end('x'.repeat(100_000))
        })
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
        const url = '${secure ? 'https' : 'http'}://localhost:' + server.address().port
        const client = http2.connect(url, { ca: cert, family: 4 })
        let octets = 0
        for (const path of ['/a', '/b']) {
          for await (const chunk of client.request({ ':path': path })) octets += chunk.length
        }
        console.log(octets)
        client.close()
        server.close()`)
      assert.equal(output, '/a 127.0.0.1 false\n/b 127.0.0.1 false\n200000\n')
    })
  }
})

describe('what is no TCP stays the system’s', () => {
  test('a Unix domain socket: net, and http by socketPath', async () => {
    const output = await printed(`
      import http from 'node:http'
      import net from 'node:net'
      import { tmpdir } from 'node:os'
      const path = tmpdir() + '/elko-register-' + process.pid
      const server = net.createServer((socket) => socket.end('by path'))
      server.listen(path, () => {
        console.log(server.address() === path, server.listening)
        net.connect(path).on('data', (text) => console.log(String(text))).on('close', () => server.close())
      })
      await new Promise((resolve) => server.on('close', resolve))
      const web = http.createServer((request, response) => response.end(request.url)).listen(path)
      http.get({ socketPath: path, path: '/x', agent: false }, async (response) => {
        for await (const chunk of response) console.log(String(chunk))
        web.close()
      })`)
    assert.equal(output, 'true true\nby path\n/x\n')
  })

  test('a path in use is the system’s error, without the callback', async () => {
    const output = await printed(`
      import net from 'node:net'
      const server = net.createServer().listen('/no/such/folder/socket', () => console.log('listening'))
      server.on('error', (error) => console.log(error.code, server.listening))`)
    assert.match(output, /^(EACCES|ENOENT) false\n$/)
  })
})

describe('a program ends as it does over node:net', () => {
  test('once its sockets and servers are closed, and not before', async () => {
    const output = await printed(
      `const net = require('net')
      const server = net.createServer((socket) => setTimeout(() => socket.end('late'), 100).unref()).listen(0, () => {
        net.connect(server.address().port).on('data', (text) => console.log(String(text))).on('close', () => {
          console.log('close')
          setTimeout(() => { console.log('server'); server.close() }, 50).unref()
        })
      })
      process.on('exit', () => console.log('exit'))`,
      { extension: 'cjs' },
    )
    assert.equal(output, 'late\nclose\nserver\nexit\n')
  })

  test('at once, where all are unref’d', async () => {
    const program = `const net = require('net')
      const server = net.createServer((socket) => socket.unref()).listen(0)
      server.unref()
      setImmediate(() => net.connect(server.address().port).unref())
      process.on('exit', () => console.log('exit'))`
    assert.equal(await printed(program, { extension: 'cjs' }), 'exit\n')
  })
})

describe('settings', () => {
  test('a network that loses packets, late: all arrives, later', async () => {
    const program = `const net = require('net')
      const server = net.createServer((socket) => socket.pipe(socket)).listen(0, () => {
        const start = performance.now()
        const client = net.connect(server.address().port).end(Buffer.alloc(200_000, 7))
        let octets = 0
        client.on('data', (chunk) => { octets += chunk.length })
        client.on('close', () => { console.log(octets, performance.now() - start >= 60); server.close() })
      })`
    const output = await printed(program, {
      extension: 'cjs',
      settings: { ELKO_IMPAIR: 'loss=3%,delay=10ms', ELKO_SEED: '5' },
    })
    assert.equal(output, '200000 true\n')
  })

  test('one that cannot be meant ends the process with code 2 and words', async () => {
    const { code, output, errors } = await run(`console.log('not reached')`, {
      settings: { ELKO_IMPAIR: 'los=3%' },
    })
    assert.deepEqual([code, output], [2, ''])
    assert.match(errors, /^elko\/register: ELKO_IMPAIR: .*loss.*\n$/)
  })

  test('a device that cannot be used ends it with code 3', async () => {
    const { code, output, errors } = await run(`console.log('not reached')`, {
      settings: { ELKO_TUN: 'fd:99' },
    })
    assert.deepEqual([code, output], [3, ''])
    assert.match(errors, /^elko\/register: /)
  })

  test('a record of all that the program did replays bit for bit, to the end of the process', async () => {
    const file = join(folder, 'app.elkolog')
    const program = `const http = require('http')
      const server = http.createServer((request, response) => response.end('hello')).listen(0, () => {
        http.get({ port: server.address().port, agent: false }, (response) => {
          response.on('data', (text) => console.log(String(text)))
          response.on('end', () => process.exit(0))
        })
      })`
    for (const impair of ['', 'loss=5%,delay=2ms']) {
      const settings = { ELKO_RECORD: file, ELKO_IMPAIR: impair }
      assert.equal(await printed(program, { extension: 'cjs', settings }), 'hello\n')
      const { divergence, retelling, problem, end, paths, replayed } = replayRun(readFileSync(file))
      assert.deepEqual([divergence, retelling, problem, end], [null, null, null, 'ended'])
      assert.ok(replayed > 20)
      assert.equal(paths.length, 2)
    }
  })

  test('a program that an exception ends, and one that is killed, leave a record that replays up to there', async () => {
    const file = join(folder, 'crash.elkolog')
    const program = (end: string): string => `const http = require('http'), fs = require('fs')
      const server = http.createServer((request, response) => response.end('hello')).listen(0, () => {
        http.get({ port: server.address().port }, (response) => response.on('data', () => { ${end} }))
      })
      const head = fs.statSync(process.env.ELKO_RECORD).size`
    const thrown = await run(program(`throw new Error('a defect')`), {
      extension: 'cjs',
      settings: { ELKO_RECORD: file },
    })
    assert.equal(thrown.code, 1)
    assert.match(thrown.errors, /Error: a defect/)
    const crashed = replayRun(readFileSync(file))
    assert.deepEqual([crashed.divergence, crashed.retelling, crashed.problem], [null, null, null])
    assert.equal(crashed.end, 'ended')
    assert.equal(crashed.paths.length, 2)
    // As soon as something of the connection is written.
    const kills = `setInterval(() => {
        if (fs.statSync(process.env.ELKO_RECORD).size > head + 2000) process.kill(process.pid, 'SIGKILL')
      }, 20)`
    const killed = await run(program(kills), { extension: 'cjs', settings: { ELKO_RECORD: file } })
    assert.notEqual(killed.code, 0)
    const left = replayRun(readFileSync(file))
    assert.deepEqual([left.divergence, left.retelling, left.problem], [null, null, null])
    assert.ok(left.end === 'open' || left.end === 'cut-off')
    assert.ok(left.paths.some(({ steps }) => steps.some(({ state }) => state === 'ESTABLISHED')))
  })

  test('a record that cannot be written is said so', async () => {
    const program = `console.log('not reached')`
    const nowhere = join(folder, 'nowhere', 'app.elkolog')
    const { code, errors } = await run(program, { settings: { ELKO_RECORD: nowhere } })
    assert.equal(code, 2)
    assert.match(errors, /^elko\/register: ELKO_RECORD: expected a file to be written \(ENOENT/)
  })
})
