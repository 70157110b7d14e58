/** Who is told what happens to a stack's connections and listeners. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener } from '../stack/listener.ts'
import type { Stack } from '../stack/stack.ts'
import type { Applications } from './driver.ts'

/** Who owns a connection (`connection.owner`) and hears of its events: bits of tcp/signals.ts. */
export interface ConnectionOwner {
  handleEvents(events: number): void
  /** The host is gone: its link died with an error, or it was closed (null). No event follows. */
  handleHostEnd(error: Error | null): void
}

/** Who owns a listener (`listener.owner`) and hears that connections wait for `stack.accept`. */
export interface ListenerOwner {
  handleConnections(): void
  handleHostEnd(error: Error | null): void
}

/** `owner` is unknown to the stack, which is below all that owns; whoever sets it implements the interface above. */
export function ownerOf(target: HostedConnection): ConnectionOwner | null
export function ownerOf(target: Listener): ListenerOwner | null
export function ownerOf({ owner }: HostedConnection | Listener): unknown {
  return owner
}

/** All who have to hear of the end of a host. */
export function ownersIn(stack: Stack): readonly (ConnectionOwner | ListenerOwner)[] {
  const ofConnections = stack.connections().map((each) => ownerOf(each))
  const ofListeners = stack.listeners().map((each) => ownerOf(each))
  return [...ofConnections, ...ofListeners].filter((owner) => owner !== null)
}

/** Tells the owners; what has none is nobody's loss. */
export const OWNERS: Applications = {
  onConnection: (connection, events) => ownerOf(connection)?.handleEvents(events),
  onListener: (listener) => ownerOf(listener)?.handleConnections(),
}
