/** A provoked case: how a network, two applications and somebody in between are brought to it, and what is true of it. */

import type { Language, Op } from './script.ts'
import type { Family, Step, Wire } from './world.ts'

export type Culprit =
  | 'server-app'
  | 'server-host'
  | 'client-app'
  | 'client-host'
  | 'middlebox'
  | 'path'
  | 'none'
export type Phase = 'connect' | 'established-at-client' | 'data' | 'idle' | 'close' | 'none'
export type Resetter = 'server-host' | 'client-host' | 'middlebox'

/** What must be said of the connection the case is about. What is absent may be anything. */
export interface Truth {
  /** One of these; none given: any. */
  readonly verdict: readonly string[]
  readonly healthy?: boolean
  readonly phase?: Phase | readonly Phase[]
  /** null: the wire does not tell, and the likely ones stand among the causes. */
  readonly culprit?: Culprit | null | readonly (Culprit | null)[]
  readonly resetBy?: Resetter | null
  /** true: "cannot be told from this side", and `next` says where to look. */
  readonly ambiguous?: boolean
  /** The kinds of findings that must be there. */
  readonly findings?: readonly string[]
  /**
   * Whether the client's errno, and Node's error code, as they were observed, must be said. Default true; false where
   * the application may see one of several things and the wire does not tell which; `code`:
   * Node's message holds more than is on the wire.
   */
  readonly sees?: boolean | 'code'
}

/** Which packets must be in a capture and which must not, as filters of tcpdump: the case happened as it was meant. */
export interface OnTheWire {
  readonly has?: readonly string[]
  readonly lacks?: readonly string[]
}

export interface Case {
  /** As in shared/diagnosis.md, where it is listed there. */
  readonly name: string
  readonly title: string
  readonly family?: Family
  readonly wire?: Wire
  /** Commands, `m: nft ...`, before anything is captured. */
  readonly setup?: readonly string[]
  /** Rules of nft at the router: where packets are forwarded. */
  readonly forward?: readonly string[]
  readonly inject?: 'both' | 'stealth' | 'blind' | 'window' | 'server'
  readonly director?: readonly Step[]
  /** Client and server; default Python with Python, and Node with Node. */
  readonly languages?: readonly (readonly [Language, Language])[]
  readonly client: readonly Op[]
  readonly server: readonly Op[]
  /** Packets larger than the MTU are captured whole. */
  readonly capturesWhole?: boolean
  /** Captured on for so long after both applications have ended. */
  readonly settleMs?: number
  /** What the applications see, as `outcomes` has it, if all went as it was meant; by language where they differ. */
  readonly seen: { readonly client: Seen; readonly server?: Seen }
  readonly onClientWire?: OnTheWire
  readonly onServerWire?: OnTheWire
  /** The server's port of the connection that is judged; default 8080, the last connection to it. */
  readonly port?: number
  /** Which connection to that port, from 0; negative from the end; `some`: at least one. Default -1. */
  readonly connection?: number | 'some' | 'every'
  /** From the client's capture alone. null: the capture holds no connection. */
  readonly truth: Truth | null
  /** From the server's capture alone, and from both, where these tell something else. */
  readonly fromServer?: Truth | null
  readonly fromBoth?: Truth
}

export type Seen = readonly string[] | Readonly<Record<Language, readonly string[]>>

export const PYTHON_ONLY = [['python', 'python']] as const
/** The server does what Node's cannot. */
export const PYTHON_SERVER = [
  ['python', 'python'],
  ['node', 'python'],
] as const
export const NODE_ONLY = [['node', 'node']] as const
