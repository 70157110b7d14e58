/** What sockets are called: 'name:port'; and the addresses of a name. */

import { addressesOfName, type Host } from '../link/host.ts'
import { type Address, addressOf, parseAddress } from '../wire/address.ts'
import { type Failure, SocketError } from './socket-error.ts'

/** The Sockets API's SocketAddress. */
export interface SocketAddress {
  /** A name, or an IP address with or without brackets. */
  readonly hostname: string
  readonly port: number
}

/**
 * 'name:80', '10.0.0.1:80', '[fd00::1]:80', or the two apart.
 *
 * @throws SocketError for something else, or a port outside 1 to 65535.
 */
export function parseSocketAddress(address: string | SocketAddress): SocketAddress {
  const { hostname, port } = typeof address === 'string' ? split(address) : (address ?? {})
  if (typeof hostname !== 'string' || unbracketed(hostname) === '') {
    throw new SocketError(`expected a hostname, got ${shown(hostname)}`)
  }
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new SocketError(`expected a port of 1 to 65535, got ${shown(port)}`)
  }
  return { hostname: unbracketed(hostname), port }
}

function split(text: string): SocketAddress {
  const [, hostname, port] = /^(\[[^\]]*\]|[^:]*):([0-9]{1,5})$/.exec(text) ?? []
  if (hostname === undefined) {
    throw new SocketError(`expected an address as in "name:80" or "[fd00::1]:80", got ${shown(text)}`)
  }
  return { hostname, port: Number(port) }
}

const unbracketed = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
const shown = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : String(value))

/** Addresses of a name that need not be asked for: a literal address, a name of the host's own, itself; else null. */
export function knownAddresses(host: Host, hostname: string): readonly Address[] | null {
  const literal = addressFrom(hostname)
  if (literal !== null) return [literal]
  const known = addressesOfName(host, hostname)
  return known === null ? null : addressesFrom(known)
}

/** Asks the host's resolver; the addresses in the order in which they are to be tried, at least one. */
export async function askForAddresses(host: Host, hostname: string): Promise<readonly Address[] | Failure> {
  const code = 'ENOTFOUND'
  try {
    const found = host.resolve === null ? [] : addressesFrom(await host.resolve(hostname))
    return found.length > 0 ? found : { message: `${code}: no address is known of "${hostname}"`, code }
  } catch (cause) {
    return { message: `${code}: "${hostname}" could not be resolved: ${cause}`, code, cause }
  }
}

function addressesFrom(texts: readonly string[]): readonly Address[] {
  return texts.map(addressFrom).filter((address) => address !== null)
}

/** An IPv4 address that is written as an IPv6 one is meant as what it is. */
function addressFrom(text: string): Address | null {
  const address = parseAddress(unbracketed(text))
  return address === null ? null : addressOf(address.w0, address.w1, address.w2, address.w3)
}
