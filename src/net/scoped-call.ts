/** A callback and the asynchronous context in which it was given: AsyncResource.bind, without the cost of its wrapper. */

import { AsyncResource } from 'node:async_hooks'

export class ScopedCall<Arguments extends unknown[]> extends AsyncResource {
  readonly #callback: (...args: Arguments) => void

  /** @param type as async_hooks knows it: 'WRITEWRAP'. */
  constructor(type: string, callback: (...args: Arguments) => void) {
    super(type, { requireManualDestroy: true })
    this.#callback = callback
  }

  /** Once. */
  call(...args: Arguments): void {
    this.runInAsyncScope(this.#callback, undefined, ...args)
    this.emitDestroy()
  }
}
