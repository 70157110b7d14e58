/** What is explored: two applications, their connections' configurations, and what the network may do how often. */

import type { Config } from '../tcp/config.ts'

/** One side: its connection and what its application does. */
export interface SidePlan {
  readonly opens: 'active' | 'passive'
  /** Initial sequence number, int32. */
  readonly iss: number
  /** Octets of each SEND, in order. */
  readonly sends: readonly number[]
  /** SEND may come before the connection is synchronized. Default false. */
  readonly sendsEarly?: boolean
  /** Which SEND is urgent, by its place in `sends`. Default none. */
  readonly urgent?: number
  /** RECEIVE as soon as there is something, or at any later moment, so many octets at a time. Default 'at-once'. */
  readonly reads?: 'at-once' | number
  /**
   * When CLOSE may come: at any moment after all was sent (default), at any moment at all, once the other side has closed
   * and everything was read, or never.
   */
  readonly closes?: 'when-sent' | 'any-time' | 'after-peer' | 'never'
  /** close(2) instead of CLOSE: nobody reads any more. Default false. */
  readonly releases?: boolean
  /** ABORT may come at any moment. Default false. */
  readonly aborts?: boolean
  readonly config?: Partial<Config>
}

/** How often each may happen on one path. */
export interface Bounds {
  /** Packets lost. */
  readonly losses: number
  /** Packets that arrive once more than they were sent. */
  readonly copies: number
  /** Packets that overtake older ones; Infinity: all may arrive in any order. */
  readonly overtakings: number
  /** Deadlines that expire: of either side, the earliest first, however many packets are under way. */
  readonly timeouts: number
  /** Packets under way in one direction at a time; a path that needs more is not followed, and counted. */
  readonly underWay: number
}

export interface Scenario {
  readonly name: string
  /** What it is about, in a sentence. */
  readonly about: string
  readonly sides: readonly [SidePlan, SidePlan]
  readonly bounds: Bounds
  /** More may arrive, or be called, between an event and the segments that it makes due. Default false. */
  readonly sendsLater?: boolean
}

/** The octet at `position` of the stream that side `which` sends: neighbours and the two directions differ. */
export function octetAt(which: number, position: number): number {
  return (position * 37 + which * 128 + 5) & 255
}

/** All octets that a side means to send. */
export function totalOf(plan: SidePlan): number {
  return plan.sends.reduce((sum, octets) => sum + octets, 0)
}
