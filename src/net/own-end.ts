/** The end of a socket's own side: shutdown(2), asked for once. */

import { ScopedCall } from './scoped-call.ts'

export class OwnEnd {
  isAskedFor = false
  #onEnd: ScopedCall<[]> | null = null

  /** Nobody was told of it. */
  get isWaiting(): boolean {
    return this.#onEnd !== null
  }

  ask(onEnd: () => void): void {
    this.isAskedFor = true
    this.#onEnd = new ScopedCall('SHUTDOWNWRAP', onEnd)
  }

  /** Calls back, if nobody did. */
  settle(): void {
    const onEnd = this.#onEnd
    this.#onEnd = null
    onEnd?.call()
  }
}
