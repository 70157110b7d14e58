/** How connections open, and how that fails. */

import {
  ICMP4_CODE_ADMINISTRATIVE,
  ICMP4_CODE_HOST,
  ICMP6_CODE_ADDRESS,
  ICMP6_CODE_ADMINISTRATIVE,
} from '../../wire/icmp.ts'
import { SYN } from '../../wire/segment.ts'
import type { Script } from '../application.ts'
import type { SimHost } from '../host.ts'
import type { Scenario } from '../scenario.ts'
import { hasText, isSyn } from '../scenario-rules.ts'
import { unreachableAnswer } from '../unreachable.ts'
import { forgeSegment } from './forge.ts'
import { CLOSES_FIRST, CLOSES_SECOND, OPENED } from './paths.ts'
import { closeSecond, open, serve } from './scripts.ts'

function idle() {
  return serve(80, function* () {})
}

export const threeWayHandshake: Scenario = {
  name: 'three-way-handshake',
  title: 'Connection establishment: the three-way handshake',
  lesson:
    'SYN, SYN with ACK, ACK: each side says where its numbers start and hears that the other side knows. The client is ' +
    'open after one round trip, the server half a round trip later.',
  accepts: ['mss', 'window'],
  paths: OPENED,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(idle())
    client.program(function* (host): Script {
      yield* open(host, server, 80)
    }, 10)
  },
}

export const simultaneousOpen: Scenario = {
  name: 'simultaneous-open',
  title: 'Simultaneous open: both call connect, the SYNs cross',
  lesson:
    'Nobody listens. Each side answers the SYN of the other with its own SYN again, now with an ACK. It is one ' +
    'connection, not two.',
  accepts: ['mss', 'window'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> SYN-RECEIVED -> ESTABLISHED'],
    server: ['CLOSED -> SYN-SENT -> SYN-RECEIVED -> ESTABLISHED'],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    const caller = (other: SimHost, own: number, port: number) =>
      function* (host: SimHost): Script {
        yield* open(host, other, port, own)
      }
    client.program(caller(server, 5000, 6000))
    server.program(caller(client, 6000, 5000), 5)
  },
}

export const connectionRefused: Scenario = {
  name: 'connection-refused',
  title: 'Connection refused: nobody listens on that port',
  lesson:
    'The host is there, the program is not: a reset comes back within one round trip, and connect fails at once.',
  accepts: [],
  paths: { client: ['CLOSED -> SYN-SENT -> CLOSED'] },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    client.program(function* (host): Script {
      yield* open(host, server, 81)
    }, 10)
    server.program(idle())
  },
}

export const lostSyn: Scenario = {
  name: 'lost-syn',
  title: 'Lost SYNs: the handshake is slow, and works',
  lesson:
    'Nobody answers a SYN that is lost, so only time tells. The first wait is one second and each wait doubles; a lost ' +
    'SYN,ACK looks the same from here.',
  accepts: ['mss', 'window'],
  paths: OPENED,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    lab.from(client).next('lose', isSyn, 2)
    lab.from(server).next('lose', isSyn, 1)
    server.program(idle())
    client.program(function* (host): Script {
      yield* open(host, server, 80)
    }, 10)
  },
}

export const connectTimeout: Scenario = {
  name: 'connect-timeout',
  title: 'Connect time-out: nobody answers, neither yes nor no',
  lesson:
    'A firewall drops every SYN. The first program gives up after its own two seconds; the second lets TCP try, which ' +
    'takes three minutes. A refusal would have come at once: silence is not refusal.',
  accepts: [],
  paths: { client: ['CLOSED -> SYN-SENT -> CLOSED', 'CLOSED -> SYN-SENT -> CLOSED'] },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    lab.from(client).cut()
    server.program(idle())
    client.program(function* (host): Script {
      const socket = host.socket()
      socket.note('heading', '1. connect with a time-out of 2 s')
      yield* socket.connect(server.address, 80, 2000)
      socket.close()
      const patient = host.socket()
      patient.note('heading', '2. connect without one')
      yield* patient.connect(server.address, 80)
      patient.close()
    }, 10)
  },
}

export const oldDuplicateSyn: Scenario = {
  name: 'old-duplicate-syn',
  title: 'RFC 9293 figure 8: recovery from an old duplicate SYN',
  lesson:
    'A SYN of a former connection arrives first. The server cannot tell and answers it; the client can tell, because ' +
    'the answer acknowledges a number that it never sent, and says so with a reset.',
  accepts: ['mss', 'window'],
  onePicture: true,
  paths: {
    'TCP A': [CLOSES_FIRST],
    'TCP B': ['CLOSED -> LISTEN -> SYN-RECEIVED -> LISTEN', CLOSES_SECOND],
  },
  play(lab) {
    const a = lab.host('TCP A', 100)
    const b = lab.host('TCP B', 300)
    lab.pair(a, b, { reorderByUs: 60_000 })
    // The new SYN is held back, so that the old one comes first.
    lab.from(a).next('reorder', isSyn)
    b.program(serve(80, closeSecond))
    a.program(function* (host): Script {
      host.heading('1. Connection establishment, disturbed')
      const socket = yield* open(host, b, 80, 5000)
      yield* host.sleep(100)
      host.heading('2. Connection release')
      socket.close()
    }, 10)
    lab.network.at(15_000, () => {
      const old = { from: a.address, to: b.address, srcPort: 5000, dstPort: 80, seq: 90, flags: SYN }
      lab.network.inject(forgeSegment(old), b.name, { atUs: 20_000 })
      b.iss = 400
    })
  },
}

export const icmpUnreachable: Scenario = {
  name: 'icmp-unreachable',
  title: 'ICMP unreachable: an error that may mend, and one that may not',
  lesson:
    'A router reports a host unreachable. While connecting, TCP goes on trying and tells why it failed in the end; a ' +
    'firewall that forbids the connection ends it at once. Once open, no ICMP message ends a connection: anyone could ' +
    'forge it.',
  accepts: [],
  paths: {
    client: [CLOSES_FIRST, 'CLOSED -> SYN-SENT -> CLOSED'],
    server: [CLOSES_SECOND],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    const rules = lab.from(client)
    const answer = (codes: { v4: number; v6: number }) => (packet: Uint8Array) => {
      lab.network.inject(unreachableAnswer(packet, codes)!, client.name, { atUs: lab.network.now + 10_000 })
    }
    server.program(serve(80, closeSecond))
    client.program(function* (host): Script {
      const socket = host.socket()
      socket.note('heading', '1. The host cannot be reached for a moment, while open')
      yield* socket.connect(server.address, 80)
      rules.next('lose', hasText, 1, answer(HOST_UNREACHABLE))
      yield* socket.write(100)
      yield* host.sleep(500)
      socket.close()
      yield* host.sleep(500)
      const other = host.socket()
      other.note('heading', '2. A firewall forbids the connection')
      rules.next('lose', isSyn, 1, answer(PROHIBITED))
      yield* other.connect(server.address, 80)
      other.close()
    }, 10)
  },
}

const HOST_UNREACHABLE = { v4: ICMP4_CODE_HOST, v6: ICMP6_CODE_ADDRESS }
const PROHIBITED = { v4: ICMP4_CODE_ADMINISTRATIVE, v6: ICMP6_CODE_ADMINISTRATIVE }
