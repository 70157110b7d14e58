/** Errors that a host gives by itself, before or without a segment. */

import type { Script } from '../application.ts'
import type { Scenario } from '../scenario.ts'
import { CLOSES_FIRST, CLOSES_SECOND, NORMAL, OPENED } from './paths.ts'
import { closeSecond, open, serve, serveMany } from './scripts.ts'

export const addressInUse: Scenario = {
  name: 'address-in-use',
  title: 'Address already in use: two servers want one port',
  lesson: 'A listener owns its port. The second bind fails at once, and the first server notices nothing.',
  accepts: [],
  paths: OPENED,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(serve(8100, function* () {}))
    lab.network.at(5000, () => server.socket().bind(8100))
    client.program(function* (host): Script {
      yield* open(host, server, 8100)
    }, 10)
  },
}

export const permissionDenied: Scenario = {
  name: 'permission-denied',
  title: 'Permission denied: a well-known port without privilege',
  lesson:
    'Ports 0 to 1023 are for the system: a program without privilege cannot bind them, and takes one above.',
  accepts: [],
  paths: OPENED,
  play(lab) {
    const client = lab.host('client', 100)
    const server = lab.host('server', 300, { privileged: false })
    lab.pair(client, server)
    server.program(function* (host): Script {
      const socket = host.socket()
      socket.bind(80)
      socket.bind(8100)
      socket.listen()
      yield* socket.accept()
    })
    client.program(function* (host): Script {
      yield* open(host, server, 8100)
    }, 10)
  },
}

export const tooManyOpenFiles: Scenario = {
  name: 'too-many-open-files',
  title: 'Too many open files: sockets that nobody closes',
  lesson:
    'A process may have so many descriptors. The client here may have two and forgets to close them, so the third socket ' +
    'fails before TCP hears of it. Look for connections in CLOSE-WAIT: they wait for somebody to call close.',
  accepts: [],
  paths: {
    client: [
      'CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSE-WAIT',
      'CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSE-WAIT',
    ],
    server: [
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2',
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2',
    ],
  },
  play(lab) {
    const client = lab.host('client', 100, { maxSockets: 2 })
    const server = lab.host('server', 300)
    lab.pair(client, server)
    server.program(
      serveMany(80, 2, function* (socket) {
        socket.shutdown()
        yield* socket.read()
      }),
    )
    client.program(function* (host): Script {
      for (let i = 0; i < 2; i++) {
        const socket = yield* open(host, server, 80)
        yield* socket.read()
      }
      host.socket()
    }, 10)
  },
}

export const noBufferSpace: Scenario = {
  name: 'no-buffer-space',
  title: 'No buffer space: the host has no room for another connection',
  lesson:
    'Each connection takes memory, those in TIME-WAIT too. A host that opens and closes without pause fills its table: ' +
    'here it has room for two.',
  accepts: [],
  paths: {
    client: [CLOSES_FIRST, CLOSES_FIRST],
    server: [CLOSES_SECOND, CLOSES_SECOND],
  },
  play(lab) {
    const client = lab.host('client', 100, { limits: { connections: 2 } })
    const server = lab.host('server', 300)
    lab.pair(client, server)
    server.program(serveMany(80, 2, closeSecond))
    client.program(function* (host): Script {
      for (let i = 0; i < 3; i++) {
        const socket = yield* open(host, server, 80)
        socket.close()
        yield* host.sleep(200)
      }
    }, 10)
  },
}

export const socketClosed: Scenario = {
  name: 'socket-closed',
  title: 'Socket closed: using what one has closed oneself',
  lesson:
    'After close the descriptor is gone, though TCP may still be busy with the connection: read and write fail here.',
  accepts: ['mss', 'window'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(serve(80, closeSecond))
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(100)
      yield* host.sleep(100)
      socket.close()
      yield* socket.write(100)
      yield* socket.read()
    }, 10)
  },
}
