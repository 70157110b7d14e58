/**
 * Gives a whole program Elko's net in place of node:net: `require`, `import`, and what Node's core itself builds on it.
 *
 * Programs get Elko's module. Core's own modules (http, https, http2, tls, fetch) hold node:net's exports object and ask it
 * at each call for Server, connect and createConnection: these are exchanged in it. Its Socket stays: core makes its
 * sockets of pipes and of TLS with it, and takes Elko's for a stream of JavaScript, which TLS and HTTP/2 run over as well.
 */

import http from 'node:http'
import module from 'node:module'
import nodeNet from 'node:net'
import type { Net } from './create-net.ts'
import { redirectIpc } from './redirect-ipc.ts'
import { derive, redirectTls } from './redirect-tls.ts'
import { resolveSync } from './register-hooks.ts'
import { keepSystemNet } from './system-net.ts'

/** The parts of node:module that @types/node 20 does not know, or that are not documented. */
interface ModuleParts {
  _load(request: string, ...rest: unknown[]): unknown
  /** From Node 22.15 on. */
  registerHooks?(hooks: { resolve: typeof resolveSync }): void
}

/** Everything that asks for node:net from here on has `net`. Takes effect once in a process. */
export function redirect(net: Net): void {
  const RealSocket = nodeNet.Socket
  keepSystemNet()
  redirectRequire(net)
  redirectImport()
  redirectCore(net)
  redirectIpc()
  if (process.versions.openssl !== undefined) redirectTls(net)
  module.syncBuiltinESMExports()
  // Sockets of core's own (process.stdout, TLS) are sockets to whoever asks, though of another class than Elko's.
  Object.defineProperty(net.Socket, Symbol.hasInstance, {
    value(this: unknown, value: unknown) {
      if (Function.prototype[Symbol.hasInstance].call(this as () => void, value)) return true
      return this === net.Socket && value instanceof RealSocket
    },
  })
}

const isNet = (request: unknown): boolean => request === 'net' || request === 'node:net'

function redirectRequire(net: Net): void {
  const parts = module as unknown as ModuleParts
  const load = parts._load
  parts._load = function (this: unknown, request, ...rest) {
    return isNet(request) ? net : Reflect.apply(load, this, [request, ...rest])
  }
  // From Node 20.16 and 22.3 on.
  const loader = process as { getBuiltinModule?: (name: string) => unknown }
  const getBuiltin = loader.getBuiltinModule
  if (getBuiltin !== undefined) {
    loader.getBuiltinModule = (name) => (isNet(name) ? net : Reflect.apply(getBuiltin, process, [name]))
  }
}

function redirectImport(): void {
  const { registerHooks } = module as unknown as ModuleParts
  if (registerHooks !== undefined) registerHooks({ resolve: resolveSync })
  else module.register(new URL('./register-hooks.js', import.meta.url))
}

type Prototype = object & { createConnection?: unknown }

function redirectCore(net: Net): void {
  // Not createServer: core asks only for that of a cluster's primary, which listens for workers with the system's.
  const { Server, connect, createConnection } = net
  Object.assign(nodeNet, { Server, connect, createConnection })
  // http may have been loaded, and its classes derived, before.
  derive(http.Server, Server)
  const agent: Prototype = http.Agent.prototype
  agent.createConnection = createConnection
}
