/** A program of the lab on a simulated host, by the socket calls that a program in C would make. */

import type { Script, Socket } from '../sim/application.ts'
import type { SimHost } from '../sim/host.ts'
import { readToEnd } from '../sim/scenarios/scripts.ts'
import { CLOSED } from '../tcp/state.ts'
import type { CallStep, Step } from './program.ts'
import { SOCKET_OPTIONS } from './socket-options.ts'

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

/**
 * One step beside what the program of the host does, as another thread of it would: on the host's newest connection.
 * @param words the step, for who reads that there is none.
 */
export function call(host: SimHost, step: CallStep, words: string): void {
  const socket = newestSocket(host)
  if (host.isDown) host.note('application', `${words}: the host is down`, 0)
  else if (socket === null) host.note('application', `${words}: there is no connection yet`, 0)
  else host.program(() => playOnSocket(host, socket, step))
}

/** null where there is none, or none since the host was started again. */
function newestSocket({ sockets, stack }: SimHost): Socket | null {
  const connection = sockets.at(-1)?.connection
  if (connection == null) return null
  const isAlive = connection.state === CLOSED || [...stack.connections()].includes(connection)
  return isAlive ? sockets.at(-1)! : null
}

function* playOnSocket(host: SimHost, socket: Socket, step: CallStep | { kind: 'wait' }): Script {
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
    case 'set': {
      const { name, changes } = SOCKET_OPTIONS[step.option]!
      socket.say(`setsockopt(${name}, ${step.written})`)
      socket.setOptions(changes(step.value))
      break
    }
    case 'stop':
    case 'resume':
      socket.stopsReading = step.kind === 'stop'
      socket.say(step.kind === 'stop' ? 'stops reading' : 'reads again')
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
