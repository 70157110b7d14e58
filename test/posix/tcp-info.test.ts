import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FREEBSD, LINUX } from '../../src/posix/profiles.ts'
import { ANY, c, connected, type Host, World } from './world.ts'

function info(host: Host, fd: number, ...names: string[]): number[] {
  const fields = host.sockets.tcpInfo(fd)!
  return names.map((name) => fields[`tcpi_${name}`]!)
}

test('the state by its number in Linux, from nothing to the end', () => {
  for (const [profile, timeWait] of [
    [LINUX, 'TCP_CLOSE'],
    [FREEBSD, 'TCP_TIME_WAIT'],
  ] as const) {
    const world = new World({ profile })
    const { a, b } = world
    const fd = b.socket()
    assert.deepEqual(info(b, fd, 'state'), [c('TCP_CLOSE')])
    const listener = a.listening()
    assert.deepEqual(info(a, listener, 'state'), [c('TCP_LISTEN')])
    world.held = true
    b.blocks('connect', fd, ANY, ANY)
    assert.deepEqual(info(b, fd, 'state'), [c('TCP_SYN_SENT')])
    world.release()
    assert.deepEqual(info(b, fd, 'state'), [c('TCP_ESTABLISHED')])
    const server = a.call('accept', listener, ANY, ANY) as number
    b.call('shutdown', fd, c('SHUT_WR'))
    assert.deepEqual(info(b, fd, 'state'), [c('TCP_FIN_WAIT2')])
    assert.deepEqual(info(a, server, 'state'), [c('TCP_CLOSE_WAIT')])
    a.call('close', server)
    assert.deepEqual(info(b, fd, 'state'), [c(timeWait)])
    assert.equal(b.sockets.tcpInfo(server + 50), null)
  }
})

test('windows in segments, infinite ssthresh as Linux writes it, what the handshake agreed on', () => {
  const { b, client } = connected()
  assert.deepEqual(info(b, client, 'snd_cwnd', 'snd_ssthresh', 'ca_state', 'unacked'), [10, 0x7fffffff, 0, 0])
  assert.deepEqual(info(b, client, 'options'), [c('TCPI_OPT_TIMESTAMPS|TCPI_OPT_WSCALE')])
  assert.deepEqual(
    info(b, client, 'snd_wscale', 'rcv_wscale', 'snd_mss', 'advmss', 'pmtu'),
    [8, 8, 1448, 1460, 1500],
  )
})

test('before the handshake nothing was agreed on, and there is no time since anything came', () => {
  const world = new World()
  const { b } = world
  world.held = true
  const fd = b.socket()
  b.blocks('connect', fd, ANY, ANY)
  world.advance(500)
  assert.deepEqual(info(b, fd, 'state', 'options', 'last_data_recv'), [c('TCP_SYN_SENT'), 0, 0])
})

test('octets and segments, sent, received, acknowledged and sent again', () => {
  const { world, a, b, server, client } = connected()
  world.lossy = true
  b.write(client, 100)
  assert.deepEqual(info(b, client, 'unacked', 'retransmits', 'lost'), [1, 0, 0])
  world.advance(300)
  assert.deepEqual(info(b, client, 'ca_state', 'retransmits', 'backoff', 'total_rto'), [
    c('TCP_CA_Loss'),
    1,
    1,
    1,
  ])
  assert.deepEqual(
    info(b, client, 'snd_cwnd', 'bytes_sent', 'bytes_retrans', 'total_retrans'),
    [1, 200, 100, 1],
  )
  world.lossy = false
  world.advance(1000)
  assert.deepEqual(info(b, client, 'unacked', 'retransmits', 'ca_state', 'bytes_acked'), [0, 0, 0, 100])
  assert.deepEqual(info(a, server, 'bytes_received', 'data_segs_in', 'data_segs_out'), [100, 1, 0])
})

test('times since something happened are milliseconds', () => {
  const { world, a, b, server, client } = connected()
  world.advance(1000)
  assert.deepEqual(info(a, server, 'last_data_recv'), [1000])
  b.write(client, 'x')
  assert.deepEqual(info(a, server, 'last_data_recv'), [0])
  world.advance(30)
  assert.deepEqual(info(b, client, 'last_data_sent', 'last_ack_recv'), [30, 30])
})

test('what held the sender back: the time it was busy, and of that what the window and the buffer cost', () => {
  const { world, a, b, server, client } = connected()
  world.advance(50)
  world.held = true
  b.write(client, 10)
  world.advance(20)
  world.release()
  world.advance(50)
  assert.deepEqual(info(b, client, 'busy_time', 'rwnd_limited', 'sndbuf_limited'), [20_000, 0, 0])
  // The other side does not read: its window closes, and the rest waits for it.
  b.nonBlocking(client)
  for (let i = 0; i < 40; i++) {
    b.call('write', client, ANY, 50_000)
    world.advance(1)
  }
  const before = info(b, client, 'busy_time', 'rwnd_limited')
  world.advance(1000)
  const after = info(b, client, 'busy_time', 'rwnd_limited')
  assert.deepEqual([after[0]! - before[0]!, after[1]! - before[1]!], [1_000_000, 1_000_000])
  a.call('close', server)
})
