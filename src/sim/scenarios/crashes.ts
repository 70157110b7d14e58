/** One side crashes and forgets: how the other finds out, and why connections do not start at number 0. */

import type { Script, Socket } from '../application.ts'
import type { SimHost } from '../host.ts'
import type { Lab, Scenario } from '../scenario.ts'
import { hasText } from '../scenario-rules.ts'
import { CLOSES_SECOND } from './paths.ts'
import { open, readToEnd, serve, serveMany } from './scripts.ts'

const CLIENT_PORT = 55303

export const halfOpen: Scenario = {
  name: 'half-open',
  title: 'RFC 9293 figure 9: half-open connection discovery',
  lesson:
    'A crashes, restarts and connects from the same port; B still holds the old connection and says where it stands. A ' +
    'never sent that number and answers with a reset: the old connection dies and the new one can begin.',
  accepts: ['mss', 'window'],
  onePicture: true,
  paths: {
    'TCP A': [
      'CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED',
    ],
    'TCP B': ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED', CLOSES_SECOND],
  },
  play(lab) {
    const a = lab.host('TCP A', 99)
    const b = lab.host('TCP B', 299)
    lab.pair(a, b)
    b.program(
      serveMany(80, 2, function* (socket) {
        yield* readToEnd(socket)
        socket.close()
      }),
    )
    const client = function* (host: SimHost): Script {
      if (host.now < 100_000) host.heading('1. The connection that A will forget')
      const socket = yield* open(host, b, 80, CLIENT_PORT)
      yield* host.sleep(500)
      socket.close()
    }
    a.program(client, 10)
    lab.network.at(300_000, () => a.crash())
    lab.network.at(500_000, () => {
      a.reboot()
      a.iss = 400
      a.program(function* (host): Script {
        host.heading('2. A is back, remembers nothing, and connects again')
        yield* client(host)
      }, 500)
    })
  },
}

export const halfOpenData: Scenario = {
  name: 'half-open-data',
  title: 'RFC 9293 figure 10: the active side finds a half-open connection',
  lesson:
    'A crashed and is back. B knows nothing of it and sends data; A has no such connection and answers with a reset.',
  accepts: ['mss', 'window'],
  paths: {
    'TCP A': ['CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSED'],
    'TCP B': ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED'],
  },
  play(lab) {
    const a = lab.host('TCP A', 99)
    const b = lab.host('TCP B', 299)
    lab.pair(a, b)
    b.program(
      serve(80, function* (socket, host) {
        yield* host.sleep(600)
        yield* socket.write(10)
        yield* socket.read()
        socket.close()
      }),
    )
    a.program(function* (host): Script {
      yield* open(host, b, 80, CLIENT_PORT)
    }, 10)
    lab.network.at(300_000, () => a.crash())
    lab.network.at(500_000, () => a.reboot())
  },
}

export const isnZeroDanger: Scenario = {
  name: 'isn-zero-danger',
  title: 'Why sequence numbers do not start at 0',
  lesson:
    'A segment of a connection that is gone is still on its way. If the next one between the same ports starts at 0 too, ' +
    'the segment fits: its text is delivered and the new text at the same numbers is taken for a repetition. Where each ' +
    'connection starts elsewhere (RFC 6528) the old segment lies outside the window and is dropped.',
  accepts: [],
  onePicture: true,
  ownText: true,
  paths: {
    client: [
      'CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSED -> SYN-SENT -> ESTABLISHED -> ' +
        'CLOSED -> SYN-SENT -> ESTABLISHED',
    ],
    server: [
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED',
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED',
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED',
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED',
    ],
  },
  play(lab) {
    const client = lab.host('client', 0)
    const server = lab.host('server', 0)
    lab.pair(client, server, { reorderByUs: 3_000_000 })
    server.program(serveMany(80, 4, impatient))
    incarnations(lab, client, server, 0, '1. Each connection starts at 0')
    lab.network.at(9_990_000, () => {
      client.iss = null
      server.iss = null
    })
    incarnations(lab, client, server, 10_000, '2. Each connection starts where RFC 6528 says')
  },
}

/** Two connections from the same port: the first dies with the client while its text is under way. */
function incarnations(lab: Lab, client: SimHost, server: SimHost, atMs: number, title: string): void {
  client.program(function* (host): Script {
    host.heading(title)
    const socket = yield* open(host, server, 80, CLIENT_PORT)
    lab.from(client).next('reorder', hasText)
    yield* socket.write('OLD')
  }, atMs + 10)
  lab.network.at((atMs + 200) * 1000, () => client.crash())
  lab.network.at((atMs + 1800) * 1000, () => {
    client.reboot()
    client.program(function* (host): Script {
      host.remark('The client is back and connects again from the same port.')
      const socket = yield* open(host, server, 80, CLIENT_PORT)
      yield* host.sleep(1240)
      yield* socket.write('NEW')
    }, atMs + 1800)
  })
  if (atMs === 0) lab.network.at(8_000_000, () => client.crash())
  if (atMs === 0) lab.network.at(9_000_000, () => client.reboot())
}

/** Waits a second for a request, and three for the second client: then it gives up with a reset. */
function* impatient(socket: Socket, host: SimHost): Script {
  const isFirst = host.now % 10_000_000 < 1_000_000
  const octets = yield* socket.read(undefined, isFirst ? 1000 : 3500)
  if (octets > 0)
    host.remark(`The server read "${socket.lastText}"; the client of this connection wrote "NEW".`)
  else socket.abort()
  if (octets > 0 && host.now < 10_000_000) {
    yield* host.sleep(1000)
    socket.abort()
  }
}
