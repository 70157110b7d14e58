/** How connections close: in order, at once, by halves, and with the last messages lost. */

import { CLOSED } from '../../tcp/state.ts'
import type { Script, Socket } from '../application.ts'
import type { SimHost } from '../host.ts'
import type { Scenario } from '../scenario.ts'
import { isAny, isFin, isPureAck } from '../scenario-rules.ts'
import { CLOSES_FIRST, CLOSES_SECOND, NORMAL } from './paths.ts'
import { closeSecond, open, readToEnd, serve } from './scripts.ts'

export const normalClose: Scenario = {
  name: 'normal-close',
  title: 'Normal close: each side closes its own direction',
  lesson:
    'A FIN says: no more from me. It is acknowledged like an octet. Whoever closes first waits in TIME-WAIT, so that a ' +
    'FIN that comes again finds somebody to acknowledge it.',
  accepts: ['mss', 'window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* readToEnd(socket)
        yield* host.sleep(20)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(lab.bytes(100))
      yield* host.sleep(100)
      host.heading('Connection release')
      socket.close()
    }, 10)
  },
}

export const simultaneousClose: Scenario = {
  name: 'simultaneous-close',
  title: 'Simultaneous close: the FINs cross',
  lesson:
    'Both close before the FIN of the other arrives. Both pass through CLOSING, and both wait in TIME-WAIT.',
  accepts: ['mss', 'window'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> CLOSING -> TIME-WAIT -> CLOSED'],
    server: [
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> FIN-WAIT-1 -> CLOSING -> TIME-WAIT -> CLOSED',
    ],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* host.sleep(100)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* host.sleep(115)
      host.heading('Connection release')
      socket.close()
    }, 10)
  },
}

export const halfClose: Scenario = {
  name: 'half-close',
  title: 'Half-close: done with writing, not with reading',
  lesson:
    'shutdown(WR) ends one direction only. The server reads to the end of the request, and only then answers at leisure; ' +
    'the client in FIN-WAIT-2 still receives and acknowledges.',
  accepts: ['mss', 'window', 'bytes'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    const octets = lab.bytes(2000)
    server.program(
      serve(80, function* (socket, host) {
        yield* readToEnd(socket)
        yield* host.sleep(100)
        yield* socket.write(octets)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(500)
      socket.shutdown()
      yield* socket.readAll(octets)
      yield* readToEnd(socket)
      socket.close()
    }, 10)
  },
}

/** Closes first when the other side has had time to settle. */
function* closeAfter(socket: Socket, host: SimHost, ms: number): Script {
  yield* host.sleep(ms)
  host.heading('Connection release')
  socket.close()
}

export const lostFinalAck: Scenario = {
  name: 'lost-final-ack',
  title: 'The last ACK is lost: what TIME-WAIT is for',
  lesson:
    'The server does not hear that its FIN arrived and sends it again. The client is still there to acknowledge it once ' +
    'more, and starts its two maximum segment lifetimes over.',
  accepts: ['mss', 'window'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* readToEnd(socket)
        yield* host.sleep(20)
        lab.from(client).next('lose', isPureAck)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      yield* closeAfter(yield* open(host, server, 80), host, 100)
    }, 10)
  },
}

export const timeWait: Scenario = {
  name: 'time-wait',
  title: 'TIME-WAIT: 2 MSL, started over by a late FIN, and the port stays in use',
  lesson:
    'For twice the maximum segment lifetime the same four of addresses and ports cannot be used again from here: connect ' +
    'says that the address is in use. Another port will do, and so will patience.',
  accepts: ['mss', 'window'],
  onePicture: true,
  paths: {
    client: [CLOSES_FIRST, CLOSES_FIRST],
    server: [CLOSES_SECOND, CLOSES_SECOND],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(function* (host): Script {
      const listening = host.socket()
      listening.bind(80)
      listening.listen()
      for (let served = 0; served < 2; served++) {
        const socket = yield* listening.accept()
        yield* readToEnd(socket)
        if (served === 0) lab.from(client).next('lose', isPureAck)
        socket.close()
      }
    })
    client.program(function* (host): Script {
      const first = yield* open(host, server, 80, 55303)
      yield* closeAfter(first, host, 100)
      yield* host.sleep(2000)
      const hasty = host.socket()
      hasty.bind(55303)
      yield* hasty.connect(server.address, 80)
      yield* host.until(() => first.connection!.state === CLOSED)
      host.heading('After 2 MSL the same port connects again')
      const patient = host.socket()
      patient.bind(55303)
      yield* patient.connect(server.address, 80)
      yield* host.sleep(100)
      patient.close()
    }, 10)
  },
}

export const finWait2: Scenario = {
  name: 'fin-wait-2',
  title: 'FIN-WAIT-2: the other side never closes',
  lesson:
    'The server has read the end of the data and forgets to close, so it stays in CLOSE-WAIT. The RFC would let the client ' +
    'wait for ever; a client whose program is gone gives up after a minute and says so with a reset.',
  accepts: ['mss', 'window'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> CLOSED'],
    server: ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSE-WAIT -> CLOSED'],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* readToEnd(socket)
        yield* host.sleep(100_000)
        yield* socket.write(10)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      yield* closeAfter(yield* open(host, server, 80), host, 100)
    }, 10)
  },
}

export const twoArmy: Scenario = {
  name: 'two-army',
  title: 'The two armies: no last message can be sure of its arrival',
  lesson:
    'FINs and their ACKs are lost again and again. However many arrive, the sender of the last one cannot know. TCP does ' +
    'not try to: each side closes by itself, repeats what was not acknowledged, and in the end a time-out decides.',
  accepts: ['mss', 'window'],
  paths: NORMAL,
  play(lab) {
    const [client, server] = lab.clientAndServer({ r2Ms: 10_000 })
    server.program(
      serve(80, function* (socket, host) {
        yield* readToEnd(socket)
        yield* host.sleep(300)
        host.heading('Release, server to client: its FIN is lost once, each ACK for it for ever')
        lab.from(server).mend()
        lab.from(server).next('lose', isFin)
        lab.from(client).mend()
        lab.from(client).next('lose', isAny, Number.POSITIVE_INFINITY)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* host.sleep(100)
      host.heading('Release, client to server: the FIN is lost twice, its ACK once')
      lab.from(client).next('lose', isFin, 2)
      lab.from(server).next('lose', isPureAck)
      socket.close()
    }, 10)
  },
}

export const reset: Scenario = {
  name: 'reset',
  title: 'Connection reset: one side aborts',
  lesson:
    'A reset ends the connection at both sides at once. It is not acknowledged, and there is no TIME-WAIT.',
  accepts: ['mss', 'window', 'bytes'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSED'],
    server: ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSED'],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    const octets = lab.bytes(100)
    server.program(
      serve(80, function* (socket) {
        yield* socket.readAll(octets)
        socket.abort()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(octets)
      yield* socket.read()
      socket.close()
    }, 10)
  },
}

export const unreadData: Scenario = {
  name: 'unread-data',
  title: 'Closed with unread data: a reset instead of a FIN',
  lesson:
    'The server closes without having read the request. A FIN would let the client believe that all was received: so TCP ' +
    'sends a reset (RFC 9293 SHLD-3). "Connection reset" often means just this.',
  accepts: ['mss', 'window', 'bytes'],
  paths: reset.paths,
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* host.sleep(100)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(lab.bytes(1000))
      yield* socket.read()
      socket.close()
    }, 10)
  },
}

export const brokenPipe: Scenario = {
  name: 'broken-pipe',
  title: 'Broken pipe: writing to somebody who has gone',
  lesson:
    'The server has closed both directions, but its FIN only says that it sends no more. The first write succeeds and is ' +
    'answered with a reset; the second one fails.',
  accepts: ['mss', 'window'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSE-WAIT -> CLOSED'],
    server: ['CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> CLOSED'],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket) {
        yield* socket.readAll(100)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.write(100)
      yield* host.sleep(200)
      yield* socket.write(100)
      yield* host.sleep(200)
      yield* socket.write(100)
      socket.close()
    }, 10)
  },
}

export const endOfFile: Scenario = {
  name: 'end-of-file',
  title: 'End of file: the other side closes before all was sent',
  lesson:
    'The client expects 100 octets, the server closes after 60. Nothing is wrong with TCP: read returns what there is, ' +
    'then 0. Whether that is an error (Java: EOFException) only the application can say.',
  accepts: ['mss', 'window'],
  paths: {
    client: ['CLOSED -> SYN-SENT -> ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED'],
    server: [
      'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED',
    ],
  },
  play(lab) {
    const [client, server] = lab.clientAndServer()
    server.program(
      serve(80, function* (socket, host) {
        yield* socket.write(60)
        yield* host.sleep(200)
        socket.close()
      }),
    )
    client.program(function* (host): Script {
      const socket = yield* open(host, server, 80)
      yield* socket.readAll(100)
      yield* closeSecond(socket)
    }, 10)
  },
}
