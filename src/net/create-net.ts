/** A module like node:net, bound to a host: `createNet(host).connect(80, '10.0.0.2')`. */

import net from 'node:net'
import type { Host } from '../link/host.ts'
import type { Binding } from './binding.ts'
import { type BoundSocketConstructor, boundSocketConstructor } from './bound-socket.ts'
import { announceClientSocket } from './channels.ts'
import { checkBoolean, checkInteger } from './checks.ts'
import { normalizeArguments } from './connect.ts'
import { debug } from './debug.ts'
import { defaultHost } from './default-host.ts'
import { explainHangUps } from './hang-up.ts'
import { lookupOf } from './lookup.ts'
import { type ServerConstructor, serverConstructor } from './server.ts'
import { type Socket, type SocketConstructor, type SocketOptions, socketConstructor } from './socket.ts'
import type { TcpSocket } from './socket-methods.ts'
import { systemNet } from './system-net.ts'
import { observeHost } from './trace-channels.ts'
import { Turns } from './turns.ts'

/** Options of `connect`: of the socket and of what it connects to. */
export type ConnectOptions = SocketOptions & net.TcpSocketConnectOpts & { timeout?: number | undefined }

/** `connect` and `createConnection`. */
export interface Connect {
  (options: ConnectOptions, listener?: () => void): Socket
  (options: net.NetConnectOpts, listener?: () => void): Socket
  (port: number | string, host?: string, listener?: () => void): Socket
  (port: number | string, listener?: () => void): Socket
}

/** What node:net exports, with Elko's Socket and Server. */
export interface Net
  extends Omit<
    typeof net,
    'Socket' | 'Stream' | 'Server' | 'connect' | 'createConnection' | 'createServer' | 'default'
  > {
  readonly Socket: SocketConstructor
  readonly Stream: SocketConstructor
  readonly Server: ServerConstructor
  readonly BoundSocket: BoundSocketConstructor
  readonly connect: Connect
  readonly createConnection: Connect
  createServer(...args: ConstructorParameters<ServerConstructor>): InstanceType<ServerConstructor>
  /** Not documented in Node, and used by many: (port, host, callback) and the like as [options, callback]. */
  _normalizeArgs(args: readonly unknown[]): unknown[]
}

/** The module for a host. Sockets and servers of different hosts have different classes. */
export function createNet(host: Host): Net {
  if (host !== defaultHost) observeHost(host) // It is observed once it is made.
  explainHangUps()
  const binding = bindingOf(host)
  const { Socket } = binding
  const Server = serverConstructor(binding)
  const connect = connectOf(binding)
  return {
    ...autoSelection(binding),
    Socket,
    Stream: Socket,
    Server,
    BoundSocket: boundSocketConstructor(binding),
    connect,
    createConnection: connect,
    createServer: (...args) => new Server(...args),
    BlockList: net.BlockList,
    SocketAddress: net.SocketAddress,
    isIP: net.isIP,
    isIPv4: net.isIPv4,
    isIPv6: net.isIPv6,
    _normalizeArgs: normalizeArguments,
    ...LEFTOVERS,
  }
}

/** What node:net exports for the sake of old programs, and warns of. */
const LEFTOVERS = Object.fromEntries(
  Object.entries(net).filter(([name]) => name === '_setSimultaneousAccepts'),
)

function bindingOf(host: Host): Binding {
  const binding: Omit<Binding, 'Socket'> = {
    host,
    turns: new Turns(),
    lookup: lookupOf(host),
    autoSelectFamily: net.getDefaultAutoSelectFamily(),
    autoSelectFamilyAttemptTimeout: net.getDefaultAutoSelectFamilyAttemptTimeout(),
  }
  // The two know each other: a server of this binding makes sockets of its class.
  return Object.assign(binding, { Socket: socketConstructor(binding as Binding) })
}

function connectOf({ Socket, host }: Binding): Connect {
  return (...args: unknown[]): Socket => {
    const normal = normalizeArguments(args)
    const [options] = normal
    debug('%s: connect %o', host.name, options)
    const system = options.path ? systemNet() : null
    if (system !== null) return Reflect.apply(system.connect, system, [...normal]) as Socket
    const socket = new Socket(options as SocketOptions)
    announceClientSocket(socket)
    if (options.timeout) socket.setTimeout(options.timeout)
    ;(socket as unknown as TcpSocket).connect(normal)
    return socket
  }
}

/** RFC 8305: what `connect` does where its options do not say. */
function autoSelection(
  binding: Binding,
): Pick<
  Net,
  | 'getDefaultAutoSelectFamily'
  | 'setDefaultAutoSelectFamily'
  | 'getDefaultAutoSelectFamilyAttemptTimeout'
  | 'setDefaultAutoSelectFamilyAttemptTimeout'
> {
  return {
    getDefaultAutoSelectFamily: () => binding.autoSelectFamily,
    setDefaultAutoSelectFamily: (value) => {
      checkBoolean(value, 'value')
      binding.autoSelectFamily = value
    },
    getDefaultAutoSelectFamilyAttemptTimeout: () => binding.autoSelectFamilyAttemptTimeout,
    setDefaultAutoSelectFamilyAttemptTimeout: (value) => {
      checkInteger(value, 'value', 1)
      binding.autoSelectFamilyAttemptTimeout = Math.max(10, value)
    },
  }
}
