/** A program of the lab on a simulated host, by the socket calls that a program in C would make. */

import type { Script, Socket } from '../sim/application.ts'
import type { SimHost } from '../sim/host.ts'
import { readToEnd } from '../sim/scenarios/scripts.ts'
import type { Step } from './program.ts'

/**
 * @param peer where `connect` leads.
 */
export function* playProgram(host: SimHost, peer: SimHost, steps: readonly Step[]): Script {
  const first = host.socket()
  let socket = first
  for (const step of steps) {
    switch (step.kind) {
      case 'listen':
        if (socket.localPort === 0 && !socket.bind(step.port)) return
        if (!socket.listen()) return
        socket = yield* socket.accept()
        break
      case 'connect':
        if (!(yield* socket.connect(peer.address, step.port))) {
          socket.close()
          return
        }
        break
      case 'bind':
        if (!socket.bind(step.port)) return
        break
      case 'pause':
        yield* host.sleep(step.us / 1000)
        break
      default:
        yield* playOnSocket(host, socket, step)
    }
  }
}

type OnSocket = Exclude<Step, { kind: 'listen' | 'connect' | 'bind' | 'pause' }>

function* playOnSocket(host: SimHost, socket: Socket, step: OnSocket): Script {
  switch (step.kind) {
    case 'send':
      for (let n = 0; n < step.times; n++) {
        if (n > 0 && step.everyUs > 0) yield* host.sleep(step.everyUs / 1000)
        const how = { push: step.how !== 'more', urgent: step.how === 'urgent' }
        if ((yield* socket.write(step.octets, how)) < 0) return
      }
      break
    case 'receive':
      if (step.octets === null) yield* readToEnd(socket)
      else yield* socket.readAll(step.octets)
      break
    case 'read':
      while ((yield* socket.read(step.octets)) > 0) yield* host.sleep(step.everyUs / 1000)
      break
    case 'wait':
      yield* host.until(() => socket.connection!.queued === 0 || socket.connection!.closeReason !== null)
      break
    case 'shutdown':
      socket.shutdown()
      break
    case 'close':
      socket.close()
      break
    case 'abort':
      socket.abort()
      break
  }
}
