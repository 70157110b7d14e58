/** Tunnels on ports that nobody knows them by: tshark's `-d udp.port==8472,vxlan`. */

import { TUNNEL_NAMES, type TunnelName, type TunnelPorts } from '../dissect/tunnels.ts'
import { nearest, UsageError } from './arguments.ts'

export const DECODE_OPTIONS = { d: { type: 'string', short: 'd', multiple: true } } as const

export const DECODE_HELP = `  -d udp.port==N,TUNNEL
                   packets are looked for in what this port carries:
                   ${TUNNEL_NAMES.slice(0, 6).join(', ')},
                   ${TUNNEL_NAMES.slice(6).join(', ')}`

const MAX_PORT = 65_535

/** @throws UsageError naming the word and what was expected. */
export function askedTunnels({ d: words = [] }: { readonly d?: readonly string[] }): TunnelPorts | null {
  if (words.length === 0) return null
  const ports = new Map<number, TunnelName>()
  for (const word of words) {
    const [, digits = '', name = ''] = /^udp\.port==(\d{1,5}),([a-z0-9-]+)$/.exec(word) ?? []
    const port = digits === '' ? 0 : Number(digits)
    if (port < 1 || port > MAX_PORT) {
      throw new UsageError(`-d ${word}: expected udp.port==N,TUNNEL with a port from 1 to ${MAX_PORT}`)
    }
    if (!isTunnel(name)) {
      const near = nearest(name, TUNNEL_NAMES)
      const hint = near === undefined ? `expected one of ${TUNNEL_NAMES.join(', ')}` : `did you mean ${near}?`
      throw new UsageError(`-d ${word}: unknown tunnel "${name}"; ${hint}`)
    }
    ports.set(port, name)
  }
  return ports
}

const isTunnel = (name: string): name is TunnelName => (TUNNEL_NAMES as readonly string[]).includes(name)
