/** What a stack is made from, what a connection is opened with, and what a stack says of itself. */

import type { Config, Limits } from '../tcp/config.ts'
import type { Trace } from '../trace/recorder.ts'
import type { Address } from '../wire/address.ts'
import type { Prefix } from '../wire/address-prefix.ts'
import type { InputLog } from './input-log.ts'
import type { ChosenNumber } from './isn-source.ts'

export interface StackOptions {
  /** The name that trace events carry. */
  readonly name?: string
  /** Addresses with their prefix length: '10.0.0.1/24', 'fd00::1/64'. */
  readonly addresses: readonly (string | Prefix)[]
  /** 16 octets that nobody else knows: initial sequence numbers, ports and the connection table rest on them. */
  readonly secret: Uint8Array
  /** A fresh random int32 at each call. */
  readonly random: () => number
  /** The link's MTU, octets; default 1500. */
  readonly mtu?: number
  /** The link leaves checksums to the other side. */
  readonly checksumOffload?: boolean
  /**
   * The link is the host's own loopback: packets to itself go there and come back by it, all that arrives comes from the
   * host itself, and an impaired link impairs them. Default false: they never reach the link, and cannot be lost.
   */
  readonly ownPacketsByLink?: boolean
  readonly config?: Config
  readonly limits?: Partial<Limits>
  readonly trace?: Trace | null
  /** false: ports 0 to 1023 are refused to listeners, as for a process without privilege. Default true. */
  readonly privileged?: boolean
  /**
   * Chooses initial sequence numbers in place of RFC 6528, where it does not return null. For simulations and replays:
   * numbers that outsiders can guess are unsafe on a real network (MUST-9).
   */
  readonly initialSequenceNumber?: ChosenNumber
  /**
   * Writes down all that the stack is given, so that `elko replay` does the same again: true: `stack.recording.log.octets()`
   * has it; or a log of one's own, which may stream, and serve several stacks. It tells secrets and every octet that was
   * sent. Default false, which costs nothing.
   */
  readonly record?: boolean | InputLog
}

export interface ConnectOptions {
  readonly remoteAddress: Address
  readonly remotePort: number
  /** MUST-43; absent: chosen for the remote address (MUST-44). */
  readonly localAddress?: Address
  /** 0 or absent: an ephemeral port (RFC 6056). */
  readonly localPort?: number
  readonly config?: Config
}

/** What a stack holds: numbers of things, and octets. */
export interface Occupancy {
  readonly connections: number
  /** Timer slots. */
  readonly timers: number
  /** Over all listeners: half-open connections, and those that wait for `accept`. */
  readonly halfOpen: number
  readonly waiting: number
  /** Connections that wait for `pollTransmit`, and connections and listeners that wait for `pollEvent`. */
  readonly ready: number
  readonly events: number
  /** Resets and echo replies, and packets from this host to itself, that wait to go. */
  readonly replies: number
  readonly toSelf: number
  /** Memory lent to send and receive buffers. */
  readonly bufferBytes: number
}
