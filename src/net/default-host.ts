/** The host that `elko/net` is bound to: alone in this process, on all of 127.0.0.0/8 and ::1. */

import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type Host, LinkHost, type LinkHostOptions } from '../link/host.ts'
import type { Link } from '../link/link.ts'
import { noLink } from '../link/no-link.ts'
import { configure } from '../tcp/config.ts'
import { observeHost } from './trace-channels.ts'

/** What a host of this machine's own has besides the addresses of its link. */
export const LOOPBACK_ADDRESSES: readonly string[] = ['127.0.0.1/8', '::1/128']

/** A host that is made when somebody first asks it for something: importing `elko/net` costs nothing. */
class HostOnDemand implements Host {
  #host: Host | null = null
  make: () => Host = () => loopbackHost()

  get isMade(): boolean {
    return this.#host !== null
  }

  get #made(): Host {
    if (this.#host === null) {
      this.#host = this.make()
      observeHost(this.#host)
    }
    return this.#host
  }

  get name(): string {
    return this.#made.name
  }

  get stack(): Host['stack'] {
    return this.#made.stack
  }

  get names(): Host['names'] {
    return this.#made.names
  }

  get resolve(): Host['resolve'] {
    return this.#made.resolve
  }

  get closed(): boolean {
    return this.#made.closed
  }

  sync(): void {
    this.#made.sync()
  }

  transmit(): void {
    this.#made.transmit()
  }

  hold(): void {
    this.#made.hold()
  }

  letGo(): void {
    this.#made.letGo()
  }

  close(): void {
    this.#made.close()
  }
}

const onDemand = new HostOnDemand()

/** The default host. */
export const defaultHost: Host = onDemand

/** Another one in its place, before it is used: `elko/register` with its settings. @throws Error where it is too late. */
export function setDefaultHost(host: Host): void {
  if (onDemand.isMade) throw new Error('elko/net has its host already: import elko/register before elko/net')
  onDemand.make = () => host
}

/**
 * On such a host nothing is lost in memory, and a program that does not turn its event loop for a while is no reason to send
 * anything twice: the RTO has the lower bound of RFC 6298 2.4.
 */
const LOOPBACK_CONFIG = configure({ rtoMinMs: 1000 })

/** A host that is alone. */
export function loopbackHost(name = 'localhost', options: Partial<LinkHostOptions> = {}): LinkHost {
  return localHost(noLink(), { name, config: LOOPBACK_CONFIG, ...options })
}

/** A host on a link and on loopback, with the names that this machine knows. */
export function localHost(link: Link, options: Partial<LinkHostOptions> = {}): LinkHost {
  return new LinkHost(link, {
    name: 'localhost',
    names: localNames(readHosts()),
    resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    ...options,
    addresses: [...LOOPBACK_ADDRESSES, ...(options.addresses ?? [])],
  })
}

function readHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return '' // Without one the machine knows no names by itself either.
  }
}

/**
 * The names of loopback addresses in a hosts file (hosts(5)), IPv6 before IPv4 as `getaddrinfo` sorts them (RFC 6724 6).
 * `localhost` always has both (RFC 6761 6.3); where the file gives it an IPv4 address alone, that one comes first.
 */
export function localNames(hosts: string): Record<string, string[]> {
  const names: Record<string, string[]> = {}
  for (const line of hosts.split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (!/^127\./.test(address) && address !== '::1') continue
    for (const alias of aliases) {
      const known = (names[alias.toLowerCase()] ??= [])
      if (!known.includes(address)) known.push(address)
    }
  }
  for (const addresses of Object.values(names)) addresses.sort((a, b) => isIP(b) - isIP(a))
  const localhost = (names.localhost ??= [])
  for (const address of localhost.length === 0 ? ['::1', '127.0.0.1'] : ['127.0.0.1', '::1']) {
    if (!localhost.some((known) => isIP(known) === isIP(address))) localhost.push(address)
  }
  return names
}
