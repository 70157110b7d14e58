/** Which packets of a capture a command takes (tcpdump's expressions) and shows (Wireshark's display filters). */

import type { CaptureRecord } from '../capture/record.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { CaptureFilter } from '../filter/capture-filter.ts'
import { DisplayFilter } from '../filter/display-filter.ts'
import { FilterError } from '../filter/filter-error.ts'
import { UsageError } from './arguments.ts'
import { FrameViews } from './frame-views.ts'

export class FrameFilter {
  readonly #capture: CaptureFilter | null
  /** For what dissects the packets anyway (FrameViews), so that it is done once. */
  readonly display: DisplayFilter | null
  readonly #tunnels: TunnelPorts | null
  #views: FrameViews | null = null

  /**
   * @param words a capture filter, as it stands behind the file on the command line.
   * @param display of -Y.
   * @param tunnels that the display filter looks through.
   * @throws UsageError with the place in the filter.
   */
  constructor(words: readonly string[], display: string | undefined, tunnels: TunnelPorts | null = null) {
    this.#capture = words.length === 0 ? null : told('the filter', () => new CaptureFilter(words.join(' ')))
    this.display = display === undefined ? null : told('-Y', () => new DisplayFilter(display))
    this.#tunnels = tunnels
  }

  /** Whether a packet is there at all, as if the capture had been made with the filter. */
  takes(record: CaptureRecord): boolean {
    const capture = this.#capture
    return capture === null || told('the filter', () => capture.matches(record))
  }

  /** Whether a packet that is there is shown. Must see each of them, as their analysis depends on those before. */
  shows(record: CaptureRecord): boolean {
    if (this.display === null) return true
    this.#views ??= new FrameViews({ display: this.display, tunnels: this.#tunnels })
    return this.#views.frame(record)
  }
}

function told<T>(what: string, inner: () => T): T {
  try {
    return inner()
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw new UsageError(`${what}: ${error.message}`)
  }
}
