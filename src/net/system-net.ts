/**
 * node:net itself, where `elko/register` has taken its place: paths and descriptors, which are no business of TCP, go on to
 * it. Everywhere else they are refused.
 */

import cluster from 'node:cluster'
import nodeNet from 'node:net'

export interface SystemNet extends Pick<typeof nodeNet, 'connect' | 'Server' | 'Socket'> {
  /** What it listens on is its primary's. */
  readonly isClusterWorker: boolean
}

let system: SystemNet | null = null

/** Keeps what node:net is now: to be called before anything of it is exchanged. */
export function keepSystemNet(): void {
  const { connect, Server, Socket } = nodeNet
  system = { connect, Server, Socket, isClusterWorker: cluster.isWorker }
}

export function systemNet(): SystemNet | null {
  return system
}
