/** What a handle tells, and whom. */

import type { SystemError } from './errors.ts'
import type { FailureCode } from './failure.ts'

export interface HandleOwner {
  /** Where the next octets go: the user's own buffer, or null for a new one. */
  readonly room: Uint8Array | null
  /** `chunk` is null where the octets are in `room`. The owner calls `readStop` when it has enough. */
  handleRead(octets: number, chunk: Buffer | null): void
  handleEnd(): void
  handleFailure(error: SystemError): void
  /** Its host was closed, by whoever it belongs to. */
  handleHostClosed(): void
  /** A write that had waited is done, well or not. */
  handleWritten(): void
}

/** Null: the connection is there. */
export type ConnectCallback = (failure: FailureCode | null) => void

/** The owner of a handle that is left to itself: what it reads is lost. */
export const NOBODY: HandleOwner = {
  room: null,
  handleRead: () => {},
  handleEnd: () => {},
  handleFailure: () => {},
  handleHostClosed: () => {},
  handleWritten: () => {},
}
