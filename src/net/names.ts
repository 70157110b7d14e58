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
export function localName({ tcb }: HostedConnection, dualStack: boolean): SocketName {
  const { version, local0, local1, local2, local3, localPort } = tcb.path
  return nameOf(new Address(dualStack ? 6 : version, local0, local1, local2, local3), localPort)
}

/** The same of the other end. */
export function remoteName({ tcb }: HostedConnection, dualStack: boolean): SocketName {
  const { version, remote0, remote1, remote2, remote3, remotePort } = tcb.path
  return nameOf(new Address(dualStack ? 6 : version, remote0, remote1, remote2, remote3), remotePort)
}

export function nameOf(address: Address, port: number): SocketName {
  return { address: address.toString(), family: address.version === 4 ? 'IPv4' : 'IPv6', port }
}
