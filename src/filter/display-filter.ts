/**
 * Display filters: which frames of a capture are shown, in the language of Wireshark 4.0.
 *
 *   const filter = new DisplayFilter('tcp.port == 80 && tcp.len > 0')
 *   for each frame: filter.begin(); for each TCP header in it: filter.tcp(view); then filter.matches(view)
 */

import type { FrameView, TcpView } from '../flows/field.ts'
import { compileDisplay, type FrameTest } from './compile-display.ts'
import { DisplayFrame } from './display-frame.ts'
import { parseDisplay } from './parse-display.ts'

export class DisplayFilter {
  readonly #frame = new DisplayFrame()
  readonly #test: FrameTest | null

  /** @throws FilterError */
  constructor(expression: string) {
    const parsed = parseDisplay(expression)
    this.#test = parsed === null ? null : compileDisplay(parsed, expression, this.#frame)
  }

  /** A new frame. */
  begin(): void {
    this.#frame.begin()
  }

  /** Takes what the filter asks of a TCP header of the frame, which is borrowed. */
  tcp(view: TcpView): void {
    this.#frame.tcp(view)
  }

  /** Takes a TCP header that the capture cut behind its ports. */
  cutTcp(view: TcpView): void {
    this.#frame.cutTcp(view)
  }

  /** Whether the frame passes, with the TCP headers that were told since `begin`. */
  matches(view: FrameView): boolean {
    if (this.#test === null) return true
    this.#frame.view = view
    return this.#test(this.#frame)
  }
}
