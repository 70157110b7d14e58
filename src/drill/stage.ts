/**
 * What the player of a script asks of the stack under test: a script can be played to Elko in virtual time, or to a
 * kernel in real time, because the player itself neither waits nor sends. It is a generator of these requests; whoever
 * drives it (a *stage*) carries one out and hands its answer to `next`.
 *
 * Times are microseconds since the script's start, on the stage's clock.
 */

import type { Outcome, Value } from '../posix/value.ts'

export type Request =
  /** Let time pass until `until`; what happens meanwhile happens. Answer: Done. */
  | { readonly kind: 'sleep'; readonly until: number }
  /** An IP packet for the stack. Answer: Done. */
  | { readonly kind: 'inject'; readonly packet: Uint8Array }
  /** The next IP packet from the stack that was not handed out yet, however long ago it came. Answer: Sniffed. */
  | { readonly kind: 'sniff'; readonly until: number }
  /** A system call. Answer: Called. Where it blocks, `collect` has its outcome; there is at most one such call. */
  | {
      readonly kind: 'call'
      readonly name: string
      readonly args: readonly Value[]
      readonly mayBlock: boolean
    }
  /** The outcome of the call that blocks, once there is one. Answer: Called. */
  | { readonly kind: 'collect'; readonly until: number }
  /** TCP_INFO of a socket, by the kernel's field names; null where the stage has none. Answer: Info. */
  | { readonly kind: 'info'; readonly fd: number }
  /** A command of the script's, as it is written. Answer: Commanded. */
  | { readonly kind: 'command'; readonly text: string }

export interface Done {
  readonly kind: 'done'
  readonly now: number
}

export interface Sniffed {
  readonly kind: 'sniffed'
  readonly now: number
  /** When the packet left the stack; null with `packet` null: none came until then. */
  readonly at: number
  readonly packet: Uint8Array | null
}

export interface Called {
  readonly kind: 'called'
  readonly now: number
  /** When the call returned. */
  readonly at: number
  /** null: it still blocks. */
  readonly outcome: Outcome | null
  /** The stage does not know this call, or this form of it: what it does not know, in words. */
  readonly unsupported: string | null
}

export interface Info {
  readonly kind: 'info'
  readonly now: number
  /** e.g. tcpi_snd_cwnd; numbers in the kernel's units. */
  readonly fields: Readonly<Record<string, number>> | null
}

export interface Commanded {
  readonly kind: 'commanded'
  readonly now: number
  /** What of the command means nothing here, in words. */
  readonly notes: readonly string[]
  /** Why it failed, as a shell's command does that does not exit with 0; null: it did not. */
  readonly failed: string | null
  /** What of it the stage cannot do, though the script rests on it. */
  readonly unsupported: string | null
}

export type Answer = Done | Sniffed | Called | Info | Commanded
