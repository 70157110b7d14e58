/**
 * node:net itself, where `elko/register` has taken its place: paths and descriptors, which are no business of TCP, go on to
 * it. Everywhere else they are refused.
 */

import nodeNet from 'node:net'

type SystemNet = Pick<typeof nodeNet, 'connect' | 'Server' | 'Socket'>

let system: SystemNet | null = null

/** Keeps what node:net is now: to be called before anything of it is exchanged. */
export function keepSystemNet(): void {
  const { connect, Server, Socket } = nodeNet
  system = { connect, Server, Socket }
}

export function systemNet(): SystemNet | null {
  return system
}
