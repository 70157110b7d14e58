import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FREEBSD } from '../../src/posix/profiles.ts'
import { ANY, c, connected, World } from './world.ts'

describe('socket options', () => {
  test('defaults as Linux has them', () => {
    const { a } = new World()
    const fd = a.socket()
    const defaults: readonly (readonly [string, string, number | string])[] = [
      ['SOL_SOCKET', 'SO_TYPE', c('SOCK_STREAM')],
      ['SOL_SOCKET', 'SO_PROTOCOL', c('IPPROTO_TCP')],
      ['SOL_SOCKET', 'SO_DOMAIN', c('AF_INET')],
      ['SOL_SOCKET', 'SO_ERROR', 0],
      ['SOL_SOCKET', 'SO_RCVLOWAT', 1],
      ['SOL_SOCKET', 'SO_SNDBUF', 262_144],
      ['SOL_SOCKET', 'SO_RCVBUF', 540_000],
      ['SOL_TCP', 'TCP_NODELAY', 0],
      ['SOL_TCP', 'TCP_MAXSEG', 536],
      ['SOL_TCP', 'TCP_KEEPIDLE', 7200],
      ['SOL_TCP', 'TCP_KEEPINTVL', 75],
      ['SOL_TCP', 'TCP_KEEPCNT', 9],
      ['SOL_TCP', 'TCP_SYNCNT', 5],
      ['SOL_TCP', 'TCP_LINGER2', 60],
      ['SOL_TCP', 'TCP_QUICKACK', 1],
      ['SOL_TCP', 'TCP_CONGESTION', 'reno'],
      ['SOL_TCP', 'TCP_USER_TIMEOUT', 0],
      ['SOL_TCP', 'TCP_NOTSENT_LOWAT', 0],
      ['SOL_IP', 'IP_TTL', 64],
      ['SOL_IP', 'IP_TOS', 0],
    ]
    for (const [level, name, value] of defaults) assert.equal(a.option(fd, level, name), value, name)
  })

  test('what is set is told, in the units of the API', () => {
    const { a } = new World()
    const fd = a.socket()
    const settings: readonly (readonly [string, string, number, number])[] = [
      ['SOL_SOCKET', 'SO_KEEPALIVE', 5, 1],
      ['SOL_SOCKET', 'SO_REUSEPORT', 1, 1],
      ['SOL_SOCKET', 'SO_SNDBUF', 21_000, 42_000],
      ['SOL_SOCKET', 'SO_SNDBUF', 1, 4608],
      ['SOL_SOCKET', 'SO_RCVBUF', 10_000, 20_000],
      ['SOL_SOCKET', 'SO_RCVLOWAT', 0, 1],
      ['SOL_SOCKET', 'SO_PRIORITY', 4, 4],
      ['SOL_TCP', 'TCP_MAXSEG', 1100, 1100],
      ['SOL_TCP', 'TCP_KEEPIDLE', 10, 10],
      ['SOL_TCP', 'TCP_CORK', 1, 1],
      ['SOL_TCP', 'TCP_LINGER2', -3, -1],
      ['SOL_TCP', 'TCP_LINGER2', 100, 60],
      ['SOL_TCP', 'TCP_NOTSENT_LOWAT', 0xffffffff, 0xffffffff],
      ['SOL_TCP', 'TCP_USER_TIMEOUT', 3000, 3000],
      ['SOL_TCP', 'TCP_SYNCNT', 3, 3],
      ['SOL_IP', 'IP_TOS', 0xff, 0xfc],
      ['SOL_IP', 'IP_TTL', 7, 7],
    ]
    for (const [level, name, value, told] of settings) {
      assert.equal(a.set(fd, level, name, [value]), 0, name)
      assert.equal(a.option(fd, level, name), told, name)
    }
    assert.equal(a.call('setsockopt', fd, 6, c('TCP_CONGESTION'), 'reno', 4), 0)
  })

  test('EINVAL beyond the bounds, ENOPROTOOPT for what is none, EFAULT without a value', () => {
    const { a } = new World()
    const fd = a.socket()
    const refused: readonly (readonly [string, number])[] = [
      ['TCP_MAXSEG', 87],
      ['TCP_MAXSEG', 32_768],
      ['TCP_KEEPIDLE', 0],
      ['TCP_KEEPCNT', 128],
      ['TCP_SYNCNT', 0],
      ['TCP_USER_TIMEOUT', -1],
      ['TCP_INQ', 2],
      ['TCP_FASTOPEN', -1],
    ]
    for (const [name, value] of refused) assert.equal(a.set(fd, 'SOL_TCP', name, [value]), 'EINVAL', name)
    assert.equal(a.call('setsockopt', fd, c('SOL_TCP'), 9999, [1], 4), 'ENOPROTOOPT')
    assert.equal(a.set(fd, 'SOL_SOCKET', 'SO_TYPE', [1]), 'ENOPROTOOPT')
    assert.equal(a.call('setsockopt', fd, c('SOL_TCP'), c('TCP_NODELAY'), null, 4), 'EFAULT')
    assert.equal(a.call('getsockopt', fd, c('SOL_TCP'), c('TCP_NODELAY'), [0], [-1]), 'EINVAL')
    assert.equal(a.call('setsockopt', fd, 6, c('TCP_CONGESTION'), 'nonesuch', 4), 'ENOENT')
    assert.equal(a.call('getsockopt', fd, c('SOL_IP'), c('IP_MTU'), [0], [4]), 'ENOTCONN')
    const file = a.call('open', '/dev/zero', 0) as number
    assert.equal(a.call('getsockopt', file, 1, 3, [0], [4]), 'ENOTSOCK')
  })

  test('what Elko has not is unsupported in words', () => {
    const { a } = new World()
    const fd = a.socket()
    const set = (level: string, name: string, value: number | string) =>
      a.unsupported('setsockopt', fd, c(level), c(name), typeof value === 'number' ? [value] : value, 4)
    assert.match(set('SOL_TCP', 'TCP_MD5SIG', 1), /2385/)
    assert.match(set('SOL_TCP', 'TCP_FASTOPEN_CONNECT', 1), /7413/)
    assert.match(set('SOL_TCP', 'TCP_DEFER_ACCEPT', 1), /DEFER/)
    assert.match(set('SOL_TCP', 'TCP_CONGESTION', 'cubic'), /reno only/)
    assert.match(set('SOL_SOCKET', 'SO_TIMESTAMPING', 1), /time stamps/)
    assert.match(set('SOL_IP', 'IP_RECVERR', 1), /error queue/)
  })

  test('structures: SO_LINGER and time-outs', () => {
    const { a } = new World()
    const fd = a.socket()
    a.call('setsockopt', fd, 1, c('SO_LINGER'), { onoff: 7, linger: 5 }, 8)
    assert.deepEqual(a.option(fd, 'SOL_SOCKET', 'SO_LINGER'), { onoff: 1, linger: 5 })
    a.call('setsockopt', fd, 1, c('SO_RCVTIMEO'), { tv_sec: 1, tv_usec: 500_000 }, 16)
    assert.deepEqual(a.option(fd, 'SOL_SOCKET', 'SO_RCVTIMEO'), { tv_sec: 1, tv_usec: 500_000 })
    assert.equal(a.call('setsockopt', fd, 1, c('SO_SNDTIMEO'), { tv_sec: 1, tv_usec: 1e6 }, 16), 'EDOM')
  })

  test('a connection that was accepted has what its listener was set to, also after listen', () => {
    const { a, b } = new World()
    const listener = a.listening()
    a.set(listener, 'SOL_TCP', 'TCP_MAXSEG', [1100])
    a.set(listener, 'SOL_TCP', 'TCP_NODELAY', [1])
    a.set(listener, 'SOL_SOCKET', 'SO_KEEPALIVE', [1])
    b.blocks('connect', b.socket(), ANY, ANY)
    const fd = a.call('accept', listener, ANY, ANY) as number
    assert.equal(a.sockets.connectionOf(fd)!.tcb.config.keepAlive, true)
    assert.equal(a.option(fd, 'SOL_TCP', 'TCP_NODELAY'), 1)
    // RFC 6691: what the option says, less the timestamps of every segment.
    assert.equal(a.option(fd, 'SOL_TCP', 'TCP_MAXSEG'), 1100 - 12)
    assert.equal(a.option(fd, 'SOL_IP', 'IP_MTU'), 1500)
  })

  test('options reach the segments: DiffServ, TTL, user timeout', () => {
    const { world, a, b, server, client } = connected()
    b.set(client, 'SOL_IP', 'IP_TOS', [0x20])
    b.set(client, 'SOL_IP', 'IP_TTL', [9])
    b.set(client, 'SOL_TCP', 'TCP_USER_TIMEOUT', [3000])
    b.write(client, 'x')
    assert.equal(a.sockets.connectionOf(server)!.tcb.receivedTos, 0x20)
    assert.equal(b.sockets.connectionOf(client)!.tcb.config.ttl, 9)
    world.lossy = true
    b.write(client, 'y')
    world.advance(2999)
    assert.equal(b.write(client, 'z'), 1)
    world.advance(1)
    assert.equal(b.write(client, 'z'), 'ETIMEDOUT')
    assert.equal(b.write(client, 'z'), 'EPIPE')
  })

  test('IPv6 has its own names; IPV6_V6ONLY only before bind', () => {
    const { a } = new World({ family: 'ipv6' })
    const fd = a.socket()
    assert.equal(a.option(fd, 'SOL_SOCKET', 'SO_DOMAIN'), c('AF_INET6'))
    assert.equal(a.set(fd, 'SOL_IPV6', 'IPV6_UNICAST_HOPS', [3]), 0)
    assert.equal(a.option(fd, 'SOL_IPV6', 'IPV6_UNICAST_HOPS'), 3)
    assert.equal(a.set(fd, 'SOL_IPV6', 'IPV6_TCLASS', [256]), 'EINVAL')
    assert.equal(a.set(fd, 'SOL_IPV6', 'IPV6_V6ONLY', [1]), 0)
    assert.equal(a.call('bind', fd, ANY, ANY), 0)
    assert.equal(a.set(fd, 'SOL_IPV6', 'IPV6_V6ONLY', [0]), 'EINVAL')
  })

  test('FreeBSD does not double a buffer', () => {
    const { a } = new World({ profile: FREEBSD })
    const fd = a.socket()
    a.set(fd, 'SOL_SOCKET', 'SO_RCVBUF', [10_000])
    assert.equal(a.option(fd, 'SOL_SOCKET', 'SO_RCVBUF'), 10_000)
    assert.equal(a.set(fd, 'SOL_SOCKET', 'SO_SNDBUF', [0]), 'EINVAL')
  })
})

describe('MSG_MORE, TCP_CORK, TCP_NODELAY', () => {
  function segmentsOf(change: (all: ReturnType<typeof connected>) => void): number[] {
    const all = connected()
    const before = all.b.sockets.tcpInfo(all.client)!.tcpi_data_segs_out!
    change(all)
    const info = all.b.sockets.tcpInfo(all.client)!
    return [info.tcpi_data_segs_out! - before, info.tcpi_notsent_bytes!]
  }

  test('MSG_MORE holds octets back, for 200 ms or until a send without it', () => {
    const more = c('MSG_MORE')
    assert.deepEqual(
      segmentsOf(({ b, client }) => b.call('send', client, ANY, 40, more)),
      [0, 40],
    )
    assert.deepEqual(
      segmentsOf(({ world, b, client }) => {
        b.call('send', client, ANY, 40, more)
        world.advance(200)
      }),
      [1, 0],
    )
    assert.deepEqual(
      segmentsOf(({ b, client }) => {
        b.call('send', client, ANY, 40, more)
        b.write(client, 10)
      }),
      [1, 0],
    )
  })

  test('TCP_CORK holds back what was pushed, until it is taken out or TCP_NODELAY is set', () => {
    const corked = ({ b, client }: ReturnType<typeof connected>) => {
      b.set(client, 'SOL_TCP', 'TCP_CORK', [1])
      b.write(client, 40)
      b.write(client, 40)
    }
    assert.deepEqual(segmentsOf(corked), [0, 80])
    for (const [name, value] of [
      ['TCP_CORK', 0],
      ['TCP_NODELAY', 1],
    ] as const) {
      const sent = segmentsOf((all) => {
        corked(all)
        all.b.set(all.client, 'SOL_TCP', name, [value])
      })
      assert.deepEqual(sent, [1, 0], name)
    }
  })

  test('MSG_EOR: later octets go in another segment, though there were room', () => {
    const sent = segmentsOf(({ world, b, client }) => {
      world.held = true
      b.write(client, 1)
      b.call('send', client, ANY, 100, c('MSG_EOR'))
      b.write(client, 100)
      world.release()
    })
    assert.deepEqual(sent, [3, 0])
  })
})
