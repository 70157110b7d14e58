/** Addresses of a connection's two ends as node:net shows them. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { Address } from '../wire/address.ts'

export interface SocketName {
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
  readonly port: number
}

/**
 * @param dualStack the socket is of IPv6 and takes IPv4 as well, as `listen` without a host makes it: Linux shows it
 *   IPv4 addresses as ::ffff:127.0.0.1.
 */
export function localName({ tcb: { path } }: HostedConnection, dualStack: boolean): SocketName {
  return nameOf(shown(path.localAddress, dualStack), path.localPort)
}

/** The same of the other end. */
export function remoteName({ tcb: { path } }: HostedConnection, dualStack: boolean): SocketName {
  return nameOf(shown(path.remoteAddress, dualStack), path.remotePort)
}

function shown(address: Address, dualStack: boolean): Address {
  return dualStack ? new Address(6, address.w0, address.w1, address.w2, address.w3) : address
}

export function nameOf(address: Address, port: number): SocketName {
  return { address: address.toString(), family: address.version === 4 ? 'IPv4' : 'IPv6', port }
}
