/** What most applications do, in the order in which BSD programs do it. */

import { type Call, GivesUp, type Script, type Socket } from '../application.ts'
import type { SimHost } from '../host.ts'

/** A server for one client: socket, bind, listen, accept, then `work`. */
export function serve(port: number, work: (socket: Socket, host: SimHost) => Script) {
  return function* (host: SimHost): Script {
    const listening = host.socket()
    if (!listening.bind(port) || !listening.listen()) return
    yield* work(yield* listening.accept(), host)
  }
}

/** A server for `count` clients at once. */
export function serveMany(port: number, count: number, work: (socket: Socket, host: SimHost) => Script) {
  return function* (host: SimHost): Script {
    const listening = host.socket()
    if (!listening.bind(port) || !listening.listen()) return
    for (let accepted = 0; accepted < count; accepted++) {
      const socket = yield* listening.accept()
      host.program(() => work(socket, host))
    }
  }
}

/** A client: socket, bind where a port is given, connect. Where that fails the script ends. */
export function* open(host: SimHost, server: SimHost, port: number, localPort = 0): Call<Socket> {
  const socket = host.socket()
  if (localPort !== 0 && !socket.bind(localPort)) throw new GivesUp()
  if (yield* socket.connect(server.address, port)) return socket
  socket.close()
  throw new GivesUp()
}

/** Reads until the other side has closed, or the connection fails. */
export function* readToEnd(socket: Socket): Call<void> {
  while ((yield* socket.read()) > 0);
}

/** Reads to the end of the stream, then closes: the passive close. */
export function* closeSecond(socket: Socket): Script {
  yield* readToEnd(socket)
  socket.close()
}

/** A server on port 80 that reads `octets` and to the end of the stream, then closes. */
export function receiveAll(octets: number) {
  return serve(80, function* (socket) {
    yield* socket.readAll(octets)
    yield* closeSecond(socket)
  })
}

/** A client that sends `octets` to port 80, waits until all are acknowledged or lost with the connection, and closes. */
export function* sendAll(host: SimHost, server: SimHost, octets: number, restMs = 0): Script {
  const socket = yield* open(host, server, 80)
  yield* socket.write(octets)
  yield* host.until(() => socket.connection!.queued === 0 || socket.connection!.closeReason !== null)
  if (restMs > 0) yield* host.sleep(restMs)
  socket.close()
}
