import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FREEBSD } from '../../src/posix/profiles.ts'
import { ANY, c, connected, World } from './world.ts'

const IPV4 = (port: number, address: string) => ({
  sa_family: c('AF_INET'),
  sin_port: port,
  sin_addr: address,
})

describe('socket, bind, listen', () => {
  test('descriptors are the lowest that are free, from 3', () => {
    const { a } = new World()
    assert.deepEqual([a.socket(), a.socket(), a.call('close', 3), a.socket()], [3, 4, 0, 3])
    assert.equal(a.call('close', 9), 'EBADF')
  })

  test('what is not TCP is unsupported in words', () => {
    const { a } = new World()
    assert.match(a.unsupported('socket', ANY, c('SOCK_DGRAM'), 0), /TCP only/)
    assert.match(a.unsupported('socket', 1, c('SOCK_STREAM'), 0), /family 1/)
    assert.match(a.unsupported('fork'), /fork/)
  })

  test('bind refuses what is bound, taken, or no address of this host', () => {
    const { a } = new World()
    const first = a.socket()
    assert.equal(a.call('bind', first, IPV4(80, '10.0.0.1'), 16), 0)
    assert.equal(a.call('bind', first, IPV4(81, '10.0.0.1'), 16), 'EINVAL')
    const second = a.socket()
    assert.equal(a.call('bind', second, IPV4(80, '0.0.0.0'), 16), 'EADDRINUSE')
    assert.equal(a.call('bind', second, IPV4(80, '10.0.0.9'), 16), 'EADDRNOTAVAIL')
    assert.equal(a.call('bind', second, null, 16), 'EFAULT')
    assert.equal(a.call('bind', second, IPV4(0, '10.0.0.1'), 16), 0)
    assert.equal(a.call('getsockname', second, ANY, ANY), 0)
    assert.ok((a.args[1] as { sin_port: number }).sin_port >= 49152)
  })

  test('two sockets that both allow it share a name, but not with a listener', () => {
    const { a } = new World()
    const fds = [a.socket(), a.socket(), a.socket()] as const
    for (const fd of fds) a.set(fd, 'SOL_SOCKET', 'SO_REUSEADDR', [1])
    assert.equal(a.call('bind', fds[0], IPV4(80, '10.0.0.1'), 16), 0)
    assert.equal(a.call('bind', fds[1], IPV4(80, '10.0.0.1'), 16), 0)
    assert.equal(a.call('listen', fds[0], 1), 0)
    assert.equal(a.call('bind', fds[2], IPV4(80, '10.0.0.1'), 16), 'EADDRINUSE')
  })

  test('accept on what does not listen, and without a client', () => {
    const { a } = new World()
    assert.equal(a.call('accept', a.socket(), ANY, ANY), 'EINVAL')
    const fd = a.listening()
    a.nonBlocking(fd)
    assert.equal(a.call('accept', fd, ANY, ANY), 'EAGAIN')
    assert.equal(a.call('accept', 77, ANY, ANY), 'EBADF')
    assert.equal(a.call('read', fd, ANY, 1), 'ENOTCONN')
    assert.equal(a.call('connect', fd, ANY, ANY), 'EISCONN')
  })

  test('listen without bind takes a port; one more connection waits than the backlog says', () => {
    const { a, b } = new World()
    const fd = a.listening(1)
    const clients = [b.socket(), b.socket(), b.socket()]
    for (const client of clients) b.nonBlocking(client)
    for (const client of clients) assert.equal(b.call('connect', client, ANY, ANY), 'EINPROGRESS')
    assert.deepEqual(
      clients.map((client) => b.call('connect', client, ANY, ANY)),
      [0, 0, 'EALREADY'],
    )
    assert.equal(a.call('listen', fd, 5), 0)
    const other = a.socket()
    assert.equal(a.call('listen', other, 1), 0)
    assert.equal(a.option(other, 'SOL_SOCKET', 'SO_ACCEPTCONN'), 1)
  })
})

describe('connect', () => {
  for (const family of ['ipv4', 'ipv6', 'mapped'] as const) {
    test(`${family}: blocks until the handshake is done; accept tells the other name`, () => {
      const world = new World({ family })
      const { a, b } = world
      const listener = a.listening()
      a.blocks('accept', listener, ANY, ANY)
      world.held = true
      const client = b.socket()
      b.blocks('connect', client, ANY, ANY)
      assert.equal(b.ended, 'blocked')
      world.release()
      assert.equal(b.ended, 0)
      assert.equal(a.ended, 4)
      b.call('getsockname', client, ANY, ANY)
      const own = b.args[1]
      assert.deepEqual(a.returned?.args[1], own)
      const text = JSON.stringify(own)
      assert.match(text, { ipv4: /"10.0.0.2"/, ipv6: /"fd00::2"/, mapped: /"::ffff:10.0.0.2"/ }[family])
      assert.equal(b.call('connect', client, ANY, ANY), 'EISCONN')
    })
  }

  test('EINPROGRESS, EALREADY, then 0 once, then EISCONN', () => {
    const world = new World()
    const { a, b } = world
    a.listening()
    world.held = true
    const fd = b.socket()
    b.nonBlocking(fd)
    assert.equal(b.call('connect', fd, ANY, ANY), 'EINPROGRESS')
    assert.equal(b.call('connect', fd, ANY, ANY), 'EALREADY')
    assert.equal(b.write(fd, 'x'), 'EAGAIN')
    assert.equal(b.read(fd, 1), 'EAGAIN')
    world.release()
    assert.equal(b.option(fd, 'SOL_SOCKET', 'SO_ERROR'), 0)
    assert.equal(b.call('connect', fd, ANY, ANY), 0)
    assert.equal(b.call('connect', fd, ANY, ANY), 'EISCONN')
  })

  test('refused: ECONNREFUSED, and the socket may try again', () => {
    const { a, b } = new World()
    const fd = b.socket()
    b.blocks('connect', fd, ANY, ANY)
    assert.equal(b.ended, 'ECONNREFUSED')
    a.listening()
    b.blocks('connect', fd, ANY, ANY)
    assert.equal(b.ended, 0)
  })

  test('refused without waiting: SO_ERROR has it once, then connect says aborted', () => {
    const { b } = new World()
    const fd = b.socket()
    b.nonBlocking(fd)
    assert.equal(b.call('connect', fd, ANY, ANY), 'EINPROGRESS')
    assert.equal(b.option(fd, 'SOL_SOCKET', 'SO_ERROR'), c('ECONNREFUSED'))
    assert.equal(b.option(fd, 'SOL_SOCKET', 'SO_ERROR'), 0)
    assert.equal(b.call('connect', fd, ANY, ANY), 'ECONNABORTED')
  })

  test('unanswered: ETIMEDOUT in the end; with SO_SNDTIMEO the wait is shorter than the connection', () => {
    const world = new World()
    const { b } = world
    world.lossy = true
    const fd = b.socket()
    b.blocks('connect', fd, ANY, ANY)
    world.advance(400_000)
    assert.equal(b.ended, 'ETIMEDOUT')
    const patient = b.socket()
    assert.equal(b.call('setsockopt', patient, 1, c('SO_SNDTIMEO'), { tv_sec: 2, tv_usec: 0 }, 16), 0)
    b.blocks('connect', patient, ANY, ANY)
    world.advance(1999)
    assert.equal(b.ended, 'blocked')
    world.advance(1)
    assert.equal(b.ended, 'EINPROGRESS')
  })

  test('to no family: the connection is given up, the socket stays', () => {
    const { a, b, server, client } = connected()
    assert.equal(b.call('connect', client, { sa_family: c('AF_UNSPEC') }, 16), 0)
    assert.equal(a.read(server, 1), 'ECONNRESET')
    assert.equal(b.write(client, 'x'), 'ECONNRESET')
    b.blocks('connect', client, ANY, ANY)
    assert.equal(b.ended, 0)
  })
})

describe('shutdown and close', () => {
  test('SHUT_WR: the other side reads to the end, this side still reads', () => {
    const { a, b, server, client } = connected()
    assert.equal(b.write(client, 'last'), 4)
    assert.equal(b.call('shutdown', client, c('SHUT_WR')), 0)
    assert.equal(b.write(client, 'x'), 'EPIPE')
    assert.equal(a.text(server, 10), 'last')
    assert.equal(a.read(server, 10), 0)
    assert.equal(a.write(server, 'answer'), 6)
    assert.equal(b.text(client, 10), 'answer')
  })

  test('SHUT_RD: nothing to read is the end, but what still comes is read, as in Linux', () => {
    const { a, b, server, client } = connected()
    assert.equal(a.call('shutdown', server, c('SHUT_RD')), 0)
    assert.equal(a.read(server, 10), 0)
    assert.equal(b.write(client, 'late'), 4)
    assert.equal(a.text(server, 10), 'late')
    assert.equal(a.read(server, 10), 0)
  })

  test('errors of shutdown; of a listener SHUT_RD ends it', () => {
    const { a, b, server, listener } = connected()
    assert.equal(a.call('shutdown', server, 7), 'EINVAL')
    assert.equal(a.call('shutdown', a.socket(), c('SHUT_WR')), 'ENOTCONN')
    assert.equal(a.call('shutdown', listener, c('SHUT_RD')), 0)
    assert.equal(a.call('accept', listener, ANY, ANY), 'EINVAL')
    const fd = b.socket()
    b.blocks('connect', fd, ANY, ANY)
    assert.equal(b.ended, 'ECONNREFUSED')
  })

  test('close with octets unread resets (SHLD-3): ECONNRESET once, then the end and EPIPE', () => {
    const { a, b, server, client } = connected()
    assert.equal(b.write(client, 'never read'), 10)
    assert.equal(a.call('close', server), 0)
    assert.equal(b.read(client, 1), 'ECONNRESET')
    assert.equal(b.read(client, 1), 0)
    assert.equal(b.write(client, 'x'), 'EPIPE')
  })

  test('a reset after the end of the stream is a broken pipe', () => {
    const { a, b, server, client } = connected()
    assert.equal(a.call('close', server), 0)
    assert.equal(b.read(client, 1), 0)
    assert.equal(b.write(client, 'x'), 1)
    assert.equal(b.option(client, 'SOL_SOCKET', 'SO_ERROR'), c('EPIPE'))
    assert.equal(b.read(client, 1), 0)
  })

  test('SO_LINGER: with 0 s close aborts, with more it blocks until all is acknowledged', () => {
    const { a, b, server, client } = connected()
    const linger = (fd: number, seconds: number) =>
      b.call('setsockopt', fd, 1, c('SO_LINGER'), { onoff: 1, linger: seconds }, 8)
    assert.equal(linger(client, 0), 0)
    assert.equal(b.call('close', client), 0)
    assert.equal(a.read(server, 1), 'ECONNRESET')

    const second = connected()
    second.b.call('setsockopt', second.client, 1, c('SO_LINGER'), { onoff: 1, linger: 3 }, 8)
    second.world.held = true
    second.b.write(second.client, 'x')
    second.b.blocks('close', second.client)
    second.world.advance(10)
    assert.equal(second.b.ended, 'blocked')
    second.world.release()
    assert.equal(second.b.ended, 0)
  })

  test('a lingering close ends with its time, acknowledged or not', () => {
    const { world, b, client } = connected()
    b.call('setsockopt', client, 1, c('SO_LINGER'), { onoff: 1, linger: 3 }, 8)
    world.lossy = true
    b.blocks('close', client)
    world.advance(2999)
    assert.equal(b.ended, 'blocked')
    world.advance(1)
    assert.equal(b.ended, 0)
  })

  test('accept4 sets flags; FreeBSD hands O_NONBLOCK on, Linux does not', () => {
    for (const [profile, flags] of [
      [undefined, c('O_RDWR')],
      [FREEBSD, c('O_RDWR|O_NONBLOCK')],
    ] as const) {
      const { a, b } = new World(profile === undefined ? {} : { profile })
      const listener = a.listening()
      a.nonBlocking(listener)
      b.blocks('connect', b.socket(), ANY, ANY)
      assert.equal(a.call('fcntl', a.call('accept', listener, ANY, ANY) as number, c('F_GETFL')), flags)
      b.blocks('connect', b.socket(), ANY, ANY)
      const fourth = a.call('accept4', listener, null, null, c('SOCK_NONBLOCK')) as number
      assert.equal(a.call('fcntl', fourth, c('F_GETFL')), c('O_RDWR|O_NONBLOCK'))
    }
  })

  test('getpeername of what is not connected', () => {
    const { a, b, server } = connected()
    assert.equal(b.call('getpeername', b.socket(), ANY, ANY), 'ENOTCONN')
    assert.equal(a.call('getpeername', server, ANY, ANY), 0)
  })
})
