/** Data: in segments, pushed, urgent, delayed, and around the end of the sequence numbers. */

import type { Script } from '../application.ts'
import type { SimHost } from '../host.ts'
import type { Scenario } from '../scenario.ts'
import { NORMAL, OPENED } from './paths.ts'
import { closeSecond, open, readToEnd, serve, serveMany } from './scripts.ts'

/** The server reads all; the client opens, does its work, and both stay open. */
function oneWay(client: SimHost, server: SimHost, work: (client: SimHost) => Script): void {
  server.program(
    serve(80, function* (socket) {
      yield* readToEnd(socket)
    }),
  )
  client.program(work, 10)
}

export const dataTransfer: Scenario = {
  name: 'data-transfer',
  title: 'Data transfer: octets are numbered, not segments',
  lesson:
    'What is written is cut into segments of at most the MSS. The number of a segment is that of its first octet, and an ' +
    'ACK names the next octet expected, usually for two segments at once.',
  accepts: ['mss', 'window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    const octets = lab.bytes(5000)
    server.program(
      serve(80, function* (socket) {
        yield* socket.readAll(octets)
        yield* socket.write(500)
        yield* closeSecond(socket)
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(octets)
      yield* socket.readAll(500)
      socket.close()
    }, 10)
  },
}

export const push: Scenario = {
  name: 'push',
  title: 'PUSH: no need to wait for more',
  lesson:
    'Small writes without PUSH may wait until a segment is full or a timer runs out. A write with PUSH sends all that ' +
    'waits, marked PSH, and the receiver hands it on at once. BSD sockets push every write.',
  accepts: ['mss', 'window'],
  paths: OPENED,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    oneWay(client, server, function* (host): Script {
      const socket = yield* open(host, server, 80)
      host.heading('Three writes without PUSH, then one with it')
      for (let i = 0; i < 3; i++) {
        yield* socket.write(100, { push: false })
        yield* host.sleep(10)
      }
      yield* socket.write(100)
      yield* host.sleep(200)
      host.heading('One write without PUSH: the override timer lets it go')
      yield* socket.write(100, { push: false })
    })
  },
}

export const urgent: Scenario = {
  name: 'urgent',
  title: 'Urgent data: the urgent pointer',
  lesson:
    'URG says that urgent octets are on their way; the pointer names the octet after the last of them, counted from the ' +
    'sequence number. They lie in the stream like all others. New programs should not use them (RFC 6093).',
  accepts: ['mss', 'window'],
  paths: OPENED,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    oneWay(client, server, function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(100)
      yield* host.sleep(100)
      yield* socket.write(5, { urgent: true })
      yield* socket.write(100)
    })
  },
}

export const nagle: Scenario = {
  name: 'nagle',
  title: "Nagle's algorithm: small segments wait for the ACK before",
  lesson:
    'While a small segment is unacknowledged the next small writes gather; the ACK lets them go together. With the ' +
    'delayed ACK of the other side this costs time: TCP_NODELAY switches it off.',
  accepts: ['mss', 'window'],
  paths: { client: [OPENED.client[0]!, OPENED.client[0]!], server: [OPENED.server[0]!, OPENED.server[0]!] },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(serveMany(80, 2, readToEnd))
    client.program(function* (host): Script {
      yield* typeSlowly(host, server, true)
      yield* typeSlowly(host, server, false)
    }, 10)
  },
}

/** Five keystrokes, 10 ms apart. */
function* typeSlowly(host: SimHost, server: SimHost, withNagle: boolean): Script {
  const socket = host.socket()
  socket.setOptions({ nagle: withNagle })
  socket.note('heading', withNagle ? "1. With Nagle's algorithm" : '2. With TCP_NODELAY')
  yield* socket.connect(server.address, 80)
  for (let key = 0; key < 5; key++) {
    yield* socket.write(1)
    yield* host.sleep(10)
  }
  yield* host.sleep(500)
}

export const delayedAck: Scenario = {
  name: 'delayed-ack',
  title: 'Delayed ACK: wait a little, something else may go that way',
  lesson:
    'One segment is acknowledged after at most 40 ms here (the RFC: below 500), two full ones at once, and a request ' +
    'that is answered soon by the answer itself.',
  accepts: ['window'],
  paths: OPENED,
  play(lab) {
    const [client, server] = lab.clientAndServer({ mssLimit: 536 })
    server.program(
      serve(80, function* (socket) {
        yield* socket.readAll(536)
        yield* socket.readAll(2 * 536)
        yield* socket.readAll(100)
        yield* socket.write(200)
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      host.heading('1. One segment: the timer')
      yield* socket.write(536)
      yield* host.sleep(200)
      host.heading('2. Two full segments: at once')
      yield* socket.write(2 * 536)
      yield* host.sleep(200)
      host.heading('3. Request and reply: the reply carries the ACK')
      yield* socket.write(100)
      yield* socket.read()
    }, 10)
  },
}

export const sequenceWrap: Scenario = {
  name: 'sequence-wrap',
  title: 'Sequence wrap: after 4294967295 comes 0',
  lesson: 'Numbers are compared modulo 2^32. The client starts 1000 before the end, and nobody notices.',
  accepts: ['mss', 'window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const client = lab.host('client', -1000)
    const server = lab.host('server', -1)
    lab.pair(client, server)
    server.program(serve(80, closeSecond))
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(lab.bytes(3000))
      yield* host.sleep(200)
      socket.close()
    }, 10)
  },
}

export const keepAlive: Scenario = {
  name: 'keep-alive',
  title: 'Keep-alive: is anybody there?',
  lesson:
    'An idle connection sends nothing, so a server cannot tell a silent client from a dead one. If it asks for it, TCP ' +
    'probes after two idle hours with a segment that must be answered; nine unanswered probes end the connection.',
  accepts: ['mss', 'window'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSED'],
    server: ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED'],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer({}, { keepAlive: true })
    server.program(
      serve(80, function* (socket) {
        yield* socket.read()
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      yield* open(host, server, 80)
    }, 10)
    lab.network.at(3 * 3_600_000_000, () => client.crash())
  },
}

export const readTimeout: Scenario = {
  name: 'read-timeout',
  title: 'Read time-out: connected, acknowledged, and no answer',
  lesson:
    'The request arrived: TCP at the server acknowledged it. The application there is slow, so the time-out of read is ' +
    'the only end. TCP itself would wait for ever.',
  accepts: ['mss', 'window'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* socket.read()
        yield* host.sleep(8000)
        yield* closeSecond(socket)
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(100)
      yield* socket.read(undefined, 5000)
      socket.close()
    }, 10)
  },
}
