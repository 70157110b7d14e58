/** The connections that seeds 000, 001, 002 and 004 draw, with their numbers. */

import { portRange } from '../../stack/ports.ts'
import { CLOSED } from '../../tcp/state.ts'
import type { Script } from '../application.ts'
import type { SimHost } from '../host.ts'
import type { Lab, Scenario } from '../scenario.ts'
import { CLOSES_FIRST, CLOSES_SECOND, NORMAL } from './paths.ts'
import { closeSecond, open, serve } from './scripts.ts'

const SERVER_PORT = 8100

export const classic: Scenario = {
  name: 'classic',
  title: 'The classic connection: open, 1024 octets one way, 700 back, close',
  lesson:
    'A whole connection with the numbers of the EventStudio diagrams. They acknowledge the 700 octets with 701; the ' +
    'server counts from 100, so the right number is 801.',
  accepts: ['mss', 'window'],
  paths: NORMAL,
  play(lab) {
    const client = lab.host('client', 0, { config: { mssLimit: 512, receiveBufferBytes: 5000 } })
    const server = lab.host('server', 100, { config: { mssLimit: 512, receiveBufferBytes: 65_535 } })
    lab.pair(client, server)
    server.program(classicServer)
    client.program((host) => classicClient(host, server), 10)
  },
}

function* classicServer(host: SimHost): Script {
  host.heading('1. Socket creation: the server waits for clients')
  const listening = host.socket()
  // Without this Nagle's algorithm would hold the last 188 octets back until the first 512 are acknowledged.
  listening.setOptions({ nagle: false })
  listening.bind(SERVER_PORT)
  listening.listen()
  const socket = yield* listening.accept()
  yield* socket.readAll(1024)
  host.heading('4. Data transfer, server to client')
  host.remark('700 octets are 101 to 612 and 613 to 800. Who has them all asks for 801.')
  yield* socket.write(700)
  yield* socket.read()
  yield* host.sleep(20)
  host.heading('6. Release, server to client')
  socket.close()
}

function* classicClient(host: SimHost, server: SimHost): Script {
  host.heading('2. Connection establishment: the three-way handshake')
  host.remark(
    'A SYN takes a number: after 0 the first octet of the client is 1, after 100 that of the server is 101.',
  )
  const socket = yield* open(host, server, SERVER_PORT)
  host.heading('3. Data transfer, client to server')
  host.remark(
    'Numbers count octets, not segments: 1024 octets in segments of at most 512 are 1 to 512 and 513 to 1024.',
  )
  yield* socket.write(1024)
  yield* socket.readAll(700)
  yield* host.sleep(100)
  host.heading('5. Release, client to server: the client closes first')
  socket.close()
  yield* host.until(() => socket.connection!.state === CLOSED)
  host.remark('Both sockets are deleted.')
}

export const bsdCalls: Scenario = {
  name: 'bsd-calls',
  title: 'The calls of both programs, and which of them block',
  lesson:
    'connect, accept and read block; each returns when TCP has what it waits for. The reply carries the acknowledgment ' +
    'of the request. The client allows segments of 536 octets, the server 1460: both send at most 536.',
  accepts: ['mss', 'window'],
  paths: NORMAL,
  play(lab) {
    const client = lab.host('client', 1000, { config: { mssLimit: 536 } })
    const server = lab.host('server', 5000, { config: { mssLimit: 1460 } })
    lab.pair(client, server)
    server.program(
      serve(80, function* (socket, host) {
        yield* socket.read()
        yield* socket.write(300)
        yield* socket.read()
        yield* host.sleep(20)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(100)
      yield* socket.read()
      // The acknowledgment of the reply goes by itself if the client has nothing to say for a while.
      yield* host.sleep(60)
      socket.close()
    }, 10)
  },
}

/** TCP A and TCP B of the RFC's figures: A starts at `a`, B at `b`. */
function figureHosts(lab: Lab, a: number, b: number): [SimHost, SimHost] {
  const hosts: [SimHost, SimHost] = [lab.host('TCP A', a), lab.host('TCP B', b)]
  lab.pair(...hosts)
  return hosts
}

export const rfcHandshake: Scenario = {
  name: 'rfc-handshake',
  title: 'RFC 9293 figure 6: basic three-way handshake',
  lesson:
    'A starts at 100, B at 300. Each SYN takes one sequence number, so A goes on with 101 and B expects 101.',
  accepts: ['mss', 'window', 'bytes'],
  paths: {
    'TCP A': ['CLOSED -> SYN-SENT -> ESTABLISHED'],
    'TCP B': ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED'],
  },
  play(lab) {
    const [a, b] = figureHosts(lab, 100, 300)
    const octets = lab.bytes(10)
    b.program(
      serve(80, function* (socket) {
        yield* socket.readAll(octets)
      }),
    )
    a.program(function* (host): Script {
      const socket = yield* open(host, b, 80)
      yield* socket.write(octets)
    }, 10)
  },
}

export const rfcClose: Scenario = {
  name: 'rfc-close',
  title: 'RFC 9293 figure 12: normal close sequence',
  lesson:
    'A has sent up to 99 and B up to 299. A FIN takes one sequence number: FIN 100 is acknowledged with 101.',
  accepts: [],
  paths: {
    'TCP A': [CLOSES_FIRST],
    'TCP B': [CLOSES_SECOND],
  },
  play(lab) {
    const [a, b] = figureHosts(lab, 99, 299)
    b.program(
      serve(80, function* (socket, host) {
        yield* socket.read()
        yield* host.sleep(20)
        socket.close()
      }),
    )
    a.program(function* (host): Script {
      host.heading('Before the figure: the connection is opened')
      const socket = yield* open(host, b, 80)
      yield* host.sleep(100)
      host.heading('Normal close sequence')
      socket.close()
    }, 10)
  },
}

const OBJECT = '7b22342e3130223a22302e3030222c22342e3131223a2'

export const clientServer: Scenario = {
  name: 'client-server',
  title: "Seed 004's program: bind at both ends, time-outs, streams",
  lesson:
    'Both programs bind. The connection is the four of 192.168.0.101:55303 and 198.203.192.112:8100: no other may have ' +
    'the same four. connect may take 2 s, each read 5 s.',
  accepts: ['mss', 'window'],
  ownText: true,
  paths: NORMAL,
  play(lab) {
    const client = lab.host('client', 100, { addresses: ['192.168.0.101/24'] })
    const server = lab.host('server', 300, { addresses: ['198.203.192.112/24'] })
    lab.pair(client, server)
    server.program(
      serve(8100, function* (socket) {
        yield* socket.read()
        yield* socket.write(OBJECT)
        yield* closeSecond(socket)
      }),
    )
    client.program(function* (host): Script {
      host.remark(`port 8100 is a ${portRange(8100)} port, port 55303 a ${portRange(55303)} one`)
      const socket = host.socket()
      socket.bind(55303)
      if (!(yield* socket.connect(server.address, 8100, 2000))) return
      yield* socket.write(OBJECT)
      yield* socket.read(undefined, 5000)
      host.remark(`Message: ${socket.lastText}`)
      yield* host.sleep(60)
      socket.close()
    }, 10)
  },
}
