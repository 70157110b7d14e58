/** How the play of a script ended, and what is to be said of it. */

import type { PacketAction, Place } from './script.ts'

/** A segment that passed between the script and the stack under test, in the order of the run. */
export interface Passed {
  /** Microseconds since the script's start. */
  readonly at: number
  readonly direction: 'in' | 'out'
  /** The IP packet. */
  readonly octets: Uint8Array
  /** The same in the script's numbers; null where it belongs to no connection that the script knows. */
  readonly packet: PacketAction | null
}

/** One thing that differs, each side in words. */
export interface Difference {
  /** e.g. 'ack', 'flags', 'time', 'result', 'errno', 'assertion'. */
  readonly field: string
  readonly expected: string
  readonly actual: string
}

/** Why a script failed. */
export interface Failure {
  /** e.g. 'the segment differs', 'no packet was sent'. */
  readonly what: string
  readonly differences: readonly Difference[]
  /** The packet that was expected, and the one that came instead, in the script's numbers. */
  readonly expected: PacketAction | null
  readonly actual: PacketAction | null
  /** Microseconds since the script's start: of the run when it failed. */
  readonly at: number
}

export interface Note {
  readonly place: Place
  readonly text: string
}

/**
 * 'unsupported': the script needs what Elko does not have; it counts neither as passed nor as failed. 'invalid': it is
 * no script of this language.
 */
export type Verdict = {
  /** What did not matter and should be known: an option's order, a sysctl that means nothing here. */
  readonly notes: readonly Note[]
  /** Lines that the script's code printed. */
  readonly output: readonly string[]
  /** Microseconds since the script's start. */
  readonly endUs: number
} & (
  | { readonly kind: 'passed' }
  | {
      readonly kind: 'failed'
      readonly place: Place
      /** The event as the script has it. */
      readonly source: string
      readonly failure: Failure
    }
  | {
      readonly kind: 'invalid'
      readonly place: Place
      /** What is wrong with it. */
      readonly reason: string
    }
  | {
      readonly kind: 'unsupported'
      readonly place: Place
      readonly source: string
      /** What Elko cannot do, in a few words that are the same for all scripts that need it. */
      readonly reason: string
      /** How the run ended without it; null where it was not played. */
      readonly failure: Failure | null
    }
)

/** Ends a play; the player turns it into a verdict. */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly failure: Failure | null
  readonly reason: string | null

  private constructor(failure: Failure | null, reason: string | null) {
    super(reason ?? failure?.what ?? '')
    this.failure = failure
    this.reason = reason
  }

  static failed(failure: Failure): Stop {
    return new Stop(failure, null)
  }

  /** @param reason what is not supported. */
  static unsupported(reason: string): Stop {
    return new Stop(null, reason)
  }
}
