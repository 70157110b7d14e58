/** The stories that the golden pictures show. */

import { Story } from './story.ts'

const DELAY = 20_000

/** Seeds 000 and 001 with their numbers (and 801 where they err). */
export function classic(headings = true): Story {
  const s = new Story({ client: 49152, server: 6000 })
  const heading = (text: string) => {
    if (headings) s.say('heading', text)
  }
  heading('1. Connection establishment: the three-way handshake')
  const ack = establish(s)
  heading('2. Data transfer, client to server')
  const three = clientToServer(s, ack)
  heading('3. Data transfer, server to client')
  serverToClient(s, three)
  heading('4. Connection release: the client closes first')
  release(s)
  return s
}

const C = 'client'
const S = 'server'
const c = { window: 5000 }
const v = { window: 65535 }

/** Returns the acknowledgment that is still on its way. */
function establish(s: Story): ReturnType<Story['send']> {
  s.call(S, 'open', { detail: 'passive' })
  s.state(S, 'CLOSED', 'LISTEN')
  s.call(C, 'open', { detail: 'active' })
  s.state(C, 'CLOSED', 'SYN-SENT')
  const syn = s.send(C, S, 'SYN', 'syn', { ...c, seq: 0, mss: 512 })
  s.now += DELAY
  s.receive(S, syn)
  s.state(S, 'LISTEN', 'SYN-RECEIVED')
  const synAck = s.send(S, C, 'SYN,ACK', 'syn-ack', { ...v, seq: 100, ack: 1, mss: 512 })
  s.now += DELAY
  s.receive(C, synAck)
  s.state(C, 'SYN-SENT', 'ESTABLISHED')
  s.signal(C, 'connected')
  return s.send(C, S, 'ACK', 'handshake-ack', { ...c, seq: 1, ack: 101 })
}

/** Returns the acknowledgment that is still on its way. */
function clientToServer(s: Story, ack: ReturnType<Story['send']>): ReturnType<Story['send']> {
  s.call(C, 'send', { octets: 1024 })
  const one = s.send(C, S, 'ACK', 'new-data', { ...c, seq: 1, ack: 101, length: 512 })
  const two = s.send(C, S, 'PSH,ACK', 'new-data', { ...c, seq: 513, ack: 101, length: 512 })
  s.now += DELAY
  s.receive(S, ack)
  s.state(S, 'SYN-RECEIVED', 'ESTABLISHED')
  s.signal(S, 'connected')
  s.receive(S, one)
  s.signal(S, 'readable')
  s.receive(S, two)
  const three = s.send(S, C, 'ACK', 'second-segment-ack', { ...v, seq: 101, ack: 1025 })
  s.call(S, 'receive', { octets: 1024 })
  return three
}

function serverToClient(s: Story, three: ReturnType<Story['send']>): void {
  s.call(S, 'send', { octets: 700 })
  const four = s.send(S, C, 'ACK', 'new-data', { ...v, seq: 101, ack: 1025, length: 512 })
  const five = s.send(S, C, 'PSH,ACK', 'new-data', { ...v, seq: 613, ack: 1025, length: 188 })
  s.now += DELAY
  s.receive(C, three)
  s.receive(C, four)
  s.receive(C, five)
  s.signal(C, 'readable')
  s.call(C, 'receive', { octets: 700 })
  const six = s.send(C, S, 'ACK', 'second-segment-ack', { ...c, seq: 1025, ack: 801 })
  s.now += DELAY
  s.receive(S, six)
  s.now += DELAY
}

function release(s: Story): void {
  s.call(C, 'close')
  s.state(C, 'ESTABLISHED', 'FIN-WAIT-1')
  const seven = s.send(C, S, 'FIN,ACK', 'fin', { ...c, seq: 1025, ack: 801 })
  s.now += DELAY
  s.receive(S, seven)
  s.state(S, 'ESTABLISHED', 'CLOSE-WAIT')
  s.signal(S, 'closing')
  const eight = s.send(S, C, 'ACK', 'fin-ack', { ...v, seq: 801, ack: 1026 })
  s.now += DELAY
  s.receive(C, eight)
  s.state(C, 'FIN-WAIT-1', 'FIN-WAIT-2')
  s.now += DELAY
  s.call(S, 'close')
  s.state(S, 'CLOSE-WAIT', 'LAST-ACK')
  const nine = s.send(S, C, 'FIN,ACK', 'fin', { ...v, seq: 801, ack: 1026 })
  s.now += DELAY
  s.receive(C, nine)
  s.state(C, 'FIN-WAIT-2', 'TIME-WAIT')
  s.timer(C, 'time-wait', 'started', 60_000_000)
  s.signal(C, 'closing')
  const ten = s.send(C, S, 'ACK', 'fin-ack', { ...c, seq: 1026, ack: 802 })
  const closedAt = s.now + 60_000_000
  s.now += DELAY
  s.receive(S, ten)
  s.state(S, 'LAST-ACK', 'CLOSED')
  s.signal(S, 'closed', 'closed-normally')
  s.now = closedAt
  s.timer(C, 'time-wait', 'expired')
  s.state(C, 'TIME-WAIT', 'CLOSED')
  s.signal(C, 'closed', 'closed-normally')
}

/** Two SYNs cross (RFC 9293 figure 7). */
export function simultaneousOpen(): Story {
  const s = new Story({ alice: 5000, bob: 6000 })
  for (const host of ['alice', 'bob']) {
    s.call(host, 'open', { detail: 'active' })
    s.state(host, 'CLOSED', 'SYN-SENT')
  }
  const a = s.send('alice', 'bob', 'SYN', 'syn', { seq: 100, mss: 1460 })
  s.now += 2_500
  const b = s.send('bob', 'alice', 'SYN', 'syn', { seq: 300, mss: 1460 })
  s.now = 10_000
  s.receive('bob', a)
  s.state('bob', 'SYN-SENT', 'SYN-RECEIVED')
  const bAck = s.send('bob', 'alice', 'SYN,ACK', 'syn-ack', { seq: 300, ack: 101 })
  s.now = 12_500
  s.receive('alice', b)
  s.state('alice', 'SYN-SENT', 'SYN-RECEIVED')
  const aAck = s.send('alice', 'bob', 'SYN,ACK', 'syn-ack', { seq: 100, ack: 301 })
  s.now = 20_000
  s.receive('alice', bAck)
  s.state('alice', 'SYN-RECEIVED', 'ESTABLISHED')
  s.signal('alice', 'connected')
  s.now = 22_500
  s.receive('bob', aAck)
  s.state('bob', 'SYN-RECEIVED', 'ESTABLISHED')
  s.signal('bob', 'connected')
  return s
}

/** Everything that a network can do to packets, on a connection that is already open. */
export function hostileNetwork(): Story {
  const s = new Story({ client: 40000, server: 9 })
  const iss = -1_000_000
  const irs = 0x7fff_ff00
  const text = (nth: number) => ({ seq: (iss + nth * 1000) | 0, ack: irs, length: 1000, window: 64240 })
  const ackOf = (nth: number) => ({ seq: irs, ack: (iss + nth * 1000) | 0, window: 502, scaledWindow: 64256 })
  s.call('client', 'send', { octets: 6000, detail: 'push' })
  const lost = s.send('client', 'server', 'ACK', 'new-data', text(0))
  s.network('lost', lost)
  const slow = s.send('client', 'server', 'ACK', 'new-data', text(1))
  s.network('reordered', slow)
  const fast = s.send('client', 'server', 'ACK', 'new-data', text(2))
  const copy = s.network('duplicated', fast, true)
  const broken = s.send('client', 'server', 'ACK', 'new-data', text(3))
  s.network('corrupted', broken)
  const big = s.send('client', 'server', 'ACK', 'new-data', text(4))
  s.network('too-big', big)
  const full = s.send('client', 'server', 'PSH,ACK', 'new-data', text(5))
  s.network('queue-full', full)
  s.now += 15_000
  s.receive('server', fast)
  const first = s.send('server', 'client', 'ACK', 'out-of-order-ack', ackOf(0))
  s.now += 100
  s.drop('server', broken, 'tcp-checksum')
  s.now += 900
  s.receive('server', slow)
  const second = s.send('server', 'client', 'ACK', 'out-of-order-ack', ackOf(0))
  s.now += 4_000
  s.receive('server', copy, fast)
  s.drop('server', copy, 'duplicate-text', 1)
  const third = s.send('server', 'client', 'ACK', 'out-of-order-ack', ackOf(0))
  s.now += 11_000
  s.receive('client', first)
  s.now += 1_000
  s.receive('client', second)
  s.now += 4_000
  s.receive('client', third)
  s.events.push({
    at: s.now,
    host: 'client',
    connection: 1,
    kind: 'recovery',
    phase: 'fast-recovery',
    cwnd: 6000,
    ssthresh: 3000,
    flight: 6000,
    rtoUs: 1_000_000,
    srttUs: 30_000,
  })
  const again = s.send('client', 'server', 'ACK', 'fast-retransmit', text(0))
  s.now += 15_000
  s.receive('server', again)
  const fourth = s.send('server', 'client', 'ACK', 'gap-filled-ack', ackOf(3))
  s.network('lost', fourth)
  s.say('application', 'notices nothing of all this', 'server')
  s.now += 1_000_000
  s.timer('client', 'retransmission', 'expired')
  s.say(
    'remark',
    'A remark of the scenario, long enough that it needs more than one line in the middle of the picture.',
  )
  s.send('client', 'server', 'ACK', 'retransmission-timeout', text(0))
  return s
}

/** Nobody listens: the server has no connection at all. */
export function refused(): Story {
  const s = new Story({ client: 50000, server: 81 })
  s.connections = { client: 3, server: 0 }
  s.call('client', 'open', { detail: 'active' })
  s.state('client', 'CLOSED', 'SYN-SENT')
  const syn = s.send('client', 'server', 'SYN', 'syn', {
    seq: 1234567890,
    mss: 1460,
    sackPermitted: true,
    windowScale: 7,
    timestamps: { val: 4_000_000_000 | 0, ecr: 0 },
    window: 64240,
  })
  s.now += 153
  s.receive('server', syn)
  s.drop('server', syn, 'no-connection')
  const reset = s.send('server', 'client', 'RST,ACK', 'reset-no-connection', { ack: 1234567891, window: 0 })
  s.now += 149
  s.receive('client', reset)
  s.state('client', 'SYN-SENT', 'CLOSED')
  s.signal('client', 'closed', 'connection-refused')
  return s
}

/** Only one end tells, and nobody numbers packets: a live connection over TUN. */
export function oneEnd(): Story {
  const s = classic(false)
  for (const [index, event] of s.events.entries()) {
    if (event.kind === 'sent' || event.kind === 'received') s.events[index] = { ...event, packet: 0 }
  }
  const mine = s.events.filter((event) => event.host === 'client')
  s.events.length = 0
  s.events.push(...mine)
  return s
}

/** The server aborts a connection whose data it never read. */
export function reset(): Story {
  const s = classic(false)
  const stop = s.events.findIndex((event) => event.kind === 'call' && event.call === 'receive')
  s.events.length = stop
  s.now = s.events.at(-1)!.at + 1000
  s.call('server', 'close')
  const rst = s.send('server', 'client', 'RST,ACK', 'reset-unread-data', { seq: 101, ack: 1025, window: 0 })
  s.state('server', 'ESTABLISHED', 'CLOSED')
  s.signal('server', 'closed', 'unread-data')
  s.now += DELAY
  s.receive('client', rst)
  s.state('client', 'ESTABLISHED', 'CLOSED')
  s.signal('client', 'closed', 'reset-by-peer')
  return s
}

/** No answer: the SYN is lost again and again. */
export function timedOut(): Story {
  const s = new Story({ client: 50001, server: 80 })
  s.call('client', 'open', { detail: 'active' })
  s.state('client', 'CLOSED', 'SYN-SENT')
  s.network('lost', s.send('client', 'server', 'SYN', 'syn', { seq: 7 }))
  for (const waitUs of [1_000_000, 2_000_000, 4_000_000]) {
    s.timer('client', 'retransmission', 'started', waitUs)
    s.now += waitUs
    s.timer('client', 'retransmission', 'expired')
    s.network('lost', s.send('client', 'server', 'SYN', 'retransmission-timeout', { seq: 7 }))
  }
  s.now += 8_000_000
  s.state('client', 'SYN-SENT', 'CLOSED')
  s.signal('client', 'closed', 'connect-timeout')
  return s
}

export const STORIES = {
  classic,
  simultaneousOpen,
  hostileNetwork,
  refused,
  oneEnd,
  reset,
  timedOut,
} as const

/** What stands at the arrows of the classic connection, in every kind of picture: the numbers of seeds 000 and 001. */
export const CLASSIC_LABELS = [
  'SYN seq 0 win 5000 <mss 512>',
  'SYN,ACK seq 100 ack 1 win 65535',
  'ACK seq 1 ack 101 win 5000',
  'seq 1 ack 101 len 512',
  'seq 513 ack 101 len 512',
  'ack 1025',
  'seq 101 ack 1025 len 512',
  'seq 613 ack 1025 len 188',
  'ack 801',
  'FIN,ACK seq 1025 ack 801',
  'FIN,ACK seq 801 ack 1026',
  'ACK seq 1026 ack 802',
  'TIME-WAIT timer started: 60 s',
  'TIME-WAIT timer expired',
] as const
