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
