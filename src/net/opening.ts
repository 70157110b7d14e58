/** bind(2) and connect(2) of a handle: from texts and ports to a connection of the stack, or the errno that Linux has. */

import type { Host } from '../link/host.ts'
import { openingConfig } from '../link/opening-config.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Stack } from '../stack/stack.ts'
import { CallError } from '../tcp/call-error.ts'
import { type Errno, errnoOfCall } from '../tcp/errno.ts'
import { Address, addressEquals, isLoopback, isMapped, isUnspecified, parseAddress } from '../wire/address.ts'

/** A local socket that was asked for; null: any. */
export interface LocalSocket {
  readonly address: Address | null
  readonly port: number
}

/** A connection that was asked for, or why there is none. */
export type Opening =
  | { readonly connection: HostedConnection; readonly mapped: boolean }
  | { readonly refused: Errno; readonly later: boolean }

/** The address of a text of that family; an IPv4-mapped one is IPv4 on the wire. Null: no such text. */
function addressOfText(text: string, family: 4 | 6): { address: Address; mapped: boolean } | null {
  const zone = text.indexOf('%') // fe80::1%eth0: a host here has one link.
  const parsed = parseAddress(zone < 0 ? text : text.slice(0, zone))
  if (parsed === null || parsed.version !== family) return null
  if (family === 4 || !isMapped(parsed)) return { address: parsed, mapped: false }
  return { address: new Address(4, parsed.w0, parsed.w1, parsed.w2, parsed.w3), mapped: true }
}

/** The local socket of a bind(2), or its errno. */
export function bindTo(host: Host, text: string, port: number, family: 4 | 6): LocalSocket | Errno {
  const found = addressOfText(text, family)
  if (found === null) return 'EINVAL'
  const { stack } = host
  const address = isUnspecified(found.address) ? null : found.address
  if (address !== null && !stack.addresses.has(address)) return 'EADDRNOTAVAIL'
  if (port > 0 && isListenedOn(stack, address, port)) return 'EADDRINUSE'
  return { address, port }
}

/** Whether a listener has the port on one of the addresses meant. */
function isListenedOn(stack: Stack, address: Address | null, port: number): boolean {
  return stack.listeners().some((listener) => {
    if (listener.port !== port || listener.onlyBinds) return false
    return address === null || listener.address === null || addressEquals(address, listener.address)
  })
}

/** Begins to connect, from `local` where the socket is bound. */
export function openTo(
  host: Host,
  local: LocalSocket | null,
  text: string,
  port: number,
  family: 4 | 6,
): Opening {
  const found = addressOfText(text, family)
  if (found === null) return { refused: 'EINVAL', later: false }
  // Nobody can listen on port 0: a kernel sends the SYN all the same, and hears of it.
  if (port === 0) return { refused: 'ECONNREFUSED', later: true }
  const { stack } = host
  const remote = isUnspecified(found.address) ? thisHost(stack, found.address) : found.address
  const from = local?.address ?? stack.addresses.sourceFor(remote)
  if (from === null) return { refused: 'ENETUNREACH', later: false }
  host.sync()
  try {
    const connection = stack.connect({
      remoteAddress: remote,
      remotePort: port,
      localAddress: from,
      localPort: local?.port ?? 0,
      config: openingConfig(stack.config),
    })
    return { connection, mapped: found.mapped }
  } catch (error) {
    return { refused: refusal(error), later: false }
  }
}

/** Four sockets that are taken are EADDRNOTAVAIL to connect(2); to bind(2) they would be in use. */
function refusal(error: unknown): Errno {
  if (error instanceof CallError && error.reason === 'address-in-use') return 'EADDRNOTAVAIL'
  return errnoOfCall(error)
}

/** Connecting to 0.0.0.0 or :: means this very host, on Linux. */
function thisHost(stack: Stack, any: Address): Address {
  const own = stack.addresses.prefixes
    .map(({ address }) => address)
    .filter(({ version }) => version === any.version)
  return own.find(isLoopback) ?? own[0] ?? any
}
