/**
 * elko/register and what is no TCP of Elko's: paths, descriptors, children, clusters. Each program prints the same over
 * node:net alone, or is refused in words.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { printed, run } from './programs.ts'

const START = `
  const net = require('node:net')
  const { once } = require('node:events')
  const { fork, spawn } = require('node:child_process')
  const path = process.env.DIR + '/socket'
  const print = (...words) => console.log(words.join(' '))
  const words = async (stream) => { let all = ''; for await (const chunk of stream) all += chunk; return all }
`

/** The same over both, and what it is. */
async function same(program: string, expected: string): Promise<void> {
  const options = { extension: 'cjs' } as const
  const [real, elkos] = await Promise.all([
    printed(START + program, { ...options, plain: true }),
    printed(START + program, options),
  ])
  assert.equal(real, expected, 'over node:net')
  assert.equal(elkos, expected, 'over elko/register')
}

describe('a socket that was made first and connects to a path', () => {
  test('events, names, what was written before, and the end of each side', () =>
    same(
      `const server = net.createServer({ allowHalfOpen: true }, (peer) => {
        peer.on('data', (data) => peer.write(data)).on('end', () => peer.end('bye'))
      }).listen(path, async () => {
        const socket = new net.Socket()
        const seen = []
        for (const event of ['lookup', 'connect', 'ready', 'end', 'finish', 'close']) {
          socket.on(event, (...values) => seen.push(event, ...values))
        }
        socket.connect(path, () => print(socket.connecting, socket.pending, socket.readyState))
        print(socket.connecting, socket.pending, socket.readyState)
        socket.write('early ')
        socket.end('late ')
        const closed = once(socket, 'close')
        print(await words(socket))
        await closed
        print(seen.join(' '), socket.bytesRead, socket.bytesWritten)
        print(typeof socket.remoteAddress, JSON.stringify(socket.address()), socket instanceof net.Socket)
        server.close(() => print('closed'))
      })`,
      `true true opening
false false readOnly
early late bye
connect ready finish end close false 14 11
undefined {} true
closed
`,
    ))

  test('nobody there: the system’s error', () =>
    same(
      `const socket = new net.Socket()
      for (const event of ['connectionAttempt', 'connectionAttemptFailed']) socket.on(event, (to) => print(event, to))
      socket.connect({ path: '/no/such/socket' })
      socket.on('error', ({ message, code, syscall, address, errno }) => print(message, code, syscall, address, errno))
      socket.on('close', (hadError) => print(hadError, socket.destroyed))`,
      'connectionAttempt /no/such/socket\nconnectionAttemptFailed /no/such/socket\n' +
        'connect ENOENT /no/such/socket ENOENT connect /no/such/socket -2\ntrue true\n',
    ))

  test('back-pressure both ways, timeouts, and no reset', () =>
    same(
      `const server = net.createServer((peer) => peer.pipe(peer)).listen(path, async () => {
        const socket = new net.Socket()
        socket.connect(path)
        let waited = 0
        const send = async () => {
          for (let i = 0; i < 50; i++) {
            if (!socket.write(Buffer.alloc(100_000, i)) && ++waited) await once(socket, 'drain')
          }
          socket.end()
        }
        send()
        await new Promise((resolve) => setTimeout(resolve, 20)) // Nobody reads meanwhile.
        let octets = 0
        let sum = 0
        for await (const chunk of socket) { octets += chunk.length; sum += chunk[0] >= 0 ? 1 : 0 }
        print(octets, waited > 10, sum > 10)
        const idle = new net.Socket().connect(path)
        idle.setTimeout(10, () => {
          try { idle.resetAndDestroy() } catch ({ code, message }) { print(code, message) }
          idle.destroy()
          server.close()
        })
      })`,
      '5000000 true true\nERR_INVALID_HANDLE_TYPE This handle type cannot be sent\n',
    ))

  test('a buffer of the user’s own (onread)', () =>
    same(
      `const server = net.createServer((peer) => peer.end('abcdefghij')).listen(path, () => {
        const seen = []
        const callback = (octets, buffer) => { seen.push(buffer.toString('latin1', 0, octets)) }
        const socket = new net.Socket({ onread: { buffer: Buffer.alloc(4), callback } })
        socket.connect(path)
        socket.on('end', () => { print(seen.join('')); server.close() }).end()
      })`,
      'abcdefghij\n',
    ))

  test('once destroyed, it connects again: to TCP, and back to the path', () =>
    same(
      `const answer = (text) => net.createServer((peer) => peer.end(text))
      const onPath = answer('by path').listen(path, () => {
        const onPort = answer('by port').listen(0, async () => {
          const socket = new net.Socket()
          for (const to of [[path], [onPort.address().port, '127.0.0.1'], [path]]) {
            socket.connect(...to)
            socket.on('data', (data) => print(data))
            await once(socket, 'close')
            socket.removeAllListeners('data')
          }
          onPort.close()
          onPath.close()
        })
      })`,
      'by path\nby port\nby path\n',
    ))

  test('it keeps the process alive unless it is unref’d', () =>
    same(
      `const server = net.createServer((peer) => setTimeout(() => peer.unref().end('late'), 50).unref()).listen(path, () => {
        server.unref()
        new net.Socket().connect(path).unref()
        const socket = new net.Socket().connect(path)
        socket.on('data', (data) => print(data))
      })`,
      'late\n',
    ))

  test('TLS over it', () =>
    same(
      `const tls = require('node:tls')
      const { KEY: key, CERTIFICATE: cert } = process.env
      const server = tls.createServer({ key, cert }, (peer) => peer.end('secret')).listen(path, async () => {
        const socket = new net.Socket().connect(path)
        print(await words(tls.connect({ socket, ca: cert, servername: 'localhost' })))
        print(await words(tls.connect({ path, ca: cert, servername: 'localhost' })))
        server.close()
      })`,
      'secret\nsecret\n',
    ))
})

describe('descriptors', () => {
  test('new net.Socket({ fd }), and an heir of Socket that asks for one', () =>
    same(
      `if (process.argv[2] === 'child') {
        class Heir extends net.Socket {}
        const Kind = process.argv[3] === 'heir' ? Heir : net.Socket
        const socket = new Kind({ fd: 3 })
        socket.on('data', (data) => socket.end(Kind.name + ' got ' + data))
      } else (async () => {
        for (const kind of ['socket', 'heir']) {
          const child = spawn(process.execPath, [...process.execArgv, __filename, 'child', kind], {
            stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
          })
          child.stdio[3].write(kind)
          print(await words(child.stdio[3]))
        }
      })()`,
      'Socket got socket\nHeir got heir\n',
    ))

  test('a server on a descriptor that the parent opened, as systemd’s', () =>
    same(
      `if (process.argv[2] === 'child') {
        const server = net.createServer((peer) => peer.end('by descriptor')).listen({ fd: 3 }, () => process.send('ready'))
        process.on('message', () => { server.close(); process.disconnect() })
      } else {
        const server = net.createServer().listen(path, async () => {
          const child = spawn(process.execPath, [...process.execArgv, __filename, 'child'], {
            stdio: ['inherit', 'inherit', 'inherit', server._handle.fd, 'ipc'],
          })
          await once(child, 'message')
          // Whoever closes it removes the path; and both would accept.
          require('node:fs').renameSync(path, path + '-of-the-child')
          await new Promise((resolve) => server.close(resolve))
          print(await words(net.connect(path + '-of-the-child')))
          child.send('end')
          await once(child, 'close')
        })
      }`,
      'by descriptor\n',
    ))
})

describe('children', () => {
  test('pipes, messages, and a socket on a path as stdio', () =>
    same(
      `if (process.argv[2] === 'child') {
        process.on('message', (message) => {
          process.send({ twice: message + message })
          setImmediate(() => process.disconnect())
        })
        process.stdin.pipe(process.stdout)
      } else (async () => {
        const child = fork(__filename, ['child'], { silent: true })
        child.stdin.end('through a pipe')
        child.send('ab')
        const [[{ twice }], text] = await Promise.all([once(child, 'message'), words(child.stdout)])
        print(twice, text, child.stdout instanceof net.Socket)
        const server = net.createServer(async (peer) => {
          print(await words(peer))
          server.close()
        }).listen(path, async () => {
          const socket = net.connect(path)
          await once(socket, 'connect')
          const stdio = ['ignore', socket, 'inherit']
          spawn(process.execPath, ['-e', 'process.stdout.write("from the child")'], { stdio })
          socket.destroy()
        })
      })()`,
      'abab through a pipe true\nfrom the child\n',
    ))

  test('a server on a path, and a socket that it accepted, sent to a child', () =>
    same(
      `if (process.argv[2] === 'child') {
        process.on('message', (message, handle) => {
          if (message === 'socket') return handle.end('the child has the socket')
          const { listening } = handle
          process.send([handle instanceof net.Server, listening].join(' '))
          handle.close()
          setImmediate(() => process.disconnect())
        })
      } else {
        const child = fork(__filename, ['child'])
        const server = net.createServer({ pauseOnConnect: true }, (peer) => child.send('socket', peer)).listen(path, async () => {
          print(await words(net.connect(path)))
          child.send('server', server)
          print((await once(child, 'message'))[0])
          server.close(() => print('closed'))
        })
      }`,
      'the child has the socket\ntrue true\nclosed\n',
    ))

  test('TCP of Elko’s sent to a child, or given to it as stdio, is refused', async () => {
    const output = await printed(
      `${START}
      if (process.argv[2] === 'child') process.on('message', () => {
        const server = net.createServer().listen(0, () => {
          try { process.send('server', server) } catch ({ code }) { process.send(code) }
          process.disconnect()
          server.close()
        })
      })
      else {
        const child = fork(__filename, ['child'])
        const server = net.createServer(async (peer) => {
          for (const handle of [server, peer, peer._handle, server._handle]) {
            try { child.send('x', handle) } catch ({ name, code, message }) { print(name, code, message) }
          }
          try { spawn('true', { stdio: [peer] }) } catch ({ code }) { print(code) }
          child.send('your turn')
          print((await once(child, 'message'))[0])
          peer.destroy()
          server.close()
        }).listen(0, () => net.connect(server.address().port))
      }`,
      { extension: 'cjs' },
    )
    const refusal =
      'TypeError ERR_INVALID_HANDLE_TYPE ' +
      'This handle type cannot be sent: TCP sockets and servers of elko/register cannot leave their process\n'
    const expected = `${refusal.repeat(4)}ERR_INVALID_ARG_VALUE\nERR_INVALID_HANDLE_TYPE\n`
    assert.equal(output, expected)
  })
})

describe('a cluster', () => {
  for (const policy of ['SCHED_RR', 'SCHED_NONE']) {
    test(`workers share a path: ${policy}`, () =>
      same(
        `const cluster = require('node:cluster')
        cluster.schedulingPolicy = cluster.${policy}
        if (cluster.isWorker) {
          const server = net.createServer((peer) => peer.end('from a worker')).listen(path)
          process.on('message', () => server.close(() => process.disconnect()))
        } else {
          const worker = cluster.fork()
          cluster.on('listening', async (_, { address }) => {
            print(address === path, await words(net.connect(path)))
            worker.send('end')
          })
          worker.on('exit', (code) => print('exit', code))
        }`,
        'true from a worker\nexit 0\n',
      ))
  }

  test('a shared port is refused with the reason; one of a worker’s own is there for itself', async () => {
    const { code, output, errors } = await run(
      `${START}
      const cluster = require('node:cluster')
      if (cluster.isPrimary) cluster.fork().on('exit', (code) => print('exit', code))
      else {
        net.createServer().listen(8080, '127.0.0.1').on('error', ({ message, code, cause }) => {
          print(message)
          print(code, cause.message)
          const own = net.createServer((peer) => peer.end('mine')).listen({ port: 0, exclusive: true }, async () => {
            print(await words(net.connect(own.address().port)))
            own.close()
            process.disconnect()
          })
        })
      }`,
      { extension: 'cjs' },
    )
    assert.deepEqual([code, errors], [0, ''])
    assert.equal(
      output,
      `listen ENOTSUP: operation not supported on socket 127.0.0.1:8080
ENOTSUP workers of a cluster share no port under elko/register: each process has a TCP of its own. Listen with { exclusive: true }, on a path, or in one process.
mine
exit 0
`,
    )
  })
})

describe('a server on a path', () => {
  test('maxConnections, drop, connections, ref and close', () =>
    same(
      `const server = net.createServer((peer) => peer.write('in'))
      server.maxConnections = 1
      server.on('drop', () => print('dropped')).unref().ref()
      server.listen({ path }, async () => {
        const first = net.connect(path)
        await once(first, 'data')
        const second = net.connect(path).resume()
        await once(second, 'close')
        server.getConnections((error, count) => print(error === null, count, server.listening))
        server.close(() => print('closed', server.listening))
        setImmediate(() => { print('still open'); first.destroy() })
      })`,
      'dropped\ntrue 1 false\nstill open\nclosed false\n',
    ))

  test('it listens again after it closed', () =>
    same(
      `const server = net.createServer((peer) => peer.end('again'))
      server.listen(path, () => server.close(() => server.listen(path, async () => {
        print(await words(net.connect(path)), server.address() === path)
        server.close()
      })))`,
      'again true\n',
    ))
})
